#!/usr/bin/env python3
"""Prints the MPTCP counters of this network namespace that are not zero, as `HOST<tab>NAME<tab>VALUE`.

Usage: counters.py HOST
"""

import sys

with open("/proc/net/netstat", encoding="ascii") as netstat:
    lines = [line.split() for line in netstat if line.startswith("MPTcpExt:")]
for name, value in zip(lines[0][1:], lines[1][1:]):
    if value != "0":
        print(sys.argv[1], name, value, sep="\t")
