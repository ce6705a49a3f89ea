#!/bin/sh
# Looks for inputs that break the kernel, under the address sanitizer, SECONDS_EACH (1800) for each
# fuzz target. Needs a nightly toolchain and cargo-fuzz. What it learns it keeps in .tmp/fuzz; an
# input that breaks something is left in native/fuzz/artifacts.
set -eu
seconds=${SECONDS_EACH:-1800}
cd "$(dirname "$0")/../native/fuzz"
for target in split survey convert scan; do
    learnt="$PWD/../../.tmp/fuzz/$target"
    mkdir -p "$learnt"
    cargo +nightly fuzz run "$target" "$learnt" corpus -- \
        -max_total_time="$seconds" -max_len=4096 -print_final_stats=1
done
