#!/usr/bin/env bash
# Runs all tests but the lab: also those that need more than this repository, where it is there. cargo test alone
# ignores these; the path of such a test has a word that says what it needs.
#
# Usage: tests/run.sh [FLAG...]       flags of cargo test, such as --features
set -euo pipefail
cd "$(dirname "$0")/.."
test=(cargo test --locked "$@")

main() {
    "${test[@]}" --lib --bins
    ignored=$("${test[@]}" --quiet --test it -- --list --ignored)
    need corpus "the corpus of captures" test -d "${MPTCPSCOPE_CORPUS:-../shared/corpus}"
    need namespaces "root, iproute2, python3 and MPTCP in the kernel" namespaces
    need tshark "tshark" command -v tshark
    need tcpdump "tcpdump" command -v tcpdump
    need landlock "Landlock in the kernel" landlock
    # In namespaces programs wait for each other, and not for ever: nothing else keeps them from running.
    "${test[@]}" --test it -- --include-ignored --skip namespaces ${skips+"${skips[@]}"}
    "${test[@]}" --test it -- --ignored namespaces ${skips+"${skips[@]}"}
    "${test[@]}" --doc
}

# Tests with WORD in their path run if the command succeeds; else their names are printed.
need() { # WORD WHAT COMMAND...
    if ! "${@:3}" >/dev/null 2>&1; then
        skips+=(--skip "$1")
        sed -n "/$1.*: test$/s/\(.*\): test/skipped: \1: needs $2/p" <<<"$ignored"
    fi
}

namespaces() {
    unshare --net sh -c 'ip link set lo up && ip mptcp limits show && python3 --version'
}

# The version of its interface, by system call.
landlock() {
    python3 -c 'import ctypes, sys; sys.exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < 1)'
}

main
