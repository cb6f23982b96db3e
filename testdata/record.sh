#!/usr/bin/env bash
# Records the captures of the test data anew, from the MPTCP of the running kernel.
#
# Usage: record.sh [SCENARIO...]      (all of them if none is named; see record/scenarios.sh)
#
# Needs root (it makes network namespaces, and takes them away again), iproute2, tcpdump, mergecap
# and python3. Keys and times differ with every run, so snapshots of the captures change as well.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
. "$here/record/lab.sh"
. "$here/record/scenarios.sh"

main() {
    local scenario
    [ "$(id -u)" = 0 ] || { echo "record.sh: needs root" >&2; exit 1; }
    mkdir -p "$here/captures" "$here/counters"
    [ $# -gt 0 ] || set -- "${all_scenarios[@]}"
    for scenario in "$@"; do
        echo "$scenario"
        # Not as a condition: `set -e` has to hold inside.
        (record "$scenario")
    done
    python3 "$here/make-table.py"
}

# record SCENARIO: in a lab of its own.
record() {
    trap close_lab EXIT
    trap 'exit 1' INT TERM
    open_lab
    "$1"
    mkdir "$scratch/done"
    stop_captures "$scratch/done"
    {
        on c python3 "$helpers/counters.py" client
        on s python3 "$helpers/counters.py" server
    } >"$here/counters/${1//_/-}.tsv"
    publish "$1"
}

# publish SCENARIO: moves the files into the test data and notes where they came from.
publish() {
    local file name notes=$here/recorded.tsv
    touch "$notes"
    for file in "$scratch"/done/*; do
        if [ "$(basename "$file")" = gzip.pcap ]; then
            gzip -9n "$file"
            file=$file.gz
        fi
        name=$(basename "$file")
        mv "$file" "$here/captures/$name"
        grep -v "^$name	" "$notes" >"$scratch/notes" || true
        printf '%s\t%s\t%s\t%s\n' "$name" "$1" "$(uname -sr | cut -d- -f1)" "$(date -u +%F)" >>"$scratch/notes"
        sort "$scratch/notes" >"$notes"
    done
}

main "$@"
