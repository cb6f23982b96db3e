#!/usr/bin/env bash
# Fills fuzz/corpus/ from testdata, and with what was found before.
#
# Usage: fuzz/seed.sh
set -euo pipefail

cd "$(dirname "$0")/.."
FUZZ_CORPUS="$PWD/fuzz/corpus" cargo test --quiet --test it -- --ignored write_seeds
[ ! -d fuzz/findings ] || cp -r fuzz/findings/. fuzz/corpus/
