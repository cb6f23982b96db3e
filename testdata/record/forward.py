#!/usr/bin/env python3
"""A middlebox: passes frames between two interfaces and changes some of them on purpose.

Usage: forward.py CLIENT_INTERFACE SERVER_INTERFACE RULE [N]

Options that a rule takes out are overwritten with NOPs (as many real middleboxes do); checksums are made right again.
Rules about data count the segments with payload coming from the client; N is the first one they touch.
"""

import struct
import sys

from relay import relay

KIND_NOP, KIND_MPTCP = 1, 30
SYN, RST, ACK = 0x02, 0x04, 0x10
MP_CAPABLE, MP_JOIN, DSS, ADD_ADDR = 0, 1, 2, 3


class Segment:
    """A TCP segment in a frame without VLAN tag; the frame can be changed in place."""

    def __init__(self, frame, from_client):
        self.frame, self.from_client = bytearray(frame), from_client
        ether_type = int.from_bytes(frame[12:14], "big")
        if ether_type == 0x0800 and frame[23] == 6:
            self.tcp = 14 + 4 * (frame[14] & 15)
            self.end = 14 + int.from_bytes(frame[16:18], "big")
            self.addresses = slice(26, 34)
        elif ether_type == 0x86DD and frame[20] == 6:
            self.tcp, self.end, self.addresses = 54, 54 + int.from_bytes(frame[18:20], "big"), slice(22, 54)
        else:
            raise ValueError("no TCP")
        self.flags = frame[self.tcp + 13]
        self.payload = self.tcp + 4 * (frame[self.tcp + 12] >> 4)

    def has_payload(self):
        return self.payload < self.end

    def options(self):
        """Gives (kind, start, length) of every option."""
        at = self.tcp + 20
        while at < self.payload and self.frame[at] != 0:
            length = 1 if self.frame[at] == KIND_NOP else self.frame[at + 1]
            yield self.frame[at], at, length
            at += max(length, 1)

    def mptcp(self, subtype):
        """The place of the first MPTCP option of this subtype, or None."""
        for kind, at, length in self.options():
            if kind == KIND_MPTCP and self.frame[at + 2] >> 4 == subtype:
                return slice(at, at + length)
        return None

    def take_out(self, *subtypes):
        for subtype in subtypes:
            if place := self.mptcp(subtype):
                self.frame[place] = bytes([KIND_NOP]) * (place.stop - place.start)
        self.repair_checksum()

    def flip(self, at):
        self.frame[at] ^= 0xFF
        self.repair_checksum()

    def repair_checksum(self):
        self.frame[self.tcp + 16 : self.tcp + 18] = b"\0\0"
        body = self.frame[self.tcp : self.end]
        whole = self.frame[self.addresses] + struct.pack("!HH", 6, len(body)) + body
        if len(whole) % 2:
            whole += b"\0"
        total = sum(struct.unpack(f"!{len(whole) // 2}H", whole))
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        self.frame[self.tcp + 16 : self.tcp + 18] = struct.pack("!H", ~total & 0xFFFF)


class Middlebox:
    def __init__(self, rule, first):
        self.rule, self.first, self.data_seen = getattr(self, rule.replace("-", "_")), first, 0

    def pass_on(self, frame, from_client):
        """Gives the frame to send, or None to drop it."""
        try:
            segment = Segment(frame, from_client)
        except ValueError:
            return frame
        if segment.from_client and segment.has_payload():
            self.data_seen += 1
        return None if self.rule(segment) == "drop" else segment.frame

    def nothing(self, segment):
        pass

    def strip_syn(self, segment):
        if segment.flags & (SYN | ACK) == SYN and segment.mptcp(MP_CAPABLE):
            segment.take_out(MP_CAPABLE)

    def drop_capable_syn(self, segment):
        return "drop" if segment.flags & SYN and segment.mptcp(MP_CAPABLE) else None

    def strip_join_syn_ack(self, segment):
        if segment.flags & (SYN | ACK) == SYN | ACK:
            segment.take_out(MP_JOIN)

    def drop_join_syn(self, segment):
        return "drop" if segment.flags & SYN and segment.mptcp(MP_JOIN) else None

    def bad_token(self, segment):
        if segment.flags & (SYN | ACK) == SYN and (join := segment.mptcp(MP_JOIN)):
            segment.flip(join.start + 4)

    def bad_join_hmac(self, segment):
        if not segment.flags & SYN and (join := segment.mptcp(MP_JOIN)):
            segment.flip(join.stop - 1)

    def drop_add_addr(self, segment):
        return "drop" if not segment.from_client and segment.mptcp(ADD_ADDR) else None

    def strip_dss(self, segment):
        if segment.from_client and segment.has_payload() and self.data_seen == self.first:
            segment.take_out(MP_CAPABLE, DSS)

    def corrupt(self, segment):
        if segment.from_client and segment.has_payload() and self.data_seen == self.first:
            segment.flip(segment.end - 1)

    def die(self, segment):
        return "drop" if self.data_seen >= self.first else None


def main():
    middlebox = Middlebox(sys.argv[3], int(sys.argv[4]) if len(sys.argv) > 4 else 1)
    relay(sys.argv[1], sys.argv[2], middlebox.pass_on)


main()
