#!/usr/bin/env bash
# Builds the wheel, installs it into an environment that holds nothing else, far from the source
# tree, and uses it: what a user gets is what was tested. WHEEL names one that is built already, and
# PYTHON the interpreter to use it with.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ -z "${WHEEL:-}" ]; then
    .venv/bin/maturin build --release --locked --quiet --out "$work/dist"
    WHEEL=$(echo "$work"/dist/snapshots-*.whl)
fi
python=${PYTHON:-$(.venv/bin/python -c 'import sys; print(sys._base_executable)')}
"$python" -m venv "$work/venv"
pip() { "$work/venv/bin/python" -m pip --disable-pip-version-check "$@"; }
pip install --quiet --require-hashes --requirement requirements/runtime.lock
pip install --quiet --no-deps "$WHEEL"
pip check

cd "$work"
export HOME="$work/home" XDG_STATE_HOME="$work/state"
mkdir -p "$HOME"
"$work/venv/bin/snapshots" --version
"$work/venv/bin/snapshots" import "$root/examples/data/taxi+_zone_lookup.csv"
"$work/venv/bin/snapshots" list | tee listing
grep -q 265 listing || { echo 'The list does not show the 265 rows.' >&2; exit 1; }
# In a narrow terminal texts are shortened, with a sign that is not ASCII.
COLUMNS=60 "$work/venv/bin/snapshots" list | grep -q '…' || { echo 'The list is not shortened.' >&2; exit 1; }

# The service, with the files that its pages are made of.
"$work/venv/bin/snapshots" serve --port 0 2>served &
service=$!
trap 'kill "$service"; rm -rf "$work"' EXIT
"$work/venv/bin/python" - "$service" <<'END'
import os, re, sys, time, urllib.request

while not (found := re.search(r"http://\S+", open("served").read())):
    os.kill(int(sys.argv[1]), 0)
    time.sleep(0.05)
for path, expected in (("", "taxi_zone_lookup"), ("static/style.css", "--paper"), ("static/live.js", "EventSource")):
    with urllib.request.urlopen(found[0] + path, timeout=30) as answer:
        assert expected in answer.read().decode(), path
print(f"{found[0]} shows the import.")
END
