#!/usr/bin/env python3
"""Forges SYNs of MPTCP, by turns with MP_CAPABLE and with MP_JOIN and a token that nobody has.

Usage: flood.py INTERFACE COUNT [PER_SECOND]

Every one has another source. They go to a link address that nobody has: what is flooded is whoever
captures on the interface, not the host behind it.
"""

import socket
import struct
import sys
import time

ETHERNET = bytes.fromhex("020000000099" "020000000098" "0800")
IPV4 = bytes.fromhex("4500" "0000" "0000" "4000" "4006" "0000" "00000000" "c0000263")
TCP = bytes.fromhex("0000" "0050" "00000000" "00000000" "0002" "ffff" "0000" "0000")
MP_CAPABLE = bytes.fromhex("1e040101")
MP_JOIN = bytes.fromhex("1e0c1001" "00000000" "01020304")
SOURCE, PORT, SEQ, TOKEN = 26, 34, 38, 58


def main():
    interface, count = sys.argv[1], int(sys.argv[2])
    pause = 1 / float(sys.argv[3]) if len(sys.argv) > 3 else 0
    frames = [frame(MP_CAPABLE), frame(MP_JOIN)]
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
        out.bind((interface, 0))
        start = time.monotonic()
        for number in range(count):
            forged = frames[number & 1]
            struct.pack_into("!I", forged, SOURCE, 0x0A000000 | number >> 4)
            struct.pack_into("!H", forged, PORT, 1024 + (number & 15))
            struct.pack_into("!I", forged, SEQ, number)
            if number & 1:
                struct.pack_into("!I", forged, TOKEN, number * 2654435761 & 0xFFFFFFFF)
            out.send(forged)
            if pause and number % 100 == 0:
                time.sleep(max(0, start + number * pause - time.monotonic()))


def frame(options):
    made = bytearray(ETHERNET + IPV4 + TCP + options)
    struct.pack_into("!H", made, 16, len(made) - 14)
    made[46] = (20 + len(options)) // 4 << 4
    return made


main()
