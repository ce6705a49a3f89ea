"""Frames of a program: the columns of pandas, polars and Arrow, and rows."""

import datetime as dt
import decimal
import os
import subprocess
import sys
import uuid
from collections import namedtuple

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import snapshots as api
from snapshots.errors import InputError, SnapshotsError, UsageError
from tests.data_makers.parquet_files import for_database, orders, written
from tests.support.input_files import rows as rows_of

ROWS = 3000


def frames():
    table = orders(ROWS)
    return {
        "arrow": table,
        "polars": pl.from_arrow(table),
        "pandas": table.to_pandas(types_mapper=pd.ArrowDtype),
        "numpy": table.to_pandas(),
    }


@pytest.mark.parametrize("kind", ["arrow", "polars", "pandas", "numpy"])
def test_a_frame(database, kind):
    frame = frames()[kind]
    result = api.load(frame, database=database, table="t")
    assert (result.outcome, result.counts.loaded) == ("finished", ROWS)
    assert result.record.input == "(frame)"
    (row,) = rows_of(database, "SELECT COUNT(*), COUNT(name), MAX(_line) FROM t")
    assert row == (ROWS, ROWS - ROWS // 7 - 1, ROWS)
    assert api.load(frame, database=database, table="t").outcome == "already_imported"
    assert api.load(orders(ROWS, start=1), database=database, table="t").counts.loaded == ROWS


def test_every_type(database):
    result = api.load(for_database(database), database=database, table="t")
    assert (result.counts.loaded, result.counts.rejected) == (2, 0)
    (row, _) = rows_of(database, "SELECT u64, code FROM t ORDER BY _line")
    assert (str(row[0]), row[1]) == (
        str(2**63 - 1 if database.startswith("sqlite") else 2**64 - 1),
        "007",
    )


def test_a_relation_and_a_reader(sqlite_url):
    made = orders(ROWS)
    relation = duckdb.sql("SELECT * FROM made")
    assert api.load(relation, database=sqlite_url, table="t").counts.loaded == ROWS
    reader = pa.RecordBatchReader.from_batches(made.schema, made.to_batches(max_chunksize=100))
    assert api.load(reader, database=sqlite_url, table="u").counts.loaded == ROWS


def test_rows(database):
    moment = dt.datetime(2024, 1, 2, 3, 4, 5, 678900)
    row = {
        "id": 1, "rate": 0.1, "ok": True, "at": moment, "zone": moment.replace(tzinfo=dt.UTC),
        "day": moment.date(), "clock": moment.time(), "price": decimal.Decimal("1.50"),
        "name": 'a "b", c', "code": "007", "shape": {"k": [1, None]}, "key": uuid.UUID(int=7),
    }  # fmt: skip
    rows = [row, dict.fromkeys(row), {"id": 3}]
    assert api.load(rows, database=database, table="t").counts.loaded == 3
    found = rows_of(database, "SELECT id, code, name, price FROM t ORDER BY _line")
    assert [(one[0], one[1], one[2]) for one in found] == [
        (1, "007", 'a "b", c'), (None, None, None), (3, None, None),
    ]  # fmt: skip
    assert float(found[0][3]) == 1.5
    assert api.load(rows, database=database, table="t").outcome == "already_imported"
    assert api.load(iter([(4, "d")]), database=database, table="n").counts.loaded == 1
    point = namedtuple("point", "x y")
    assert api.load([point(1, 2)], database=database, table="p").counts.loaded == 1
    assert rows_of(database, "SELECT x, y FROM p") == [(1, 2)]
    assert rows_of(database, "SELECT column_1, column_2 FROM n") == [(4, "d")]


def test_a_generator_of_many_rows(sqlite_url):
    rows = ({"id": n, "name": "x" * 100} for n in range(300_000))
    assert api.load(rows, database=sqlite_url, table="t").counts.loaded == 300_000
    assert rows_of(sqlite_url, "SELECT SUM(id) FROM t") == [(300_000 * 299_999 // 2,)]


def test_limits_modes_contracts_and_rejects(database):
    frame = pl.DataFrame({"id": [1, 2, 3, 4], "share": [0.5, float("nan"), 2.0, None]})
    contract = {
        "fields": [
            {"name": "id", "type": "integer"},
            {"name": "share", "type": "number", "constraints": {"maximum": 1}},
        ]
    }
    result = api.load(frame, database=database, table="t", contract=contract)
    assert (result.counts.loaded, result.counts.rejected) == (2, 2)
    assert [one.line for one in api.rejects(1, database=database)] == [2, 3]
    result = api.load(frame, database=database, table="l", limit=1)
    assert (result.outcome, result.counts.records) == ("limited", 1)
    key = {"table": "u", "mode": "upsert", "primary_key": ("id",), "database": database}
    assert api.load(pl.DataFrame({"id": [1], "a": ["x"]}), **key).record.inserted == 1
    done = api.load(pl.DataFrame({"id": [1, 2], "a": ["y", "z"]}), **key)
    assert (done.record.inserted, done.record.updated) == (1, 1)
    assert api.undo(done.record.import_id, database=database).restored == 1
    dry = api.load(frame, database=database, table="d", dry_run=True)
    assert dry.outcome == "dry_run"


def test_what_cannot_be_loaded(sqlite_url):
    def refused(frame, error=UsageError, **options):
        with pytest.raises(error) as caught:
            api.load(frame, database=sqlite_url, **{"table": "t", **options})
        assert caught.value.hint
        return f"{caught.value.message} {caught.value.hint}"

    assert "Name the table" in refused(orders(1), table=None)
    assert "type int" in refused(5)
    assert "one row" in refused({"a": 1})
    assert "no rows" in refused([], InputError)
    assert "dicts or tuples" in refused(["text"], InputError)
    assert "which the first row lacks" in refused([{"a": 1}, {"b": 2}], InputError)
    assert "not like the first one" in refused([(1, 2), (1,)], InputError)
    assert "LazyFrame" in refused(pl.LazyFrame({"a": [1]}))
    assert "intervals" in refused(pl.DataFrame({"a": [dt.timedelta(1)]}), InputError)
    assert "U+001E" in refused(pl.DataFrame({"a": ["\x1e"]}), InputError)
    mixed = pd.DataFrame({"a": [1, "x", object()]})
    assert "values of one type" in refused(mixed, InputError)


def test_what_a_frame_lacks(sqlite_url, tmp_path):
    """It cannot be opened again by number, and its counts alone are verified."""
    code = f"""
import snapshots, pyarrow as pa
snapshots.load(pa.table({{"a": list(range(200000))}}), database={sqlite_url!r}, table="t",
               chunk_size=100000)
"""
    environment = {**os.environ, "SNAPSHOTS_FAULT": "after-commit:3"}
    killed = subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    assert killed.returncode == -9
    with pytest.raises(SnapshotsError, match="cannot be reopened"):
        api.resume(1, database=sqlite_url)
    frame = pa.table({"a": list(range(200_000))})
    result = api.load(frame, database=sqlite_url, table="t")
    assert (result.outcome, result.record.import_id, result.counts.loaded) == (
        "finished",
        1,
        200_000,
    )
    assert rows_of(sqlite_url, "SELECT COUNT(DISTINCT a) FROM t") == [(200_000,)]
    assert written(tmp_path / "t.parquet", frame)
