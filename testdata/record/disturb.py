#!/usr/bin/env python3
"""A bad link: passes frames between two interfaces with a delay, and loses, delays or repeats some TCP segments.

Usage: disturb.py LEFT_INTERFACE RIGHT_INTERFACE DELAY_MS [lost=P] [late=P] [twice=P] [seed=N]

P is in percent, each way. A late frame comes up to three delays after those behind it; a second copy up to two.
"""

import heapq
import itertools
import random
import select
import sys
import time

from relay import open_interface


def main():
    left, right = open_interface(sys.argv[1]), open_interface(sys.argv[2])
    delay = float(sys.argv[3]) / 1000
    share = {"lost": 0, "late": 0, "twice": 0, "seed": 1}
    share.update((name, float(value)) for name, value in (word.split("=") for word in sys.argv[4:]))
    dice = random.Random(share["seed"])
    waiting, order = [], itertools.count()

    def hits(name):
        return dice.random() * 100 < share[name]

    def take(frame, out):
        due = time.monotonic() + delay
        if is_tcp(frame):
            if hits("lost"):
                return
            if hits("late"):
                due += delay * dice.uniform(0.5, 3)
            if hits("twice"):
                heapq.heappush(waiting, (due + delay * dice.uniform(0, 2), next(order), out, frame))
        heapq.heappush(waiting, (due, next(order), out, frame))

    print("ready", flush=True)
    while True:
        rest = max(0, waiting[0][0] - time.monotonic()) if waiting else None
        for source in select.select([left, right], [], [], rest)[0]:
            take(source.recv(65536), right if source is left else left)
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, out, frame = heapq.heappop(waiting)
            out.send(frame)


def is_tcp(frame):
    ether_type = frame[12:14]
    return ether_type == b"\x08\x00" and frame[23] == 6 or ether_type == b"\x86\xdd" and frame[20] == 6


main()
