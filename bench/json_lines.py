"""How fast JSON Lines is read: by the kernel, and by DuckDB's and polars' readers.

    python bench/json_lines.py [--rows 400000] [--repeat 3]

Each lane is a process of its own with one thread. It reads the same file and finds the types in its
own way: from the first records, and in the second lane of the kernel from all of them, as an import
of a file up to 256 MiB does. The kernel writes rows for PostgreSQL and drops them, DuckDB sums
columns, polars makes a data frame. Seconds are those of the processor, after the libraries are
loaded, the best of the repetitions; memory is the peak of the process. The kernel's own steps
follow, over all of the file.

The other tools live in the environment of requirements/bench.lock.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import results  # noqa: E402

LANES = ("kernel", "kernel, all records", "duckdb", "polars")
STEPS = ("| step of the kernel | s | MB/s |", "|---|---:|---:|")
HEAD = ("| reader | s | duckdb / s | MB/s | peak RSS MB |", "|---|---:|---:|---:|---:|")


def make(path: Path, rows: int) -> None:
    """Taxi rides, as an API would give them."""
    rng = random.Random(26)
    with path.open("w") as file:
        for n in range(rows):
            ride = {
                "id": n,
                "vendor": rng.choice(["HV0003", "HV0005", "B02510"]),
                "picked_up": f"2024-01-{rng.randint(1, 28):02d} 12:{rng.randint(0, 59):02d}:07",
                "dropped_off": f"2024-01-{rng.randint(1, 28):02d} 13:{rng.randint(0, 59):02d}:11",
                "from_zone": rng.randint(1, 265),
                "to_zone": rng.randint(1, 265),
                "miles": rng.randint(1, 3000) / 100,
                "seconds": rng.randint(60, 7200),
                "fare": rng.randint(300, 9000) / 100,
                "tips": rng.randint(0, 900) / 100,
                "shared": rng.random() < 0.1,
                "note": None if n % 5 else f"driver {n % 1000} said \"hello\"",
            }  # fmt: skip
            file.write(json.dumps(ride, separators=(",", ":")) + "\n")


def kernel() -> Callable[[str], int]:
    """What an import does before the database: split, find names and types, convert."""
    import json_steps

    return json_steps.read


def kernel_twice() -> Callable[[str], int]:
    """The same, with names and types from all records."""
    import json_steps

    return json_steps.read_twice


def duckdb() -> Callable[[str], int]:
    """Every column is read: a count alone would read none."""
    import duckdb as library

    return partial(_in_duckdb, library)


def _in_duckdb(library, file: str) -> int:  # type: ignore[no-untyped-def]
    connection = library.connect()
    connection.execute("SET threads TO 1")
    sums = "count(*), max(id), max(vendor), max(picked_up), max(dropped_off), sum(from_zone)"
    more = "sum(to_zone), sum(miles), sum(seconds), sum(fare), sum(tips), max(shared), max(note)"
    (row,) = connection.execute(f"SELECT {sums}, {more} FROM read_ndjson('{file}')").fetchall()
    return int(row[0])


def polars() -> Callable[[str], int]:
    """An eager frame."""
    import polars as library

    return lambda file: int(library.read_ndjson(file).height)


def run(lane: str, file: str) -> None:
    lanes = {"duckdb": duckdb, "polars": polars, "kernel": kernel}
    read = lanes.get(lane, kernel_twice)()
    begun = time.process_time()
    rows = read(file)
    seconds = time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rows": rows, "seconds": seconds, "peak": peak}))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=400_000)
    arguments.add_argument("--repeat", type=int, default=3)
    arguments.add_argument("--python", default=str(HERE.parent / ".tmp/bench-venv/bin/python"))
    arguments.add_argument("--lane", nargs=2, metavar=("LANE", "FILE"))
    given = arguments.parse_args()
    if given.lane:
        run(*given.lane)
        return
    import json_steps

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rides.jsonl"
        make(file, given.rows)
        size = file.stat().st_size / 1e6
        best: dict[str, dict[str, float]] = {}
        for _ in range(given.repeat):
            for lane in LANES:
                python = sys.executable if lane.startswith("kernel") else given.python
                command = [python, str(Path(__file__)), "--lane", lane, str(file)]
                done = subprocess.run(
                    command, check=True, capture_output=True, text=True,
                    env={"POLARS_MAX_THREADS": "1", "PATH": "/usr/bin:/bin"},
                )  # fmt: skip
                found = json.loads(done.stdout)
                assert found["rows"] == given.rows, found
                if lane not in best or found["seconds"] < best[lane]["seconds"]:
                    best[lane] = found
        own = list(json_steps.steps(str(file), given.repeat))
    lines = [
        f"| {lane} | {one['seconds']:.2f} | {best['duckdb']['seconds'] / one['seconds']:.2f} |"
        f" {size / one['seconds']:.0f} | {one['peak']:.0f} |"
        for lane, one in best.items()
    ]
    print(f"{given.rows} objects, {size:.0f} MB, {results.our_version()}")
    print("\n".join([*HEAD, *lines, "", *STEPS, *own]))


if __name__ == "__main__":
    main()
