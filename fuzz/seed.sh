#!/usr/bin/env bash
# Fills fuzz/corpus/ from testdata, and with what was found before.
#
# Usage: fuzz/seed.sh
set -euo pipefail

cd "$(dirname "$0")/.."
cargo run --quiet --locked --example write_fuzz_seeds -- fuzz/corpus
[ ! -d fuzz/findings ] || cp -r fuzz/findings/. fuzz/corpus/
