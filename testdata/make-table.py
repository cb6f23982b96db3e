#!/usr/bin/env python3
"""Writes the table of README.md from the captures, recorded.tsv and captures.toml.

Usage: make-table.py [--check]      (--check: only says, by its exit code, whether the table is right)
"""

import gzip
import hashlib
import pathlib
import struct
import sys
import tomllib

HERE = pathlib.Path(__file__).parent
BEGIN, END = "<!-- table: written by make-table.py -->\n", "<!-- end of table -->\n"
LICENCE = "MIT OR Apache-2.0"
LINK_TYPES = {1: "Ethernet", 101: "raw IP", 113: "Linux cooked v1", 276: "Linux cooked v2"}
HEAD = ["file", "source", "licence", "link type", "packets", "what it shows", "sha256", "edits made"]


def main():
    readme = HERE / "README.md"
    old = readme.read_text()
    before, rest = old.split(BEGIN)
    _, after = rest.split(END)
    new = before + BEGIN + table() + END + after
    if "--check" in sys.argv:
        sys.exit("the table of README.md is out of date: run make-table.py" if new != old else 0)
    readme.write_text(new)


def table():
    words = tomllib.loads((HERE / "captures.toml").read_text())
    sources = {}
    for line in (HERE / "recorded.tsv").read_text().splitlines():
        name, scenario, kernel, date = line.split("\t")
        sources[name] = f"`{scenario}`, {kernel}, {date}"
    rows = [HEAD, ["---"] * len(HEAD)]
    for path in captures(words["shows"], sources):
        link_types, packets = measure(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        shows, edits = words["shows"][path.name], words["edits"].get(path.name, "none")
        rows.append([f"`{path.name}`", sources[path.name], LICENCE, link_types, str(packets), shows, f"`{digest}`", edits])
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)


def captures(shows, sources):
    """The files; every one of them must have a source and a description, and the other way round."""
    paths = sorted((HERE / "captures").iterdir())
    names = {path.name for path in paths}
    for title, others in ("captures.toml", set(shows)), ("recorded.tsv", set(sources)):
        if names != others:
            sys.exit(f"captures and {title} differ: {', '.join(sorted(names ^ others))}")
    return paths


def measure(path):
    """Gives the link types in words, and the number of packets."""
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    read = pcapng if data[:4] == b"\x0a\x0d\x0d\x0a" else pcap
    link_types, packets = read(data)
    return ", ".join(LINK_TYPES[number] for number in link_types), packets


def pcap(data):
    order = "<" if data[0] in b"\xd4\x4d" else ">"
    (link_type,) = struct.unpack_from(order + "I", data, 20)
    at, packets = 24, 0
    while at < len(data):
        (length,) = struct.unpack_from(order + "I", data, at + 8)
        at += 16 + length
        packets += 1
    return [link_type & 0xFFFF], packets


def pcapng(data):
    """Section headers in little-endian order only, which is what this machine writes."""
    at, link_types, packets = 0, [], 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if kind == 1:
            link_types += struct.unpack_from("<H", data, at + 8)
        packets += kind in (2, 3, 6)
        at += length
    return link_types, packets


main()
