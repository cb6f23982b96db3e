#!/usr/bin/env bash
# Compares what two builds of mptcpscope print, byte for byte, and their exit statuses: on the captures of
# testdata, on the scenarios, on the captures in other folders, and of what needs no capture.
#
# Usage: tests/compare-outputs.sh OLD-BINARY NEW-BINARY [FOLDER...]
#
# Exit status: 1 if anything differs.
set -euo pipefail

compare_on() {
    export capture=$1
    compare report '"$capture"'
    compare report --json - --series --strict '"$capture"'
    compare report --json - --streams '"$capture"'
    compare packets '"$capture"'
    compare packets --jsonl '"$capture"'
    compare live - '<"$capture"'
    compare live --jsonl - '<"$capture"'
    compare follow --connection 0 --from client '"$capture"'
    compare follow --connection 0 --from server '"$capture"'
}

compare_without_capture() {
    compare report --json - --streams 'testdata/captures/two-subflows*.pcap'
    for arguments in '' --json '--ipv6 --port' '--ipv4 --echo --json'; do
        compare space "$arguments"
    done
    compare explain
    for code in $({ "$work/old/mptcpscope" explain; "$work/new/mptcpscope" explain; } | grep -oE '^ *[a-z]+(-[a-z0-9]+)+' | sort -u); do
        compare explain "$code"
    done
    compare explain no-such-code
    for command in '' report packets explain follow live tui host space; do
        compare "$command" -h
        compare "$command" --help
    done
    for what in man bash zsh fish powershell elvish; do
        compare --generate "$what"
    done
    compare --version
    compare no-such-file
}

# Prints "same", or the command and how its outputs differ. The arguments are words of the shell.
compare() {
    local side out
    out=$(mktemp -d -p "$work")
    for side in old new; do
        eval "$work/$side/mptcpscope $*" >"$out/$side" 2>&1 </dev/null || echo "exit status $?" >>"$out/$side"
    done
    if cmp -s "$out/old" "$out/new"; then
        echo same
    else
        printf '%s\n' "differs: ${*//\"\$capture\"/${capture-}}
$(diff "$out/old" "$out/new" | head -6 | cut -c 1-200)"
    fi
    rm -r "$out"
}

[ $# -ge 2 ] || { sed -n '2,/^set/{/^#/s/^# \?//p}' "$0" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/old" "$work/new"
# Help names the program as it was called.
ln -s "$(realpath -e "$1")" "$work/old/mptcpscope"
ln -s "$(realpath -e "$2")" "$work/new/mptcpscope"
shift 2
for folder; do
    folders+=("$(realpath -e "$folder")")
done
cd "$(dirname "$0")/.."
cargo run --quiet --locked --example write_scenarios -- "$work/scenarios"

export work
export -f compare compare_on
find testdata/captures "$work/scenarios" ${folders+"${folders[@]}"} -regextype posix-extended \
    -type f -regex '.*\.pcap(ng)?(\.(gz|zst|xz|lz4))?' | sort >"$work/captures"
{
    compare_without_capture
    xargs -d '\n' -n 1 -P 2 bash -c 'compare_on "$1"' _ <"$work/captures"
} >"$work/results"
grep -v '^same$' "$work/results" || true
echo "$(wc -l <"$work/captures") captures; outputs: $(grep -c '^same$' "$work/results") the same, $(grep -c '^differs: ' "$work/results") differ"
! grep -q '^differs: ' "$work/results"
