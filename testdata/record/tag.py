#!/usr/bin/env python3
"""One end of a VLAN trunk, for kernels without VLAN support.

Usage: tag.py UNTAGGED_INTERFACE TAGGED_INTERFACE PROTOCOL:ID...    (outermost tag first)
"""

import struct
import sys

from relay import relay

PROTOCOLS = {"802.1Q": 0x8100, "802.1ad": 0x88A8}
MACS = 12


def main():
    tags = b"".join(tag(word) for word in sys.argv[3:])

    def change(frame, to_trunk):
        if to_trunk:
            return frame[:MACS] + tags + frame[MACS:]
        # The kernel has taken the outermost tag off already; no harm if it has not.
        while int.from_bytes(frame[MACS : MACS + 2], "big") in PROTOCOLS.values():
            frame = frame[:MACS] + frame[MACS + 4 :]
        return frame

    relay(sys.argv[1], sys.argv[2], change)


def tag(word):
    protocol, number = word.split(":")
    return struct.pack("!HH", PROTOCOLS[protocol], int(number))


main()
