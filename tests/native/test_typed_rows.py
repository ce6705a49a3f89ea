"""Values beside the text of records: chunks and rows are the same with and without them."""

import datetime as dt
import decimal
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from snapshots._native import Chunk, Converter, Frame, ParquetFile, Splitter, TypedRows
from snapshots.model import Dialect, Type
from snapshots.plain import plain
from snapshots.sources.columnar import schema_of
from tests.data_makers.parquet_files import every_type

RECORDS = Dialect(terminator="rs", header=False)
LIMITS = (
    "minimum", "maximum", "exclusive_minimum", "exclusive_maximum", "min_length", "max_length",
    "pattern", "enum", "true_values", "false_values", "group_char", "missing_values",
)  # fmt: skip


def converter(columns, kinds, encoding="postgres", *, lineage=True, **limits):
    """`kinds`: the type of each column of the table, which need not be that of the values."""
    return Converter(
        json.dumps(
            {
                "dialect": plain(
                    replace(RECORDS, ragged="trim" if len(columns) == 1 else "reject")
                ),
                "encoding": encoding,
                "fields": len(columns),
                "columns": [
                    {
                        "field": field,
                        "name": column.name,
                        "type": plain(kind),
                        "format": "default",
                        "required": column.required,
                        "decimal_char": ".",
                        "bare_number": True,
                        **dict.fromkeys(LIMITS),
                        **limits,
                    }
                    for field, (column, kind) in enumerate(zip(columns, kinds, strict=True))
                ],
                "lineage": {"import_id": 7} if lineage else None,
                "omit_nulls": False,
                "rules": [],
            }
        )
    )


def cut(stream, typed, size=5000):
    dialect = json.dumps(plain(RECORDS))
    splitter = Splitter(dialect, size, rows=typed)
    chunks = [chunk for piece in stream() for chunk in splitter.feed(piece)]
    return [*chunks, *splitter.finish()]


def blocks(convert, chunks, block_bytes, **how):
    for chunk in chunks:
        position, line = 0, chunk.line
        while position < len(chunk):
            block = convert.convert(chunk, position, line, block_bytes, **how)
            position, line = block.position, block.line
            yield block.of_values, (
                bytes(block.view()), block.records, block.loaded, block.rejected, position, line,
                block.rejects(), block.start, block.first_line, block.raw(),
            )  # fmt: skip


def require_same(convert, chunks, block_bytes=1 << 20, **how):
    """Compares rows with those made of the text alone. Returns how many rows were made of values
    (True), and how many of the text (False)."""
    texts = [Chunk.of(bytes(chunk), chunk.start, chunk.line) for chunk in chunks]
    found = list(blocks(convert, chunks, block_bytes, **how))
    as_text = list(blocks(convert, texts, block_bytes, **how))
    assert not any(of_values for of_values, _ in as_text)
    assert [block for _, block in found] == [block for _, block in as_text]
    return {kind: sum(block[2] for how, block in found if how is kind) for kind in (True, False)}


def of_frame(table, size=5000):
    reading = Frame(table.__arrow_c_stream__())
    columns = schema_of(reading.columns()).columns
    typed = TypedRows()
    return columns, cut(lambda: reading.records(typed), typed, size)


def of_file(table, path, size=5000, **how):
    pq.write_table(table, path, **how)
    with path.open("rb") as file:
        parquet = ParquetFile(file.fileno())
        columns = schema_of(parquet.columns()).columns
        typed = TypedRows()
        return columns, cut(lambda: parquet.records(typed=typed), typed, size)


EDGES = {
    pa.bool_(): [True, False],
    pa.int8(): [-128, 127, 0],
    pa.int16(): [-32768, 32767, 0],
    pa.int32(): [-(2**31), 2**31 - 1, 40_000, 0],
    pa.int64(): [-(2**63), 2**63 - 1, 2**31, 0],
    pa.uint8(): [255, 0],
    pa.uint32(): [2**32 - 1, 0],
    pa.uint64(): [2**64 - 1, 2**63, 0],
    pa.float32(): [0.1, -0.0, 3.4e38, 1e-45, float("nan"), float("inf")],
    pa.float64(): [0.1, -0.0, 1e300, 5e-324, 1e16, 123456789.123, float("nan"), float("-inf")],
    pa.decimal128(9, 2): [decimal.Decimal(text) for text in ("0.00", "-0.05", "9999999.99", "1")],
    pa.decimal128(38, 10): [decimal.Decimal(text) for text in ("1e27", "-0.0000000001", "12.5")],
    pa.date32(): [dt.date(1, 1, 1), dt.date(9999, 12, 31), dt.date(2024, 2, 29)],
    pa.time64("us"): [dt.time(23, 59, 59, 999999), dt.time(0, 0)],
    pa.time32("s"): [dt.time(1, 2, 3)],
    pa.timestamp("us"): [dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999999)],
    pa.timestamp("s"): [dt.datetime(1969, 12, 31, 23, 59, 59)],
    pa.timestamp("ms", "UTC"): [dt.datetime(1969, 12, 31, 23, 59, 59, 1000, dt.UTC)],
    pa.timestamp("ns"): [dt.datetime(2024, 1, 1, microsecond=1), 7, -(2**63)],
    pa.string(): ["", "a", "a,b", 'say "a"', "\n", "é" * 20, "x" * 300, "\0", "7", "true"],
    pa.binary(): [b"", b"\x00\xff"],
}
TARGETS = [
    Type("boolean"), Type("integer", bits=16), Type("integer", bits=32), Type("integer", bits=64),
    Type("float", bits=32), Type("float", bits=64), Type("decimal"),
    Type("decimal", precision=9, scale=2), Type("date"), Type("time"), Type("timestamp"),
    Type("timestamptz"), Type("text"), Type("text", max_chars=20), Type("json"), Type("uuid"),
]  # fmt: skip


