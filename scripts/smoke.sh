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
bin=$work/venv/bin
[ -d "$bin" ] || bin=$work/venv/Scripts  # Windows
pip() { "$bin/python" -m pip --disable-pip-version-check "$@"; }
pip install --quiet --require-hashes --requirement requirements/runtime.lock
pip install --quiet --no-deps "$WHEEL"
pip check

cd "$work"
export HOME="$work/home" SNAPSHOTS_STATE_DIR="$work/state"
export PYTHONUTF8=1  # without a terminal, Windows writes in a code page
mkdir -p "$HOME"
"$bin/snapshots" --version
"$bin/snapshots" import "$root/examples/data/taxi+_zone_lookup.csv"
"$bin/snapshots" list | tee listing
grep -q 265 listing || { echo 'The list does not show the 265 rows.' >&2; exit 1; }
# In a narrow terminal texts are shortened, with a sign that is not ASCII.
COLUMNS=60 "$bin/snapshots" list | grep -q '…' || { echo 'The list is not shortened.' >&2; exit 1; }

# The service, with the files that its pages are made of.
"$bin/python" - "$bin/snapshots" <<'END'
import re, subprocess, sys, time, urllib.request

with open("served", "w") as said:
    service = subprocess.Popen([sys.argv[1], "serve", "--port", "0"], stderr=said)
try:
    while not (found := re.search(r"http://\S+", open("served").read())):
        assert service.poll() is None, "The service has ended."
        time.sleep(0.05)
    for path, expected in (("", "taxi_zone_lookup"), ("static/style.css", "--paper"), ("static/live.js", "EventSource")):
        with urllib.request.urlopen(found[0] + path, timeout=30) as answer:
            assert expected in answer.read().decode(), path
    print(f"{found[0]} shows the import.")
finally:
    service.kill()
    service.wait()
END
