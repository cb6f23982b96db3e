"""Passes frames between two interfaces, through a function that may change or drop them."""

import select
import socket

ETH_P_ALL = 3
SOL_PACKET, PACKET_IGNORE_OUTGOING = 263, 23


def relay(left, right, change):
    """Runs until killed; `change(frame, from_left)` gives the frame to send, or None."""
    left, right = open_interface(left), open_interface(right)
    print("ready", flush=True)
    while True:
        for source in select.select([left, right], [], [])[0]:
            frame = change(source.recv(65536), source is left)
            if frame is not None:
                (right if source is left else left).send(frame)


def open_interface(name):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    sock.bind((name, ETH_P_ALL))
    return sock
