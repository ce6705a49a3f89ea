"""Measures imports of small files into PostgreSQL beside `psql` and its \\copy, in turn.

python bench/beside_psql.py
python bench/beside_psql.py --rows 1000,200000 --runs 5
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from modes import database, input_file  # noqa: E402
from process_cost import Cost, middle, run  # noqa: E402


def measure(rows: int, runs: int) -> str:
    """A line of the table: the medians of both, each time into a table that is there."""
    found: dict[str, list[Cost]] = {"psql": [], "snapshots": []}
    with tempfile.TemporaryDirectory() as place, database("postgres") as (url, pid):
        files = [input_file(Path(place), rows, f"rides{number}") for number in range(runs + 1)]
        ours = [
            [
                "snapshots", "import", str(path), "--table", "rides", "--database", url,
                "--quiet", "--progress", "none",
            ]
            for path in files
        ]  # fmt: skip
        run(ours[-1], server_pid=pid)
        ask = "CREATE TABLE copied AS SELECT * FROM rides LIMIT 0;"
        ask += " ALTER TABLE copied DROP COLUMN _import_id, DROP COLUMN _line"
        run(["psql", url, "-qc", ask], server_pid=pid)
        for path, command in zip(files[:-1], ours[:-1], strict=True):
            copy = ["psql", url, "-qc", f"\\copy copied FROM '{path}' CSV HEADER"]
            found["psql"].append(run(copy, server_pid=pid))
            found["snapshots"].append(run(command, server_pid=pid))
    theirs, own = middle(found["psql"]), middle(found["snapshots"])
    return (
        f"| {rows:,} | {theirs.seconds:.2f} | {own.seconds:.2f} |"
        f" {theirs.seconds / own.seconds:.2f} | {theirs.client_cpu:.2f} | {own.client_cpu:.2f} |"
        f" {theirs.server_cpu or 0:.2f} | {own.server_cpu or 0:.2f} |"
    )


def main() -> None:
    """See the top."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default="1000,200000")
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    print(
        "| rows | `psql` s | snapshots s | psql / snapshots | client CPU s, psql | snapshots |"
        " server CPU s, psql | snapshots |"
    )
    for rows in given.rows.split(","):
        print(measure(int(rows), given.runs), flush=True)


if __name__ == "__main__":
    main()
