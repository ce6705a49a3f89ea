#!/usr/bin/env bash
# Writes requirements/*.lock from pyproject.toml: every platform and Python version at once, with
# hashes, and without a word about where the packages were fetched from.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
"${PYTHON:-python3}" -m venv "$tools"
"$tools/bin/python" -m pip install --quiet --disable-pip-version-check uv

compile() {
  "$tools/bin/uv" pip compile --quiet --upgrade --universal --python-version 3.11 \
    --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links "$@"
}

compile pyproject.toml -o requirements/runtime.lock
compile pyproject.toml --all-extras --group dev -c requirements/runtime.lock -o requirements/dev.lock
# The image has no Ray: it is large, and a cluster has an image of its own.
compile pyproject.toml --extra otel --extra stores --extra sftp --extra combocurve --extra sqlserver \
  -c requirements/dev.lock -o requirements/image.lock
compile requirements/bench.in -o requirements/bench.lock
