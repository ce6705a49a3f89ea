"""Loads a CSV file into PostgreSQL with another tool, as that tool's manual shows it.

Runs in the environment of requirements/bench.lock: `load_with_tool.py TOOL URL FILE`.
"""

from __future__ import annotations

import sys
from pathlib import Path

TIMES = ["request_datetime", "on_scene_datetime", "pickup_datetime", "dropoff_datetime"]
PIECE = 100_000
"""Rows that pandas holds at a time."""


def duckdb(url: str, file: str) -> None:
    """Into the table that is there."""
    import duckdb as library
    from duckdb_extensions import import_extension

    import_extension("postgres_scanner")
    connection = library.connect()
    connection.execute("LOAD postgres_scanner")
    connection.execute(f"ATTACH '{url}' AS target (TYPE postgres)")
    connection.execute(f"INSERT INTO target.rides SELECT * FROM read_csv('{file}')")


def dlt(url: str, file: str) -> None:
    """Into a table of its own making, in a schema of its own."""
    import dlt as library
    from dlt.sources.filesystem import filesystem, read_csv

    path = Path(file)
    rows = filesystem(path.parent.as_uri(), file_glob=path.name) | read_csv(chunksize=PIECE)
    pipeline = library.pipeline(
        "bench", destination=library.destinations.postgres(url), dataset_name="dlt"
    )
    pipeline.run(rows.with_name("rides"))


def pandas(url: str, file: str) -> None:
    """Into the table that is there."""
    import pandas as library
    from sqlalchemy import create_engine

    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg2://"))
    for piece in library.read_csv(file, chunksize=PIECE, parse_dates=TIMES):
        piece.to_sql("rides", engine, if_exists="append", index=False)


if __name__ == "__main__":
    {"duckdb": duckdb, "dlt": dlt, "pandas": pandas}[sys.argv[1]](*sys.argv[2:])
