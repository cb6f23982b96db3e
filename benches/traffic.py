#!/usr/bin/env python3
"""The two ends of the benchmark's traffic; the same sizes in every run.

Usage: traffic.py serve|connect ADDRESS PORT

A connection is a request (8 bytes: how much goes up, how much comes down), then the bytes of both directions
one after the other.
"""

import concurrent.futures
import random
import socket
import struct
import sys
import threading

IPPROTO_MPTCP = 262
REQUEST = struct.Struct("!II")
LARGE = [(15_000_000, 1000), (1000, 12_000_000), (8_000_000, 8_000_000)]
SMALL, SMALL_MAX, AT_A_TIME = 57, 500_000, 4
CHUNK = 65536


def main():
    role, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    serve(port) if role == "serve" else connect((address, port))


def serve(port):
    with mptcp_socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("", port))
        listener.listen(64)
        print("ready", flush=True)
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=answer, args=(sock,), daemon=True).start()


def answer(sock):
    with sock:
        up, down = REQUEST.unpack(receive(sock, REQUEST.size))
        receive(sock, up)
        sock.sendall(random.Random(down).randbytes(down))
        receive_end(sock)


def connect(server):
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        list(pool.map(lambda sizes: transfer(server, *sizes), sizes_of_all()))


def sizes_of_all():
    """The large ones are spread among the small ones."""
    numbers = random.Random(8684)
    sizes = [(numbers.randrange(SMALL_MAX), numbers.randrange(SMALL_MAX)) for _ in range(SMALL)]
    for position, large in zip((0, SMALL // 3, 2 * SMALL // 3), LARGE):
        sizes.insert(position, large)
    return sizes


def transfer(server, up, down):
    with mptcp_socket() as sock:
        sock.connect(server)
        sock.sendall(REQUEST.pack(up, down) + random.Random(up).randbytes(up))
        receive(sock, down)
        sock.shutdown(socket.SHUT_WR)
        receive_end(sock)


def mptcp_socket():
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP)


def receive(sock, count):
    parts = []
    while count:
        part = sock.recv(min(count, CHUNK))
        if not part:
            raise EOFError(f"{count} bytes are missing")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def receive_end(sock):
    while sock.recv(CHUNK):
        pass


main()
