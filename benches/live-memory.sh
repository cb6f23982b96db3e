#!/usr/bin/env bash
# Whether `mptcpscope live` stays as large as it is: mixed traffic between two network namespaces, its
# memory and CPU time every few seconds.
#
# Usage: live-memory.sh [--program FILE] [--minutes N] [--every SECONDS] [--rate N] [--flood N] [LIVE OPTIONS]...
#
#   --program FILE     the program (default: target/release/mptcpscope)
#   --minutes N        how long (default 30)
#   --every SECONDS    between two samples (default 10)
#   --rate N           connections per second (default 8): MPTCP over two paths, short, long, broken off
#                      by a reset, and plain TCP
#   --flood N          forged SYNs in each burst, one every two minutes (default 20000; 0: none)
#
# Prints a line per sample: seconds, resident kB, CPU seconds so far, lines of JSON so far. Needs root.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../testdata/record/lab.sh"

program=${CARGO_TARGET_DIR:-$here/../target}/release/mptcpscope
minutes=30
every=10
rate=8
flood=20000
flood_every=120

main() {
    while (($#)); do
        case $1 in
            --program) program=${2:?--program FILE}; shift 2 ;;
            --minutes) minutes=${2:?--minutes N}; shift 2 ;;
            --every) every=${2:?--every SECONDS}; shift 2 ;;
            --rate) rate=${2:?--rate N}; shift 2 ;;
            --flood) flood=${2:?--flood N}; shift 2 ;;
            *) break ;;
        esac
    done
    trap close_lab EXIT
    trap 'exit 1' INT TERM
    open_lab
    path 1
    path 2
    endpoint c 198.51.100.1 subflow
    endpoint s 198.51.100.2 signal
    in_background mixed-server s python3 "$here/mixed.py" serve 192.0.2.2
    wait_for mixed-server ready
    in_background live.jsonl c "$program" live --jsonl -i c1 -i c2 "$@"
    live=${pids[-1]}
    sleep 1
    in_background mixed-client c python3 "$here/mixed.py" connect 192.0.2.2 $((minutes * 60)) "$rate"
    client=${pids[-1]}
    watch
    wait "$client"
    sleep 2
    kill -INT "$live"
    wait "$live"
    sum_up
}

# Samples until the client has ended.
watch() {
    local start=$SECONDS now next_flood=$((flood_every / 2))
    echo "seconds rss_kB cpu_s lines"
    while kill -0 "$client" 2>/dev/null; do
        now=$((SECONDS - start))
        if ((flood > 0 && now >= next_flood)); then
            in_background "flood-$now" c python3 "$here/../tests/it/support/flood.py" c1 "$flood" 20000
            next_flood=$((next_flood + flood_every))
        fi
        echo "$now $(resident) $(cpu) $(wc -l <"$scratch/live.jsonl")"
        sleep "$every"
    done
}

resident() { awk '/^VmRSS/ { print $2 }' "/proc/$live/status"; }

# User and system time, in clock ticks of 10 ms.
cpu() { awk '{ printf "%.1f", ($14 + $15) / 100 }' "/proc/$live/stat"; }

sum_up() {
    echo
    echo "started: $(cat "$scratch/mixed-client")"
    echo "lines by kind:"
    grep -o '"kind":"[A-Z_]*"' "$scratch/live.jsonl" | sort | uniq -c | sort -rn
    tail -n 1 "$scratch/live.jsonl"
}

main "$@"
