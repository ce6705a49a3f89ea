"""Makes a Parquet file, or loads it into PostgreSQL with one tool, as that tool's manual shows it.

`load_parquet.py make ROWS FILE`, `load_parquet.py TOOL URL FILE SECONDS`. The seconds that loading
takes go into the last file. A frame is there by then, and so are the libraries.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path


def make(rows: str, file: str) -> None:
    """Rides, in row groups of 200,000."""
    import duckdb

    duckdb.sql(
        f"""COPY (SELECT i AS id, TIMESTAMP '2024-01-01' + to_seconds(i * 7) AS started,
        TIMESTAMP '2024-01-01' + to_seconds(i * 7 + i % 3600) AS ended,
        (i % 263)::INTEGER AS station, (hash(i) % 40000) / 1000.0::DOUBLE AS distance,
        ((hash(i) % 90000) / 100.0)::DECIMAL(9,2) AS price, (hash(i) % 2000) / 100.0::DOUBLE AS tip,
        i % 9 <> 0 AS paid, CASE WHEN i % 3 = 0 THEN 'note ' || hash(i) END AS note
        FROM range({rows}) t(i)) TO '{file}' (FORMAT parquet, ROW_GROUP_SIZE 200000)"""
    )


def duckdb(url: str, file: str) -> Callable[[], object]:
    """Its own copy into a database that is attached."""
    import duckdb as library
    from duckdb_extensions import import_extension

    import_extension("postgres_scanner")
    connection = library.connect()
    connection.execute("LOAD postgres_scanner")
    connection.execute(f"ATTACH '{url}' AS target (TYPE postgres)")
    statement = f"INSERT INTO target.rides SELECT * FROM read_parquet('{file}')"
    return lambda: connection.execute(statement)


def snapshots(url: str, file: str) -> Callable[[], object]:
    import snapshots as library

    return lambda: library.load(file, database=url, table="rides")


def polars(url: str, file: str) -> Callable[[], object]:
    import polars as library

    frame = library.read_parquet(file)
    address = url.replace("postgresql://", "postgresql+psycopg2://")
    return lambda: frame.write_database(
        "rides", address, if_table_exists="append", engine="sqlalchemy"
    )


def pandas(url: str, file: str) -> Callable[[], object]:
    import pandas as library
    from sqlalchemy import create_engine

    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg2://"))
    frame = library.read_parquet(file)
    return lambda: frame.to_sql("rides", engine, if_exists="append", index=False)


def snapshots_polars(url: str, file: str) -> Callable[[], object]:
    import polars as library

    import snapshots as own

    frame = library.read_parquet(file)
    return lambda: own.load(frame, database=url, table="rides")


def snapshots_pandas(url: str, file: str) -> Callable[[], object]:
    import pandas as library

    import snapshots as own

    frame = library.read_parquet(file)
    return lambda: own.load(frame, database=url, table="rides")


def main() -> None:
    """See the top."""
    tool, url, file, *into = sys.argv[1:]
    if tool == "make":
        make(url, file)
        return
    load = globals()[tool.replace("-", "_")](url, file)
    begun = time.perf_counter()
    load()
    Path(into[0]).write_text(str(time.perf_counter() - begun))


if __name__ == "__main__":
    main()
