"""Values of numpy, pandas and polars in rows and frames: each is loaded as it is, or refused."""

import datetime as dt
import re
import sqlite3

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import snapshots as api
from snapshots.errors import InputError, UsageError
from tests.data_makers.parquet_files import written
from tests.support.input_files import rows as rows_of

MOMENT = dt.datetime(2024, 2, 29, 1, 2, 3)


def load(rows, url, table="t", **options):
    result = api.load(rows, database=url, table=table, max_rejects="100%", **options)
    assert result.outcome == "finished", (result.message, result.hint)
    return result.counts


def stored(url, names, table="t"):
    return rows_of(url, f"SELECT {names} FROM {table} ORDER BY _line")


def declared(url, table="t"):
    found = rows_of(url, f"SELECT name, type FROM pragma_table_info('{table}')")
    return {name: kind for name, kind in found if not name.startswith("_")}


def test_values_of_numpy_have_the_types_of_python(sqlite_url):
    row = {
        "i": np.int64(5), "u": np.uint8(7), "f": np.float32(0.5), "ok": np.bool_(True),
        "s": np.str_("x"), "day": np.datetime64("2024-02-29"),
        "at": np.datetime64("2024-02-29T01:02:03"), "list": np.array([1, 2]),
        "bytes": bytearray(b"ab"), "view": memoryview(b"ab"),
    }  # fmt: skip
    assert load([row, dict.fromkeys(row)], sqlite_url).loaded == 2
    assert declared(sqlite_url) == {
        "i": "INTEGER", "u": "INTEGER", "f": "REAL", "ok": "BOOLEAN", "s": "TEXT", "day": "DATE",
        "at": "TIMESTAMP", "list": "JSON_TEXT", "bytes": "TEXT", "view": "TEXT",
    }  # fmt: skip
    assert stored(sqlite_url, ", ".join(row))[0] == (
        5, 7, 0.5, 1, "x", "2024-02-29", "2024-02-29 01:02:03", "[1, 2]", "\\x6162", "\\x6162",
    )  # fmt: skip


def test_what_pandas_writes_for_a_missing_value_is_null(sqlite_url):
    there = {"s": "a", "at": pd.Timestamp(MOMENT), "i": 1, "day": MOMENT.date(), "j": {"a": 1}}
    gone = {"s": np.nan, "at": pd.NaT, "i": pd.NA, "day": np.float32("nan"), "j": float("nan")}
    assert load([gone, there, gone], sqlite_url).loaded == 3
    assert stored(sqlite_url, ", ".join(there)) == [
        (None,) * 5,
        ("a", "2024-02-29 01:02:03", 1, "2024-02-29", '{"a": 1}'),
        (None,) * 5,
    ]
    assert declared(sqlite_url)["at"] == "TIMESTAMP"
    frame = pd.DataFrame({"s": ["finance", None], "at": [pd.Timestamp(MOMENT), None]})
    assert load(frame.to_dict("records"), sqlite_url, "u").loaded == 2
    assert stored(sqlite_url, "s, at", "u") == [
        ("finance", "2024-02-29 01:02:03"), (None, None),
    ]  # fmt: skip


def test_nan_among_numbers_is_a_reject(sqlite_url):
    counts = load([{"f": 1.5}, {"f": float("nan")}, {"f": np.float64("nan")}], sqlite_url)
    assert (counts.loaded, counts.rejected) == (1, 2)
    assert load([{"f": float("nan")}], sqlite_url, "u").rejected == 1


def test_nanoseconds_of_a_moment_are_not_dropped(sqlite_url):
    exact, short = pd.Timestamp("2024-02-29 01:02:03.123456789"), pd.Timestamp(MOMENT)
    counts = load([{"at": exact}, {"at": short}], sqlite_url)
    assert (counts.loaded, counts.rejected) == (1, 1)
    assert [(one.line, one.code) for one in api.rejects(1, database=sqlite_url)] == [
        (1, "loses_precision")
    ]


def circle():
    made = {}
    made["own"] = made
    return made


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("a\ud800b", "invalid_encoding"),
        (["\ud800"], "invalid_encoding"),
        ({(1, 2): 3}, "not_json"),
        (circle(), "not_json"),
    ],
    ids=["surrogate", "within a list", "key", "circle"],
)
def test_a_value_that_cannot_be_written_is_a_reject(sqlite_url, value, code):
    other = {"v": "b"} if isinstance(value, str) else {"v": [1]}
    counts = load([other, {"v": value}, other], sqlite_url)
    assert (counts.loaded, counts.rejected) == (2, 1)
    (reject,) = api.rejects(1, database=sqlite_url)
    assert (reject.line, reject.code) == (2, code)


