#!/usr/bin/env python3
"""The application at both ends of a recorded connection.

Usage: peer.py serve   ADDRESS PORT [options] STEP...
       peer.py connect ADDRESS PORT [options] STEP...

Both ends get the same steps, so that each knows what the other one will do:
  UP/DOWN   the client sends UP bytes, then the server sends DOWN bytes
  ~SECONDS  the client waits
The bytes of a direction are a fixed pattern, counted from the connection's first byte: see `pattern`.
"""

import argparse
import socket
import struct
import sys
import time

IPPROTO_MPTCP = 262
TIMEOUT = 30


def main():
    args = arguments()
    serve(args) if args.role == "serve" else connect(args)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=["serve", "connect"])
    parser.add_argument("address")
    parser.add_argument("port", type=int)
    parser.add_argument("steps", nargs="*")
    parser.add_argument("--tcp", action="store_true", help="a plain TCP socket")
    parser.add_argument("--bound", action="store_true", help="serve on this address only")
    parser.add_argument("--connections", type=int, default=1, help="one after the other")
    parser.add_argument("--fast-open", action="store_true", help="the first bytes go in the SYN")
    parser.add_argument("--abort", action="store_true", help="the client ends with SO_LINGER 0")
    parser.add_argument("--half-close", action="store_true", help="the client closes before the last answer")
    parser.add_argument("--keep-alive", action="store_true", help="TCP keep-alives once a second")
    parser.add_argument("--read-late", type=float, default=0, help="the client's seconds before each answer")
    parser.add_argument("--damaged", action="store_true", help="bytes may be changed on the way")
    return parser.parse_intermixed_args()


def serve(args):
    with open_socket(args) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if args.fast_open:
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 8)
        everywhere = "::" if ":" in args.address else "0.0.0.0"
        listener.bind((args.address if args.bound else everywhere, args.port))
        listener.listen()
        print("ready", flush=True)
        for _ in range(args.connections):
            sock, _ = listener.accept()
            sock.settimeout(TIMEOUT)
            keep_alive(sock, args)
            with sock:
                answer(sock, args)


def answer(sock, args):
    received, sent = 0, 0
    try:
        for up, down in exchanges(args.steps):
            received = receive(sock, args, received, up)
            sent = send(sock, "down", sent, down)
        if sock.recv(1):
            sys.exit("more bytes than the steps said")
    except ConnectionResetError:
        if not args.abort:
            raise


def connect(args):
    for _ in range(args.connections):
        with open_socket(args) as sock:
            sock.settimeout(TIMEOUT)
            keep_alive(sock, args)
            if args.read_late:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            received, sent = 0, 0
            if not args.fast_open:
                sock.connect((args.address, args.port))
            for number, step in enumerate(args.steps, 1):
                if step.startswith("~"):
                    time.sleep(float(step[1:]))
                    continue
                ((up, down),) = exchanges([step])
                if args.fast_open and sent == 0:
                    sent = fast_open(sock, args, up)
                else:
                    sent = send(sock, "up", sent, up)
                if args.half_close and number == len(args.steps):
                    sock.shutdown(socket.SHUT_WR)
                time.sleep(args.read_late)
                received = receive(sock, args, received, down)
            finish(sock, args)


def keep_alive(sock, args):
    if args.keep_alive:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)


def fast_open(sock, args, count):
    sock.settimeout(None)  # without one, the call would not wait for the SYN/ACK
    sock.sendto(pattern("up", 0, count), socket.MSG_FASTOPEN, (args.address, args.port))
    sock.settimeout(TIMEOUT)
    return count


def finish(sock, args):
    if args.abort:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return
    if not args.half_close:
        sock.shutdown(socket.SHUT_WR)
    while sock.recv(65536):
        pass
    time.sleep(0.2)


def open_socket(args):
    family = socket.AF_INET6 if ":" in args.address else socket.AF_INET
    return socket.socket(family, socket.SOCK_STREAM, 0 if args.tcp else IPPROTO_MPTCP)


def exchanges(steps):
    return [tuple(map(int, step.split("/"))) for step in steps if not step.startswith("~")]


def send(sock, direction, start, count):
    sock.sendall(pattern(direction, start, count))
    return start + count


def receive(sock, args, start, count):
    direction, got = "up" if args.role == "serve" else "down", b""
    while len(got) < count:
        chunk = sock.recv(count - len(got))
        if not chunk:
            sys.exit(f"{direction}: end of stream after {start + len(got)} bytes")
        got += chunk
    if got != pattern(direction, start, count) and not args.damaged:
        sys.exit(f"{direction}: other bytes than were sent, from byte {start} on")
    return start + count


def pattern(direction, start, count):
    """Byte number i of a direction is (7 i + 3) mod 251 upwards and (11 i + 5) mod 241 downwards."""
    factor, offset, modulus = (7, 3, 251) if direction == "up" else (11, 5, 241)
    return bytes((factor * i + offset) % modulus for i in range(start, start + count))


main()
