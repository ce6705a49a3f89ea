"""Merges a CSV file into PostgreSQL with dlt, as its manual shows it: `merge_with_dlt.py URL FILE`.

Runs in the environment of requirements/bench.lock.
"""

from __future__ import annotations

import sys
from pathlib import Path

import dlt
from dlt.sources.filesystem import filesystem, read_csv

PIECE = 100_000


def main(url: str, file: str) -> None:
    path = Path(file)
    rows = filesystem(path.parent.as_uri(), file_glob=path.name) | read_csv(chunksize=PIECE)
    pipeline = dlt.pipeline("merge", destination=dlt.destinations.postgres(url), dataset_name="dlt")
    pipeline.run(rows.with_name("orders"), write_disposition="merge", primary_key="id")


if __name__ == "__main__":
    main(*sys.argv[1:])
