#!/usr/bin/env python3
"""Records the demonstration of the terminal timeline, and pictures of its screens.

    demo/record.py MPTCPSCOPE FOLDER

FOLDER gets demo.cast (an asciicast, version 2: asciinema play demo.cast), made by typing the keys
of SCRIPT into a pseudo terminal, and an SVG of each screen in PICTURES, made from what tmux shows.
"""

import fcntl
import html
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COLUMNS, ROWS = 100, 28

# Seconds to look, then keys.
SCRIPT = [
    (2.0, "2"), (1.5, "\x1b[C"), (0.3, "\x1b[C"), (0.3, "\x1b[C"), (0.6, "+"), (0.8, "+"),
    (1.0, "0"), (1.0, "3"), (1.5, "\x1b[B"), (0.4, "\x1b[B"), (0.4, "\x1b[B"), (0.8, "\r"),
    (2.0, "q"), (0.8, "4"), (1.5, "\x1b[C"), (1.5, "5"), (2.0, "\r"), (2.0, "?"), (2.0, "?"),
    (0.5, "\x03"),
]
DEMO = "testdata/captures/reinjected.pcap"

# Name, capture, columns, rows, keys of tmux.
PICTURES = [
    ("timeline", "testdata/captures/reinjected.pcap", 100, 28, ["2"]),
    ("ladder", "testdata/captures/two-subflows.pcap", 100, 28, ["3"]),
    ("findings", "testdata/captures/add-addr-v6-port.pcap", 100, 28, ["5"]),
    ("dashboard", "testdata/captures/reinjected.pcap", 160, 50, []),
]


def main():
    program, folder = os.path.abspath(sys.argv[1]), sys.argv[2]
    os.makedirs(folder, exist_ok=True)
    os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8")
    record(program, os.path.join(folder, "demo.cast"))
    for name, capture, columns, rows, keys in PICTURES:
        lines = shown(program, os.path.join(ROOT, capture), columns, rows, keys)
        with open(os.path.join(folder, name + ".svg"), "w", encoding="utf-8") as out:
            out.write(svg(lines, columns, rows))


def record(program, path):
    """Types SCRIPT and writes what comes back, with its times."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(ROOT)
        os.execv(program, ["mptcpscope", "tui", DEMO])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    header = {"version": 2, "width": COLUMNS, "height": ROWS, "env": {"TERM": "xterm-256color"}}
    header["title"] = "mptcpscope tui " + os.path.basename(DEMO)
    with open(path, "w", encoding="utf-8") as out:
        out.write(json.dumps(header) + "\n")
        start = time.monotonic()
        for pause, keys in SCRIPT:
            copy(terminal, out, start, pause)
            os.write(terminal, keys.encode())
        copy(terminal, out, start, 1.0)
    os.waitpid(child, 0)


def copy(terminal, out, start, seconds):
    """What the program draws in that time."""
    until = time.monotonic() + seconds
    pending = b""
    while (left := until - time.monotonic()) > 0:
        ready, _, _ = select.select([terminal], [], [], left)
        if not ready:
            break
        try:
            pending += os.read(terminal, 65536)
        except OSError:
            break
        # A character may come in two parts.
        try:
            text, pending = pending.decode(), b""
        except UnicodeDecodeError:
            continue
        out.write(json.dumps([round(time.monotonic() - start, 3), "o", text]) + "\n")


def shown(program, capture, columns, rows, keys):
    """The lines that tmux shows once the keys were pressed, with colours as escapes."""
    server = f"mptcpscope-picture-{os.getpid()}"

    def tmux(*arguments):
        command = ["tmux", "-L", server, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    tmux("new-session", "-d", "-x", str(columns), "-y", str(rows), f"{program} tui {capture}")
    try:
        tmux("set", "-g", "status", "off")
        tmux("resize-window", "-x", str(columns), "-y", str(rows))
        time.sleep(1.0)
        for key in keys:
            tmux("send-keys", key)
            time.sleep(0.3)
        return tmux("capture-pane", "-p", "-e").split("\n")
    finally:
        tmux("kill-server")


NORMAL = ["#1c1c1c", "#d75f5f", "#87af5f", "#d7af5f", "#5f87d7", "#af87d7", "#5fafaf", "#d0d0d0"]
BRIGHT = ["#767676", "#ff8787", "#afd787", "#ffd787", "#87afff", "#d7afff", "#87d7d7", "#ffffff"]
FOREGROUND, BACKGROUND = "#d0d0d0", "#1c1c1c"
WIDTH, HEIGHT = 8.4, 17


def svg(lines, columns, rows):
    """A picture of lines with SGR escapes: one text element for each stretch of one look."""
    width, height = columns * WIDTH + 16, rows * HEIGHT + 16
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'font-family="ui-monospace, DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14">',
        f'<rect width="{width:g}" height="{height:g}" rx="6" fill="{BACKGROUND}"/>',
    ]
    look = {}
    for row, line in enumerate(lines[:rows]):
        column = 0
        for escape, text in re.findall(r"\x1b\[([0-9;]*)m|([^\x1b]+)", line):
            if not text:
                change(look, [int(code or 0) for code in escape.split(";")])
                continue
            parts.append(stretch(text, column, row, look))
            column += len(text)
    return "\n".join(parts) + "\n</svg>\n"


def change(look, codes):
    for code in codes:
        if code == 0:
            look.clear()
        elif code in (1, 2, 7):
            look[code] = True
        elif code in (22, 27):
            look.pop(1 if code == 22 else 7, None)
            look.pop(2 if code == 22 else 7, None)
        elif code == 39:
            look.pop("colour", None)
        elif 30 <= code <= 37:
            look["colour"] = NORMAL[code - 30]
        elif 90 <= code <= 97:
            look["colour"] = BRIGHT[code - 90]


def stretch(text, column, row, look):
    x, y = 8 + column * WIDTH, 8 + row * HEIGHT
    fill, back = look.get("colour", FOREGROUND), None
    if look.get(7):
        fill, back = BACKGROUND, fill
    part = ""
    if back:
        part = f'<rect x="{x:g}" y="{y:g}" width="{len(text) * WIDTH:g}" height="{HEIGHT}" fill="{back}"/>'
    if not text.strip():
        return part
    style = ' font-weight="bold"' if look.get(1) else ""
    style += ' opacity="0.6"' if look.get(2) else ""
    return (
        f'{part}<text x="{x:g}" y="{y + 13:g}" fill="{fill}" textLength="{len(text) * WIDTH:g}" '
        f'xml:space="preserve"{style}>{html.escape(text)}</text>'
    )


if __name__ == "__main__":
    main()
