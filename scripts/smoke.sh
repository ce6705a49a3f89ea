#!/usr/bin/env bash
# Builds the wheel, installs it into an environment that holds nothing else, far from the source
# tree, and uses it: what a user gets is what was tested.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

.venv/bin/maturin build --release --locked --quiet --out "$work/dist"
python=$(.venv/bin/python -c 'import sys; print(sys._base_executable)')
"$python" -m venv "$work/venv"
pip() { "$work/venv/bin/python" -m pip --disable-pip-version-check "$@"; }
pip install --quiet --require-hashes --requirement requirements/runtime.lock
pip install --quiet --no-deps "$work"/dist/snapshots-*.whl
pip check

cd "$work"
export HOME="$work/home" XDG_STATE_HOME="$work/state"
mkdir -p "$HOME"
"$work/venv/bin/snapshots" --version
"$work/venv/bin/snapshots" import "$root/examples/data/taxi+_zone_lookup.csv"
"$work/venv/bin/snapshots" list | tee listing
grep -q 265 listing || { echo 'The listing does not show the 265 rows.' >&2; exit 1; }