def test_values_that_python_has_not_keep_their_unit_and_digits(sqlite_url):
    values = [np.timedelta64(5, "ns"), np.timedelta64(5, "Y"), np.longdouble("1.5")]
    for number, value in enumerate(values, 1):
        done = api.load([{"a": value, "b": [value]}], table=f"t{number}", database=sqlite_url)
        assert done.counts.loaded == 1
        assert rows_of(sqlite_url, f"SELECT a, b FROM t{number}") == [
            (str(value), f'["{value}"]')
        ]  # fmt: skip


def test_members_of_json_are_those_of_python(sqlite_url):
    value = {"i": np.int64(1), "gone": pd.NaT, "bytes": b"a", "list": np.array([1.5])}
    assert load([{"v": value}], sqlite_url).loaded == 1
    assert stored(sqlite_url, "v") == [
        ('{"i": 1, "gone": null, "bytes": "\\\\x61", "list": [1.5]}',)
    ]


def test_columns_are_named_by_what_a_row_has(sqlite_url):
    assert load([{1: "a", 2: "b"}, {2: "d", 1: "c"}], sqlite_url).loaded == 2
    assert stored(sqlite_url, '"1", "2"') == [("a", "b"), ("c", "d")]
    with sqlite3.connect(":memory:") as connection:
        connection.row_factory = sqlite3.Row
        assert load(connection.execute("SELECT 1 AS id, 'x' AS name"), sqlite_url, "u").loaded == 1
    connection.close()
    assert stored(sqlite_url, "id, name", "u") == [(1, "x")]


def test_polars_columns_without_values(sqlite_url):
    frame = pl.DataFrame(
        {
            "id": [1, 2], "none": [None, None], "lists": [[], []],
            "shapes": [{"a": None, "b": [{"c": None}]}] * 2,
            "fixed": pl.Series([[None], [None]], dtype=pl.Array(pl.Null, 1)),
        }
    )  # fmt: skip
    assert load(frame, sqlite_url).loaded == 2
    assert stored(sqlite_url, "id, none, lists, shapes, fixed")[0] == (
        1, None, "[]", '{"a":null,"b":[{"c":null}]}', "[null]",
    )  # fmt: skip


def test_bytes_that_are_no_text_are_a_reject_wherever_they_are(sqlite_url):
    offsets = pa.py_buffer(np.array([0, 1, 3, 4], np.int32))
    texts = pa.Array.from_buffers(pa.string(), 3, [None, offsets, pa.py_buffer(b'a"\xffc')])
    lists = pa.ListArray.from_arrays(pa.array([0, 1, 2, 3], pa.int32()), texts)
    for name, column in {"plain": texts, "lists": lists}.items():
        table = pa.table({"id": [1, 2, 3], "v": column})
        counts = load(table, sqlite_url, name)
        assert (counts.loaded, counts.rejected) == (2, 1), name
    assert stored(sqlite_url, "id, v", "lists") == [(1, '["a"]'), (3, '["c"]')]


def periods():
    return pd.DataFrame({"a": pd.period_range("2024-01", periods=2, freq="M")})


def failing():
    def batches():
        yield pa.record_batch({"a": [1]})
        raise ValueError("the reader broke")

    return pa.RecordBatchReader.from_batches(pa.schema([("a", pa.int64())]), batches())


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: pl.DataFrame({"a": [object()]}), '"a" has objects of Python'),
        (lambda: pl.DataFrame({"a": [2**100]}, {"a": pl.Int128}), '"a" has integers of 128 bits'),
        (periods, '"a" has periods'),
        (lambda: pd.DataFrame({"a": [periods().a[0]]}, dtype=object), r"\w"),
        (lambda: pd.DataFrame([[1, 2]], columns=["a", "a"]), "a name of its own"),
        (lambda: pd.Series([1]), "This is a column.* to_frame"),
        (lambda: pl.Series([1]), "This is a column, not a frame.* to_frame"),
        (pl.DataFrame, "no columns"),
        (lambda: [{}], "no columns"),
        (lambda: pl.LazyFrame({"a": [1]}), r"collect\(\)"),
        (failing, "The frame cannot be read: the reader broke[.]"),
    ],
)
def test_what_is_no_value_is_refused_with_a_remedy(sqlite_url, made, words):
    try:
        result = api.load(made(), database=sqlite_url, table="t")
        said, hint = result.message, result.hint
    except (InputError, UsageError) as error:
        said, hint = error.message, error.hint
    assert hint
    assert re.search(words, f"{said} {hint}"), (said, hint)
    assert "Traceback" not in said


def test_a_file_with_periods_is_refused(sqlite_url, tmp_path):
    path = written(tmp_path / "t.parquet", pa.table(periods()))
    with pytest.raises(InputError, match='"a" has periods'):
        api.load(path, database=sqlite_url)
