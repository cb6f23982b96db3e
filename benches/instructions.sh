#!/usr/bin/env bash
# The gate: how many instructions the program needs per packet, counted by callgrind, hence without noise.
#
# Usage: instructions.sh [--update]
#
# Compares with instructions.txt and exits 1 if any figure is more than 2 % above it. A figure that went
# up for a good reason, or down, is written there by --update, to be committed with what changed it.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
target=${CARGO_TARGET_DIR:-$here/../target}
captures=$here/../testdata/captures
expected=$here/instructions.txt
tolerance=2
copies=100
seed=1

main() {
    if ! command -v valgrind >/dev/null; then
        echo "instructions: skipped, valgrind is not installed"
        exit 0
    fi
    cargo build --release --quiet --manifest-path "$here/../Cargo.toml" --target-dir "$target"
    cargo build --release --quiet --manifest-path "$here/Cargo.toml" --target-dir "$target"
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    make_capture
    measure >"$scratch/measured"
    if [[ ${1:-} == --update ]]; then
        write_expected
    else
        compare
    fi
}

# A bit of everything: both IP versions, one and several subflows, joins from either host, announced and
# withdrawn addresses, reinjections.
make_capture() {
    local bases=()
    for name in two-subflows one-subflow-v6 add-addr-v4 add-addr-v6 server-opened-join \
        remove-addr-and-mp-prio reinjected; do
        bases+=("$captures/$name.pcap")
    done
    "$target/release/multiply" "$scratch/capture.pcap" $copies 0 $seed "${bases[@]}" >"$scratch/facts"
    packets=$(sed 's/packets=\([0-9]*\).*/\1/' "$scratch/facts")
}

# Lines of a name and instructions per packet: the stages one upon the other, then the whole program.
measure() {
    for stage in capture decode options track; do
        echo "$stage $(instructions "$target/release/pipeline" $stage "$scratch/capture.pcap")"
    done
    if "$target/release/mptcpscope" report --help 2>/dev/null | grep -q -- --json; then
        echo "report $(instructions "$target/release/mptcpscope" report "$scratch/capture.pcap" --json /dev/null)"
    fi
}

instructions() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 >/dev/null |
        awk -v packets="$packets" '/Collected/ { printf "%.1f\n", $NF / packets }'
}

write_expected() {
    {
        echo "# Instructions per packet, by instructions.sh --update; $(rustc --version | cut -d' ' -f1,2)"
        cat "$scratch/measured"
    } >"$expected"
    cat "$expected"
}

compare() {
    awk -v tolerance=$tolerance '
        NR == FNR { if ($1 != "#") expected[$1] = $2; next }
        {
            if (!($1 in expected)) { printf "MISSING  %-8s %8.1f is not in instructions.txt\n", $1, $2; failed = 1; next }
            change = ($2 / expected[$1] - 1) * 100
            word = change > tolerance ? "MORE" : change < -tolerance ? "fewer" : "same"
            printf "%-8s %-8s %8.1f instructions per packet, was %8.1f (%+.1f %%)\n", word, $1, $2, expected[$1], change
            failed = failed || word == "MORE"
        }
        END {
            if (failed) print "More than before: make it cheaper, or accept it with benches/instructions.sh --update"
            exit failed
        }' "$expected" "$scratch/measured"
}

main "$@"
