"""What the kernel alone takes to read, cut and convert a Parquet file: seconds of processor time.

python bench/parquet_kernel.py rides.parquet [read|cut|all]
"""

from __future__ import annotations

import json
import sys
import time
from itertools import chain
from pathlib import Path

from kernel import _column
from snapshots._native import Converter, ParquetFile, Splitter, TypedRows
from snapshots.model import Dialect
from snapshots.plain import plain
from snapshots.sources.columnar import schema_of

RECORDS = Dialect(terminator="rs", header=False)
CHUNK = 8 << 20
BLOCK = 1 << 20


def main(file: str, steps: str = "all") -> None:
    with Path(file).open("rb") as opened:
        parquet = ParquetFile(opened.fileno())
    columns = schema_of(parquet.columns()).columns
    dialect = plain(RECORDS)
    spec = {
        "dialect": dialect,
        "encoding": "postgres",
        "fields": len(columns),
        "columns": [_column(at, one.name, one.type) for at, one in enumerate(columns)],
        "lineage": None,
        "omit_nulls": False,
        "rules": [],
    }
    converter, typed = Converter(json.dumps(spec)), TypedRows()
    splitter = Splitter(json.dumps(dialect), CHUNK, rows=typed)
    begun, loaded = time.process_time(), 0
    for piece in chain(parquet.records(0, 1, typed), (None,)):
        if steps == "read":
            continue
        for chunk in splitter.finish() if piece is None else splitter.feed(piece):
            position, line = 0, chunk.line
            while steps == "all" and position < len(chunk):
                block = converter.convert(chunk, position, line, BLOCK)
                position, line = block.position, block.line
                loaded += block.loaded
    print(f"{steps}: {time.process_time() - begun:.3f} s, {loaded} rows")


if __name__ == "__main__":
    main(*sys.argv[1:])
