"""Measures the modes of an import side by side: `replace` against `append` of the same file.

python bench/modes.py
python bench/modes.py --targets postgres --rows 1000000 --runs 5
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import results  # noqa: E402
from pages import database  # noqa: E402
from process_cost import run  # noqa: E402
from snapshots import locations  # noqa: E402

LANES = {
    "append to an empty table": ("append",),
    "replace": ("replace",),
    "replace, keeping nothing for undo": ("replace", "--keep-undo", "0"),
    "replace by copying": ("replace", "--publish", "copy"),
}
"""What is measured in turn, with the options of `snapshots import`."""
HEAD = ("| database | lane | s | to append | deleted rows |", "|---|---|---:|---:|---:|")


def input_file(folder: Path, rows: int) -> Path:
    """A file of six columns, different each time, so that it is a new version."""
    path = folder / "rides.csv"
    with path.open("w", encoding="utf-8") as out:
        out.write("id,started,station,distance,price,note\n")
        for n in range(rows):
            day, minute = n % 28 + 1, n % 60
            out.write(
                f"{n},2024-01-{day:02} 12:{minute:02}:00,station {n % 977},{n % 4000 / 100:.2f},"
                f"{n % 9000 / 100:.2f},note {n}\n"
            )
    return path


def measure(name: str, rows: int, runs: int) -> Iterator[str]:
    """A line of the table for each lane."""
    seconds: dict[str, list[float]] = {lane: [] for lane in LANES}
    with ExitStack() as stack:
        url = stack.enter_context(database(name))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        path = input_file(folder, rows)
        load(url, path, "full", "append")
        for _ in range(runs):
            for lane, options in LANES.items():
                table = "fresh" if options == ("append",) else "full"
                if table == "fresh":
                    load(url, path, table, "append", limit=True)
                    execute(url, "DELETE FROM fresh")
                seconds[lane].append(load(url, path, table, *options))
                # What follows such a load is not measured.
                run(["snapshots", "prune", "--database", url, "--keep-undo", "0"])
                if table == "fresh":
                    execute(url, "DROP TABLE fresh")
                if name == "postgres":
                    execute(url, "VACUUM ANALYZE")
                    execute(url, "CHECKPOINT")
    append = median(seconds["append to an empty table"])
    for lane, found in seconds.items():
        taken = median(found)
        deleted = 0 if lane.startswith("append") else rows
        yield f"| {name} | {lane} | {taken:.2f} | {taken / append:.2f} | {deleted:,} |"


def load(url: str, path: Path, table: str, mode: str, *options: str, limit: bool = False) -> float:
    """Loads the file, and returns the seconds."""
    few = ["--limit", "1"] if limit else []
    command = [
        "snapshots", "import", str(path), "--database", url, "--table", table, "--mode", mode,
        *options, *few, "--again", "--progress", "none", "--quiet",
    ]  # fmt: skip
    begun = time.monotonic()
    run(command)
    return time.monotonic() - begun


def execute(url: str, statement: str) -> None:
    """Outside what is measured."""
    with closing(locations.target(url).connect()) as session:
        session.execute(statement)


def main() -> None:
    """See the top."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--targets", default="postgres,mysql,sqlite")
    parser.add_argument("--keep", action="store_true", help="write the results")
    given = parser.parse_args()
    table = list(HEAD)
    for name in given.targets.split(","):
        for line in measure(name, given.rows, given.runs):
            print(line, flush=True)
            table.append(line)
    if given.keep:
        command = f"python bench/modes.py --rows {given.rows} --runs {given.runs} --keep"
        title = f"Replacing {given.rows:,} rows of 6 columns"
        results.keep(
            "modes", results.Table(title, table, given.runs, results.our_version(), command)
        )


if __name__ == "__main__":
    main()
