#!/bin/sh
# Runs the kernel's unsafe code where each wrong access to memory is an error: what is all Rust under
# Miri; all of it, with the SQLite that is built in, in Python under the address sanitizer. Needs
# Linux, GCC, and a nightly toolchain with Miri:
#     rustup toolchain install nightly --component miri,rust-src
# What it builds is in .tmp/sanitize.
set -eu
cd "$(dirname "$0")/.."
built=$PWD/.tmp/sanitize
host=$(rustc +nightly -vV | sed -n 's/^host: //p')

# With these features the tests take the way of AVX2, too, and the way that is always there anyway.
case $host in x86_64*) features='-Ctarget-feature=+avx2,+bmi1,+popcnt' ;; *) features= ;; esac
RUSTFLAGS=$features cargo +nightly miri test --manifest-path native/Cargo.toml --locked \
    --no-default-features --target-dir "$built/miri" --lib -- grammar::structural_index convert::output \
    values::short_numbers

sanitized='-fsanitize=address -fno-omit-frame-pointer'
env "CFLAGS_$(echo "$host" | tr - _)=$sanitized" CC=gcc \
    RUSTFLAGS='-Zsanitizer=address -Cdebug-assertions' \
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    cargo +nightly build --manifest-path native/Cargo.toml --locked --release --lib \
    --features extension-module --target "$host" --target-dir "$built/asan"

# The package once more, with that kernel.
rm -rf "$built/src"
cp -R src "$built/src"
cp "$built/asan/$host/release/lib_native.so" "$built/src/snapshots/_native.abi3.so"

# With Python's own allocator the sanitizer would not see where an object ends.
export PYTHONPATH="$built/src" PYTHONMALLOC=malloc ASAN_OPTIONS=detect_leaks=0
export LD_PRELOAD="$(gcc -print-file-name=libasan.so)"
python -c 'import snapshots._native as kernel; assert ".tmp/sanitize" in kernel.__file__'
python -m pytest --timeout 3600 "$@" tests/native tests/conformance/test_sqlite.py
python -m pytest --timeout 3600 "$@" -k "sqlite and not random" tests/conformance/test_load.py \
    tests/conformance/test_refused.py tests/faults/test_kill.py
