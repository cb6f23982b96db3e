#!/usr/bin/env bash
# Drives the terminal timeline in tmux, as a user does, and keeps the screens.
#
#   demo/tour.sh MPTCPSCOPE FOLDER [CAPTURE...]
#
# Of each capture (without any: all of testdata/captures) FOLDER gets a text file with every screen at
# 80x24: connections, timeline, ladder, graphs, findings, and where the first finding leads. It fails
# if a screen does not come, or if the finding is not reached in three keys.
set -euo pipefail

program=$(realpath "$1")
folder=$2
shift 2
here=$(cd "$(dirname "$0")/.." && pwd)
[ $# -gt 0 ] || set -- "$here"/testdata/captures/*
mkdir -p "$folder"

session=mptcpscope-tour-$$
size=(-x 80 -y 24)
failures=0
trap 'tmux -L "$session" kill-server 2>/dev/null || true' EXIT

main() {
    local capture
    # It keeps the server alive between two captures.
    tmux -L "$session" new-session -d -s base 'sleep 3600'
    for capture in "$@"; do
        tour "$capture"
    done
    printf '%d captures, %d failures; the screens are in %s\n' $# "$failures" "$folder"
    [ "$failures" -eq 0 ]
}

tour() {
    local capture=$1
    name=$(basename "$capture")
    out=$folder/${name%%.*}.txt
    : >"$out"
    tmux -L "$session" new-session -d "${size[@]}" -s tour "$program tui '$capture'; sleep 60"
    expect 'done'
    keep connections
    press 2
    expect '\[2\]Timeline'
    keep timeline
    press 3
    expect '\[3\]Ladder'
    keep ladder
    press 4
    expect '\[4\]Graphs'
    keep graphs
    press 5
    expect '\[5\]Findings'
    keep findings
    press 1
    if "$program" report --json - "$capture" | grep -q '"findings": \[$'; then
        press n
        expect '\[5\]Findings'
        press Enter
        # A finding on the capture as a whole has no ladder.
        expect '\[3\]Ladder|about the capture as a whole'
        keep 'the first finding, two keys from the start'
        press Enter
        sleep 0.1
        keep 'enter once more'
        press q
    fi
    press '?'
    expect 'Esc closes'
    keep help
    tmux -L "$session" kill-session -t tour
}

press() {
    tmux -L "$session" send-keys -t tour "$1"
}

# Waits until the screen matches.
expect() {
    local try
    for try in $(seq 100); do
        if screen | grep -qE "$1"; then
            return
        fi
        sleep 0.05
    done
    printf '%s: no "%s" on the screen:\n' "$name" "$1" >&2
    screen >&2
    failures=$((failures + 1))
}

screen() {
    tmux -L "$session" capture-pane -p -t tour
}

keep() {
    {
        printf '== %s: %s\n' "$name" "$1"
        screen
    } >>"$out"
}

main "$@"
