#!/usr/bin/env bash
# Measures the whole program side by side with the limit and with the tools that people have.
#
# Usage: run.sh [--base FILE] [--sets FOLDER] [--rounds N] [--peer-rounds N] [--no-peers] [--cpu N] [--check]
#
#   --base FILE        a capture of real MPTCP transfers, full packets (default: FOLDER/base.pcap, which
#                      record-traffic.sh makes if it is missing; that needs root)
#   --sets FOLDER      where the two multiplied captures are kept (default: target/bench; 2.3 GB)
#   --rounds N         interleaved rounds of the limit and the program (default 7)
#   --peer-rounds N    of them, rounds with the peers (default 1; tshark takes minutes)
#   --no-peers         without tcpdump, tshark and mptcptrace
#   --cpu N            the core that everything runs on (default 1, or 0 if there is only one)
#   --check            exit 1 if a target is missed
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
target=${CARGO_TARGET_DIR:-$here/../target}
least_packets=2000000
seed=1

main() {
    sets=$target/bench
    base=
    compare=()
    while (($#)); do
        case $1 in
            --base) base=${2:?--base FILE}; shift 2 ;;
            --sets) sets=${2:?--sets FOLDER}; shift 2 ;;
            --rounds | --peer-rounds | --cpu) compare+=("$1" "${2:?$1 N}"); shift 2 ;;
            --no-peers | --check) compare+=("$1"); shift ;;
            *) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 2 ;;
        esac
    done
    build
    mkdir -p "$sets"
    make_sets
    exec python3 "$here/compare.py" --program "$target/release/mptcpscope" \
        --limit "$target/release/limit" "${compare[@]}" "$sets/full.pcap" "$sets/snap128.pcap"
}

build() {
    cargo build --release --quiet --manifest-path "$here/../Cargo.toml" --target-dir "$target"
    cargo build --release --quiet --manifest-path "$here/Cargo.toml" --target-dir "$target"
}

make_sets() {
    if [[ -z $base ]]; then
        base=$sets/base.pcap
        [[ -e $base ]] || "$here/record-traffic.sh" "$base"
    fi
    local packets copies
    packets=$("$target/release/limit" "$base" | sed 's/packets=\([0-9]*\).*/\1/')
    copies=$(((least_packets + packets - 1) / packets))
    make_set full.pcap $copies 0
    make_set snap128.pcap $copies 128
}

make_set() {
    local file=$sets/$1
    if [[ ! -e $file || $base -nt $file || $target/release/multiply -nt $file ]]; then
        echo "$1: $("$target/release/multiply" "$file.part" "$2" "$3" $seed "$base")"
        mv "$file.part" "$file"
    fi
}

main "$@"
