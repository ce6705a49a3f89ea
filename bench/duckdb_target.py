"""Imports a file into DuckDB, and has DuckDB load it by itself: `python bench/duckdb_target.py`."""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_OWN = """
import duckdb
duckdb.connect('own.duckdb').execute("CREATE TABLE t AS SELECT * FROM read_csv('rows.csv')")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_500_000)
    parser.add_argument("--runs", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        _make(Path("rows.csv"), given.rows)
        load = [sys.executable, "-m", "snapshots", "import", "rows.csv", "--progress", "none"]
        for _ in range(given.runs):
            _measure("CREATE TABLE AS", [sys.executable, "-c", _OWN], "own.duckdb")
            to = ["--database", "ours.duckdb", "--table", "t"]
            _measure("snapshots import", [*load, *to], "ours.duckdb")
            small = [*load, *to, "--chunk-size", "8MB"]
            _measure("snapshots import --chunk-size 8MB", small, "ours.duckdb")


def _make(path: Path, rows: int) -> None:
    with path.open("w") as file:
        file.write("id,name,price,at,ok,day,f\n")
        for n in range(rows):
            truth = "true" if n % 2 else "false"
            file.write(
                f'{n},"name, {n}",{n % 1000}.25,2024-01-01 00:00:{n % 60:02d},{truth},'
                f"2024-02-{n % 28 + 1:02d},{n / 8}\n"
            )


def _measure(what: str, command: list[str], database: str) -> None:
    for name in (database, f"{database}.wal"):
        Path(name).unlink(missing_ok=True)
    before, began = _processor_time(), time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    seconds, busy = time.monotonic() - began, _processor_time() - before
    load = os.getloadavg()[0]
    print(f"{what}: {seconds:.2f} s, {busy:.2f} s of processor time; load {load:.0f}", flush=True)


def _processor_time() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
