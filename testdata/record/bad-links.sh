#!/usr/bin/env bash
# Measures what mptcpscope says of bad links: false alarms, and whether a real fault is still found.
#
# Usage: bad-links.sh MPTCPSCOPE [RUNS [KIND...]]      (RUNS of each kind, 20 if left out; needs root)
#
# Each run is a lab of its own (lab.sh) with a link that loses 0 to 4 %, delays 0 to 6 % and repeats 0 to 6 %
# of the segments (disturb.py; the shares and the dice follow from the number of the run), captured at both
# ends. Prints how many runs raised which code at which end. With KEEP=FOLDER in the environment captures
# that raise a warning or an error, or add-addr-no-space, are kept there.
#   quiet   nothing to announce, data both ways with pauses
#   idle    keep-alives of both hosts on an idle connection
#   reader  a client that reads late: closed windows, probes, updates
#   joined  an IPv4 address that is announced and joined, both paths bad
#   drop    an IPv6 address with port beside timestamps: can't be announced
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
. "$here/lab.sh"
. "$here/scenarios.sh"

main() {
    local tool=$1 runs=${2:-20} kind number
    local kinds=("${@:3}")
    [ $# -gt 2 ] || kinds=(quiet idle reader joined drop)
    for kind in "${kinds[@]}"; do
        for number in $(seq "$runs"); do
            (one "$tool" "$kind" "$number") || echo "$kind c failed"
        done
    done | sort | uniq -c
}

# one TOOL KIND NUMBER: prints `KIND END SEVERITY CODE CONFIDENCE` of each finding, once a run.
one() {
    local end
    trap close_lab EXIT
    trap 'exit 1' INT TERM
    open_lab
    "$2" "$3" >/dev/null
    mkdir "$scratch/done"
    stop_captures "$scratch/done" >/dev/null
    for end in c s; do
        echo "$2 $end captured"
        "$1" report --json - "$scratch/done/$end.pcap" | python3 -c '
import json, sys
found = json.load(sys.stdin)["findings"]
for line in sorted({" ".join((f["severity"], f["code"], f["confidence"])) for f in found}):
    print(*sys.argv[1:], line)' "$2" "$end" | tee "$scratch/found"
        if [ -n "${KEEP:-}" ] && grep -qE ' (warning|error|note add-addr-no-space) ' "$scratch/found"; then
            cp "$scratch/done/$end.pcap" "$KEEP/$2-$3-$end.pcap"
        fi
    done
}

# bad PATH NUMBER
bad() { bad_path "$1" $((2 + $2 % 9)) lost=$(($2 % 5)) late=$(($2 % 7)) twice=$(($2 * 3 % 7)) seed="$1$2"; }

both_ends() {
    capture c.pcap c "$1"
    capture s.pcap s "$2"
}

quiet() {
    bad 1 "$1"
    both_ends c1 s1
    exchange 2001:db8:1::2 500/500 ~0.05 30000/100 ~0.3 100/30000 100/100
}

idle() {
    bad 1 "$1"
    both_ends c1 s1
    exchange 2001:db8:1::2 --keep-alive 500/500 ~2.3 500/500
}

reader() {
    bad 1 "$1"
    both_ends c1 s1
    exchange 2001:db8:1::2 --read-late 1.2 500/20000 500/3000
}

joined() {
    bad 1 "$1"
    bad 2 "$1"
    endpoint s 198.51.100.2 signal
    both_ends c1,c2 s1,s2
    exchange 192.0.2.2 500/500 ~0.3 60000/100 100/60000
}

drop() {
    bad 1 "$1"
    path 2
    endpoint s 2001:db8:2::2 signal port 5002
    both_ends c1 s1
    exchange 2001:db8:1::2 500/500 ~0.05 20000/100 100/20000
}

main "$@"
