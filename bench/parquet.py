"""Measures Parquet files and data frames into PostgreSQL, beside the tools that people use.

The file is beside DuckDB's own copy; frames are beside `to_sql` and `write_database`. Each runs in
a process of its own, into the table that is there.

python bench/parquet.py
python bench/parquet.py --rows 2000000 --keep
python bench/parquet.py --file --rows 4000000 --runs 5 --versus ../older/src
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import other_tools  # noqa: E402
import results  # noqa: E402
import tool_environment  # noqa: E402
from modes import database  # noqa: E402
from process_cost import Cost, middle, run  # noqa: E402
from snapshots import locations  # noqa: E402

LOAD = HERE / "load_parquet.py"
CREATE = """CREATE TABLE rides (id bigint, started timestamp, ended timestamp, station integer,
 distance double precision, price numeric(9,2), tip double precision, paid boolean, note text)"""
LANES = {
    "Parquet file: DuckDB": ("duckdb", 1),
    "Parquet file: snapshots": ("snapshots", 1),
    "polars frame: write_database": ("polars", 10),
    "polars frame: snapshots.load": ("snapshots-polars", 10),
    "pandas frame: to_sql": ("pandas", 10),
    "pandas frame: snapshots.load": ("snapshots-pandas", 10),
}
"""What is measured, and which part of the rows: the slow ones get a tenth."""
BEFORE = "Parquet file: snapshots, before"
HEAD = (
    "| lane | rows | s | rows/s | to the other tool | client CPU s | server CPU s | peak RSS MB |",
    "|---|---:|---:|---:|---:|---:|---:|---:|",
)


def cost_of(lane: str, file: Path | str, rows: int, older: str = "") -> Cost:
    """Loads the file once, with one tool, into a new server. `older`: the package's folder, if it
    is another version's."""
    with database("postgres") as (url, pid), tempfile.TemporaryDirectory() as state:
        target = locations.target(url)
        with closing(target.connect()) as session:
            session.execute(CREATE)
        python = sys.executable if lane.startswith("snapshots") else str(tool_environment.PYTHON)
        seconds = Path(state) / "seconds"
        cost = run(
            [python, str(LOAD), lane, url, str(file), str(seconds)],
            server_pid=pid,
            env={
                **os.environ,
                "SNAPSHOTS_STATE_DIR": state,
                **({"PYTHONPATH": older} if older else {}),
            },
        )
        cost = replace(cost, seconds=float(seconds.read_text()))
        with closing(target.connect()) as session:
            ((found,),) = session.execute("SELECT COUNT(*) FROM rides")
        if found != rows:
            raise SystemExit(f"{lane}: {found} rows, not {rows}")
        return cost


def main() -> None:
    """See the top."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--file", action="store_true", help="measure no frames")
    parser.add_argument("--versus", default="", help="a folder with the package of another version")
    parser.add_argument("--keep", action="store_true", help="write the results")
    given = parser.parse_args()
    if problem := tool_environment.install():
        raise SystemExit(f"the other tools cannot be installed: {problem}")
    lanes = dict(list(LANES.items())[:2]) if given.file else dict(LANES)
    if given.versus:
        first = "Parquet file: DuckDB"
        lanes = {first: lanes[first], BEFORE: ("snapshots", 1)} | lanes
    table, base = list(HEAD), 0.0
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for part in {part for _, part in lanes.values()}:
            files[part] = Path(folder) / f"{part}.parquet"
            run(
                [
                    str(tool_environment.PYTHON),
                    str(LOAD),
                    "make",
                    str(given.rows // part),
                    str(files[part]),
                ]
            )
        costs: dict[str, list[Cost]] = {title: [] for title in lanes}
        for _ in range(given.runs):
            for title, (lane, part) in lanes.items():
                older = given.versus if title == BEFORE else ""
                costs[title].append(cost_of(lane, files[part], given.rows // part, older))
        for title, (lane, part) in lanes.items():
            rows, cost = given.rows // part, middle(costs[title])
            ours = lane.startswith("snapshots")
            versus = f"{base / cost.seconds:.2f}" if ours else ""
            base = base if ours else cost.seconds
            cells = [
                title, f"{rows:,}", f"{cost.seconds:.2f}", f"{rows / cost.seconds:,.0f}", versus,
                f"{cost.client_cpu:.2f}", f"{cost.server_cpu or 0:.2f}",
                f"{cost.peak_rss / 1e6:.0f}",
            ]  # fmt: skip
            table.append(f"| {' | '.join(cells)} |")
            print(table[-1], flush=True)
    if given.keep:
        command = f"python bench/parquet.py --rows {given.rows} --runs {given.runs} --keep"
        title = f"Parquet and frames into PostgreSQL: {given.rows:,} rows of 9 columns"
        versions = f"{results.our_version()}, {other_tools._versions()}"
        notes = (
            "The seconds are those of loading: libraries are imported and frames are read by then."
            " The processor time of the client has all of it.",
        )
        table_of = results.Table(title, table, given.runs, versions, command, notes)
        results.keep("parquet", table_of)


if __name__ == "__main__":
    main()
