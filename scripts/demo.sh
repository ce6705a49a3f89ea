#!/usr/bin/env bash
# A tour in its own folder: real data, a file with one of each possible mistake, two versions of a
# table, and the account of all.
set -euo pipefail
cd "$(dirname "$0")/.."
data=$PWD/examples/data
export PATH="$PWD/.venv/bin:$PATH"

rm -rf .tmp/demo
mkdir -p .tmp/demo
cd .tmp/demo
export HOME="$PWD/home" XDG_STATE_HOME="$PWD/state"
unset SNAPSHOTS_DATABASE SNAPSHOTS_STATE_DIR
mkdir -p "$HOME"
cp "$data"/*.csv "$data"/*.json .

say() { printf '\n# %s\n' "$*"; }

# run EXPECTED COMMAND...: shows the command, runs it, and insists on its exit code.
run() {
  local expected=$1 code=0
  shift
  printf '\n$ %s\n' "$*"
  "$@" || code=$?
  if [ "$code" -ne "$expected" ]; then
    echo "demo: exit code $code, expected $expected" >&2
    exit 1
  fi
}

say 'Import two real files into a SQLite database. The first import creates it.'
run 0 snapshots import fhvhv_tripdatasample_2020-04.csv taxi+_zone_lookup.csv

say 'Import the same files again: snapshots knows their content and loads nothing twice.'
run 5 snapshots import fhvhv_tripdatasample_2020-04.csv taxi+_zone_lookup.csv

say 'Import invented orders with a dozen mistakes, using a contract. Exit code 3: some were rejected.'
run 3 snapshots import orders_2024-02.csv --contract orders.schema.json --encoding utf-8 \
  --max-rejects 75%

say 'List the imports, and the rejected records with their reasons.'
run 0 snapshots list
run 0 snapshots rejects 3

say 'Import two versions of a table, compare them, and undo the second.'
run 0 snapshots import snapshot_20230101.csv snapshot_20230603.csv --mode history --primary-key user_id
run 0 snapshots diff 4 5
run 0 snapshots undo 5

printf '\nThe database is .tmp/demo/snapshots.db\n'
