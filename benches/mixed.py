#!/usr/bin/env python3
"""Both ends of mixed traffic that goes on for long: MPTCP and plain TCP, short, long and broken off.

Usage: mixed.py serve ADDRESS
       mixed.py connect ADDRESS SECONDS PER_SECOND

Every connection says first (8 bytes) how much goes up and how much comes down.
"""

import random
import socket
import struct
import sys
import threading
import time

IPPROTO_MPTCP = 262
MPTCP_PORT, PLAIN_PORT = 5001, 5002
REQUEST = struct.Struct("!II")
CHUNK = 65536
MOST_AT_ONCE = 64

numbers = random.Random(8684)


def main():
    role, address = sys.argv[1:3]
    if role == "serve":
        threading.Thread(target=serve, args=(address, 0, PLAIN_PORT), daemon=True).start()
        serve(address, IPPROTO_MPTCP, MPTCP_PORT)
    else:
        connect(address, float(sys.argv[3]), float(sys.argv[4]))


def serve(address, protocol, port):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(64)
        if protocol == IPPROTO_MPTCP:
            print("ready", flush=True)
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=answer, args=(sock,), daemon=True).start()


def answer(sock):
    try:
        with sock:
            up, down = REQUEST.unpack(receive(sock, REQUEST.size))
            receive(sock, up)
            sock.sendall(bytes(down))
            while sock.recv(CHUNK):
                pass
    except OSError:
        pass  # The client has broken it off.


def connect(address, seconds, per_second):
    end = time.monotonic() + seconds
    started = {}
    while time.monotonic() < end:
        time.sleep(numbers.expovariate(per_second))
        if threading.active_count() > MOST_AT_ONCE:
            continue
        kind = numbers.choices([short, long, abrupt, plain, large], [60, 3, 12, 24, 1])[0]
        started[kind.__name__] = started.get(kind.__name__, 0) + 1
        threading.Thread(target=attempt, args=(kind, address), daemon=True).start()
    print(" ".join(f"{name}={count}" for name, count in sorted(started.items())), flush=True)


def attempt(kind, address):
    try:
        kind(address)
    except OSError as error:
        print(kind.__name__, error, file=sys.stderr)


def short(address):
    transfer(address, numbers.randrange(20_000), numbers.randrange(100_000))


def large(address):
    transfer(address, numbers.randrange(3_000_000), numbers.randrange(3_000_000))


def long(address):
    """Half a minute, a kilobyte now and then."""
    with opened(address) as sock:
        sock.sendall(REQUEST.pack(30_000, 10))
        for _ in range(30):
            sock.sendall(bytes(1000))
            time.sleep(1)
        receive(sock, 10)


def abrupt(address):
    with opened(address) as sock:
        sock.sendall(REQUEST.pack(1 << 20, 0) + bytes(5000))
        time.sleep(0.1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def plain(address):
    transfer(address, numbers.randrange(20_000), numbers.randrange(50_000), 0, PLAIN_PORT)


def transfer(address, up, down, protocol=IPPROTO_MPTCP, port=MPTCP_PORT):
    with opened(address, protocol, port) as sock:
        sock.sendall(REQUEST.pack(up, down) + bytes(up))
        receive(sock, down)
        sock.shutdown(socket.SHUT_WR)
        sock.recv(1)


def opened(address, protocol=IPPROTO_MPTCP, port=MPTCP_PORT):
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol)
    sock.connect((address, port))
    return sock


def receive(sock, count):
    parts = []
    while count:
        part = sock.recv(min(count, CHUNK))
        if not part:
            raise ConnectionError("it ended early")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


main()