def arrays(kind, rows):
    values = st.sampled_from(EDGES[kind])
    if pa.types.is_integer(kind):
        low = 0 if str(kind).startswith("u") else -(2 ** (kind.bit_width - 1))
        values |= st.integers(low, low + 2**kind.bit_width - 1)
    elif pa.types.is_floating(kind):
        values |= st.floats(width=kind.bit_width)
    elif pa.types.is_string(kind):
        values |= st.text(st.characters(exclude_characters="\x1e", exclude_categories=["Cs"]))
    elif pa.types.is_timestamp(kind) or pa.types.is_time(kind):
        values |= st.integers(0, 86_399)
    column = st.lists(st.none() | values, min_size=rows, max_size=rows)
    return column.map(lambda held: pa.array(held, kind))


@st.composite
def tables(draw):
    rows = draw(st.integers(1, 30))
    kinds = draw(st.lists(st.sampled_from(list(EDGES)), min_size=1, max_size=5))
    columns = {f"c{index}": draw(arrays(kind, rows)) for index, kind in enumerate(kinds)}
    return pa.table(columns)


@given(
    table=tables(),
    data=st.data(),
    size=st.integers(1, 400),
    block=st.integers(1, 300),
    lineage=st.booleans(),
)
@settings(max_examples=400, deadline=None)
def test_rows_of_values_are_those_of_the_text(table, data, size, block, lineage):
    """Tables of the same types and of others, so that many records are rejected."""
    columns, chunks = of_frame(table, size)
    kinds = [data.draw(st.just(column.type) | st.sampled_from(TARGETS)) for column in columns]
    convert = converter(columns, kinds, lineage=lineage)
    require_same(convert, chunks, block)
    require_same(convert, chunks, block, max_records=2)
    require_same(convert, chunks, stop_at_reject=True)


@pytest.mark.parametrize("encoding", ["postgres", "text", "mariadb", "sqlite"])
def test_every_type_of_a_file(tmp_path, encoding):
    table = pa.concat_tables([every_type(7)] * 400)
    columns, chunks = of_file(table, tmp_path / "t.parquet", 100_000, row_group_size=123)
    convert = converter(columns, [column.type for column in columns], encoding)
    of_values = encoding == "postgres"
    assert require_same(convert, chunks) == {of_values: 800, not of_values: 0}


@pytest.mark.parametrize(
    ("limits", "loaded", "of_values"),
    [({"maximum": "50"}, 51, True), ({"required": True}, 100, True),
     ({"missing_values": ["7"]}, 100, False)],
)  # fmt: skip
def test_what_a_contract_asks_for_is_checked(limits, loaded, of_values):
    """Texts that mean NULL are compared with texts."""
    table = pa.table({"a": pa.array([*range(100), *([None] if "required" in limits else [])])})
    columns, chunks = of_frame(table)
    found = require_same(converter(columns, [columns[0].type], **limits), chunks, 64)
    assert sum(found.values()) == loaded
    assert (found[True] > 0) is of_values


def test_memory_does_not_grow_where_nobody_takes_the_values():
    """The first splitter is fed nothing, as the bytes before a gap are not. The chunks that lack
    the values of their records have their text."""
    table = pa.table({"a": pa.array(range(100_000))})
    reading = Frame(table.__arrow_c_stream__())
    columns = schema_of(reading.columns()).columns
    typed = TypedRows()
    idle = Splitter(json.dumps(plain(RECORDS)), 1, rows=typed)
    chunks = cut(lambda: reading.records(typed), None)
    assert idle.finish() == []
    convert = converter(columns, [columns[0].type])
    found = require_same(convert, chunks)
    assert found[False] > 90_000, found
