#!/usr/bin/env python3
"""Runs the program, the limit and the peers over the same captures, in interleaved rounds on one core.

Prints medians and the peak memory of each, then the targets and whether they are met. Ratios are of CPU
time, which other work on the machine disturbs less; everything runs on one core.

Every capture is read from the page cache, in the state that users meet: a file that lies on the disk and
was read once before. How the pages came there decides what reading them costs (the limit takes from 10 to
30 ns a packet on the same capture): those of a file that was written just now, or of which a part was
thrown out and came back, are scattered otherwise. So each capture is thrown out of the cache as a whole
and read from the disk once, front to back, before its rounds.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# What tshark is asked for: what our JSON report rests on, field by field.
FIELDS = """frame.number frame.time_epoch tcp.stream mptcp.stream tcp.len tcp.options.mptcp.subtype
tcp.options.mptcp.sendkey tcp.options.mptcp.recvtok tcp.options.mptcp.addrid tcp.options.mptcp.rawdataseqno
tcp.options.mptcp.subflowseqno tcp.options.mptcp.datalvllen tcp.options.mptcp.rawdataack""".split()

# How many times faster than each peer the program must be.
TIMES_FASTER = {"tshark -T fields": 100, "tshark conv,mptcp": 30, "tcpdump -nn -v": 15}
# How many times slower than the limit it may be, by capture.
TIMES_THE_LIMIT = {"full": 4, "snap128": 9}
# In a process of its own: a large report would make this one large, and with it what it starts.
PRINT_TOTALS = "import json, sys; print(json.dumps(json.load(open(sys.argv[1]))['totals']))"

MEMORY_MIB, MEMORY_PER_SUBFLOW_KIB = 32, 4


def main():
    arguments = parse_arguments()
    # Before anything is measured: what is started inherits it.
    os.sched_setaffinity(0, {arguments.cpu})
    missed = False
    for capture in arguments.captures:
        missed |= compare(capture, arguments)
    return 1 if missed and arguments.check else 0


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--limit", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--peer-rounds", type=int, default=1)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--cpu", type=int, default=min(1, os.cpu_count() - 1))
    parser.add_argument("--check", action="store_true")
    parser.add_argument("captures", type=Path, nargs="+")
    return parser.parse_args()


def compare(capture, arguments):
    """Measures everything on one capture; True if a target is missed."""
    read_from_disk(capture)
    facts = facts_of(arguments, capture)
    ours = {
        "limit": [arguments.limit, capture],
        "mptcpscope": [arguments.program, "report", capture, "--json", os.devnull],
    }
    peers = {} if arguments.no_peers else peers_for(capture)
    runs = {}
    for number in range(max(arguments.rounds, arguments.peer_rounds)):
        if number < arguments.rounds:
            measure_all(ours, runs)
        if number < arguments.peer_rounds:
            measure_all(peers, runs)
    measured = {name: Measured(*zip(*pairs)) for name, pairs in runs.items()}
    print_table(capture, facts, measured)
    return print_targets(capture.stem, facts, measured)


def read_from_disk(capture):
    """Brings a file into the page cache, in one piece."""
    with open(capture, "rb", buffering=0) as file:
        # Only pages that are on the disk can be thrown out.
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        block = bytearray(1 << 20)
        while file.readinto(block):
            pass


def peers_for(capture):
    fields = [part for field in FIELDS for part in ("-e", field)]
    commands = {
        "tcpdump -nn -v": ["tcpdump", "-nn", "-v", "-r", capture],
        "tshark -T fields": ["tshark", "-n", "-r", capture, "-T", "fields", *fields],
        "tshark conv,mptcp": ["tshark", "-n", "-q", "-z", "conv,mptcp", "-r", capture],
        "mptcptrace": ["mptcptrace", "-f", capture],
    }
    installed = {name: command for name, command in commands.items() if shutil.which(command[0])}
    for name in commands.keys() - installed.keys():
        print(f"{name}: not installed, left out")
    return installed


class Measured:
    def __init__(self, seconds, cpu_seconds, mib):
        self.seconds = statistics.median(seconds)
        self.cpu = statistics.median(cpu_seconds)
        self.mib = max(mib)
        self.rounds = len(seconds)


def measure_all(commands, runs):
    for name, command in commands.items():
        runs.setdefault(name, []).append(measure([str(part) for part in command]))


def measure(command):
    """Wall seconds, CPU seconds and peak MiB of one run, its output thrown away.

    The peak includes that of this script before its exec, about 14 MiB: a lower value does not show.
    """
    null = [(os.POSIX_SPAWN_OPEN, descriptor, os.devnull, os.O_WRONLY, 0) for descriptor in (1, 2)]
    started = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=null)
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - started
    if status != 0:
        sys.exit(f"{' '.join(command)}: exit {os.waitstatus_to_exitcode(status)}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def facts_of(arguments, capture):
    """How many packets and subflows the program finds."""
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        command = [arguments.program, "report", capture, "--json", report.name]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        totals = subprocess.check_output([sys.executable, "-c", PRINT_TOTALS, report.name])
    return json.loads(totals)


def print_table(capture, facts, measured):
    limit, ours = measured["limit"].cpu, measured["mptcpscope"].cpu
    packets = facts["packets"]
    print(f"\n{capture.name}: {packets} packets, {facts['subflows']} subflows, {capture.stat().st_size >> 20} MiB")
    print(f"{'':18} {'rounds':>6} {'wall s':>8} {'cpu s':>8} {'kpkt/s':>7} {'ns/pkt':>7} {'MiB':>6} {'x limit':>8} {'x ours':>7}")
    for name, run in measured.items():
        print(
            f"{name:18} {run.rounds:6} {run.seconds:8.3f} {run.cpu:8.3f} {packets / run.cpu / 1e3:7.0f}"
            f" {run.cpu / packets * 1e9:7.0f} {run.mib:6.0f} {run.cpu / limit:8.1f} {run.cpu / ours:7.1f}"
        )


def print_targets(name, facts, measured):
    """True if a target is missed."""
    ours = measured["mptcpscope"]
    allowed = MEMORY_MIB + facts["subflows"] * MEMORY_PER_SUBFLOW_KIB / 1024
    # What, what it is, what it must be, whether more is better.
    targets = [("peak MiB", ours.mib, allowed, False)]
    if name in TIMES_THE_LIMIT:
        ratio = ours.cpu / measured["limit"].cpu
        targets.append(("times the limit", ratio, TIMES_THE_LIMIT[name], False))
    for peer, times in TIMES_FASTER.items():
        if peer in measured:
            targets.append((f"times faster than {peer}", measured[peer].cpu / ours.cpu, times, True))
    missed = False
    for what, value, bound, more_is_better in targets:
        met = value >= bound if more_is_better else value <= bound
        missed |= not met
        print(f"{'met   ' if met else 'MISSED'}  {what}: {value:.1f}, {'at least' if more_is_better else 'at most'} {bound:.1f}")
    return missed


if __name__ == "__main__":
    sys.exit(main())
