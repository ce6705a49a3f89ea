#!/bin/sh
# Measures what the tests go through: statements and branches of Python, also in threads and in
# processes that tests start, and lines of the kernel. Tests that are marked `slow` are left out: they
# kill, stop or wait, and a process that is killed keeps nothing of what was measured in it.
#
# It builds the kernel once more, with counters, and uses a copy of the package, so that nothing else
# is touched. The tools of LLVM come with `rustup component add llvm-tools`; where they cannot be
# had, only Python is measured, and it says so. Whether tests pass is not judged here, but by
# `make test`; what fails measures less.
set -eu
cd "$(dirname "$0")/.."
made=$PWD/.tmp/coverage target=$PWD/.tmp/coverage-target
rm -rf "$made"
mkdir -p "$made/src" "$made/python" "$made/rust"
cp -R src/snapshots "$made/src/"

host=$(rustc -vV | sed -n 's/^host: //p')
llvm=$(rustc --print sysroot)/lib/rustlib/$host/bin
[ -x "$llvm/llvm-cov" ] || rustup component add llvm-tools >/dev/null 2>&1 || true

# Measured processes are many: they add to a few files.
export LLVM_PROFILE_FILE="$made/rust/%4m.profraw"
counting() {
    RUSTFLAGS='-Cinstrument-coverage' CARGO_PROFILE_RELEASE_LTO=off \
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
        cargo "$@" --manifest-path native/Cargo.toml --locked --release \
        --target "$host" --target-dir "$target"
}
objects=
if [ -x "$llvm/llvm-cov" ]; then
    counting test --quiet
    tests=$(counting test --no-run --message-format=json 2>/dev/null |
        sed -n 's/.*"executable":"\([^"]*\)".*/\1/p')
    counting build --quiet --lib --features extension-module
    kernel=$(find "$target/$host/release" -maxdepth 1 \
        \( -name lib_native.so -o -name lib_native.dylib \))
    cp "$kernel" "$made/src/snapshots/_native.abi3.so"
    objects="$made/src/snapshots/_native.abi3.so"
    for one in $tests; do objects="$objects -object $one"; done
else
    echo 'The LLVM tools are missing (rustup component add llvm-tools): measuring Python only.'
fi

export PYTHONPATH="$made/src" COVERAGE_FILE="$made/python/data"
coverage run -m pytest --numprocesses "${TEST_PROCESSES:-4}" --dist worksteal --durations 25 \
    -m 'not soak and not slow' --ignore tests/repository --ignore tests/imports "$@" || true
unset PYTHONPATH
coverage combine --quiet
coverage json --quiet --fail-under 0 -o "$made/python.json"
if [ -n "$objects" ]; then
    "$llvm/llvm-profdata" merge --sparse "$made"/rust/*.profraw -o "$made/rust.profdata"
    # shellcheck disable=SC2086 # several words
    "$llvm/llvm-cov" export $objects --instr-profile "$made/rust.profdata" --summary-only \
        --ignore-filename-regex '/(\.cargo|rustc)/' >"$made/rust.json"
fi
exec python scripts/coverage_table.py "$made"
