#!/usr/bin/env python3
"""Switches the offloads of the named interfaces off, so that a capture shows the packets of the wire.

Usage: offload.py INTERFACE...   (inside the network namespace; what `ethtool -K` does)
"""

import array
import fcntl
import socket
import struct
import sys

SIOCETHTOOL = 0x8946
# The ETHTOOL_S… commands of linux/ethtool.h.
SWITCHES = {"tx checksum": 0x17, "scatter-gather": 0x19, "tso": 0x1F, "gso": 0x24, "gro": 0x2C}


def switch_off(sock, interface, command):
    value = array.array("B", struct.pack("=II", command, 0))
    address, _ = value.buffer_info()
    request = struct.pack("16sP16x", interface.encode(), address)
    fcntl.ioctl(sock.fileno(), SIOCETHTOOL, request)


def main():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for interface in sys.argv[1:]:
            for command in SWITCHES.values():
                switch_off(sock, interface, command)


main()
