"""Measures what short commands cost the processor: most of it is their start.

python bench/startup.py
python bench/startup.py --targets postgres --runs 20 --versus ../older/.venv/bin/snapshots
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import results  # noqa: E402
from modes import input_file  # noqa: E402
from pages import database  # noqa: E402
from process_cost import run  # noqa: E402

ROWS = 1000
LANES = {
    "`import` of 1,000 rows": ("import", "FILE", "--table", "rides", "--progress", "none"),
    "`list`": ("list",),
}
"""What is measured in turn."""


def measure(name: str, programs: list[str], runs: int) -> Iterator[str]:
    """A line of the table for each lane: the medians of the processor seconds of each program."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        urls = [stack.enter_context(database(name)) for _ in programs]
        spent: dict[tuple[str, str], list[float]] = {}
        for number in range(runs + 1):
            path = str(input_file(folder, ROWS, f"rides{number}"))
            for program, url in zip(programs, urls, strict=True):
                for lane, (command, *rest) in LANES.items():
                    given = [path if one == "FILE" else one for one in rest]
                    cost = run([program, command, *given, "--database", url, "--quiet"])
                    spent.setdefault((lane, program), []).append(cost.client_cpu)
    for lane in LANES:
        # The first of all makes the database.
        figures = " | ".join(f"{median(spent[lane, one][1:]):.3f}" for one in programs)
        yield f"| {name} | {lane} | {figures} |"


def main() -> None:
    """See the top."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--targets", default="postgres,mysql,sqlite")
    parser.add_argument("--versus", help="the command of another version, for a second column")
    parser.add_argument("--keep", action="store_true", help="write the results")
    given = parser.parse_args()
    programs = [*([given.versus] if given.versus else []), "snapshots"]
    heads = ["before", "CPU s"] if given.versus else ["CPU s"]
    table = [f"| database | command | {' | '.join(heads)} |", "|---|---|" + "---:|" * len(heads)]
    for name in given.targets.split(","):
        for line in measure(name, programs, given.runs):
            print(line, flush=True)
            table.append(line)
    if given.keep:
        versus = " --versus OLDER/snapshots" if given.versus else ""
        command = f"python bench/startup.py --runs {given.runs}{versus} --keep"
        title = "What short commands cost the processor"
        results.keep(
            "startup", results.Table(title, table, given.runs, results.our_version(), command)
        )


if __name__ == "__main__":
    main()
