"""Parquet files as pyarrow, polars and DuckDB write them, with a column of each type."""

import datetime as dt
import decimal
import itertools
import random
import uuid

import pyarrow as pa
import pyarrow.parquet as pq

UTC = dt.UTC
MOMENT = dt.datetime(2024, 2, 29, 23, 59, 58, 123456)
BIG = 2**64 - 1
WIDE = decimal.Decimal("12345678901234567890123456789012345.678")
NAME = uuid.UUID("12345678-1234-5678-1234-567812345678")


def column(values, kind):
    return pa.array([*values, None], kind)


def every_type(biggest=BIG):
    """A table of two rows, of which the second is NULL throughout."""
    at = [MOMENT]
    columns = {
        "yes": column([True], pa.bool_()),
        "i8": column([-128], pa.int8()),
        "i16": column([-32768], pa.int16()),
        "i32": column([-(2**31)], pa.int32()),
        "i64": column([-(2**63)], pa.int64()),
        "u8": column([255], pa.uint8()),
        "u16": column([65535], pa.uint16()),
        "u32": column([2**32 - 1], pa.uint32()),
        "u64": column([biggest], pa.uint64()),
        "half": column([0.5], pa.float16()),
        "single": column([0.1], pa.float32()),
        "double": column([-1.5e-300], pa.float64()),
        "price": column([decimal.Decimal("-0.05")], pa.decimal128(9, 2)),
        "wide": column([WIDE], pa.decimal256(40, 3)),
        "day": column([dt.date(1999, 12, 31)], pa.date32()),
        "day64": column([dt.date(1999, 12, 31)], pa.date64()),
        "clock32": column([dt.time(23, 59, 58, 120000)], pa.time32("ms")),
        "clock64": column([dt.time(23, 59, 58, 123456)], pa.time64("us")),
        "s": column([MOMENT.replace(microsecond=0)], pa.timestamp("s")),
        "ms": column([MOMENT.replace(microsecond=123000)], pa.timestamp("ms")),
        "us": column(at, pa.timestamp("us")),
        "ns": column(at, pa.timestamp("ns")),
        "zone": column([MOMENT.replace(tzinfo=UTC)], pa.timestamp("us", "Europe/Berlin")),
        "name": column(['Ärger, "a"\nb'], pa.string()),
        "large": column([""], pa.large_string()),
        "code": column(["007"], pa.string()).dictionary_encode(),
        "raw": column([b"\x00\xff"], pa.binary()),
        "four": column([b"abcd"], pa.binary(4)),
        "list": column([[1, None, 3]], pa.list_(pa.int32())),
        "shape": column(
            [{"a": 1.5, "b": 'x"y', "c": [dt.date(2024, 1, 1)]}],
            pa.struct({"a": pa.float64(), "b": pa.string(), "c": pa.list_(pa.date32())}),
        ),
        "map": column([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
        "nothing": column([None], pa.null()),
        "uuid": column([NAME.bytes], pa.uuid()),
    }
    return pa.table(columns)


def for_database(url):
    """The same, with no number that the database's integers cannot hold."""
    return every_type(2**63 - 1 if url.startswith("sqlite") else BIG)


TEXTS = {
    "yes": "true", "i8": "-128", "i16": "-32768", "i32": "-2147483648",
    "i64": "-9223372036854775808", "u8": "255", "u16": "65535", "u32": "4294967295",
    "u64": str(BIG), "half": "0.5", "single": "0.1", "double": "-1.5e-300", "price": "-0.05",
    "wide": str(WIDE), "day": "1999-12-31", "day64": "1999-12-31", "clock32": "23:59:58.120",
    "clock64": "23:59:58.123456", "s": "2024-02-29 23:59:58", "ms": "2024-02-29 23:59:58.123",
    "us": "2024-02-29 23:59:58.123456", "ns": "2024-02-29 23:59:58.123456",
    "zone": "2024-02-29 23:59:58.123456Z", "name": '"Ärger, ""a""\nb"', "large": '""',
    "code": "007", "raw": "\\x00ff", "four": "\\x61626364", "list": '"[1,null,3]"',
    "shape": '"{""a"":1.5,""b"":""x\\""y"",""c"":[""2024-01-01""]}"', "map": '"{""k"":1}"',
    "nothing": "", "uuid": str(NAME),
}  # fmt: skip
"""The first row of `every_type` as its record has it."""


def written(path, table, **how):
    pq.write_table(table, path, **how)
    return path


def orders(rows, start=0):
    """A table with numbers, prices, moments and texts."""
    numbers = range(start, start + rows)
    return pa.table(
        {
            "id": pa.array(numbers, pa.int64()),
            "price": pa.array(
                [decimal.Decimal(n % 1000) / 4 for n in numbers], pa.decimal128(9, 2)
            ),
            "at": pa.array([MOMENT + dt.timedelta(seconds=n) for n in numbers], pa.timestamp("us")),
            "name": pa.array([f"name {n}" if n % 7 else None for n in numbers]),
        }
    )


def large(path, rows=90_000, group=10_000, **how):
    """A file of more than 16 MiB, whose texts do not become shorter."""
    chance = random.Random(rows)
    texts = [chance.randbytes(100).hex() for _ in range(rows)]
    table = pa.table({"id": pa.array(range(rows)), "text": texts})
    how = {"row_group_size": group, "compression": "none", "use_dictionary": False, **how}
    return written(path, table, **how)


def backwards(path, table, **how):
    """A file whose footer has its row groups in the opposite order: the first one lies last."""
    data = written(path, table, **how).read_bytes()
    length = int.from_bytes(data[-8:-4], "little")
    footer = data[-8 - length : -8]
    lists = [at for number, kind, at in _fields(footer, 0) if (number, kind) == (4, _LIST)]
    count, kind, begin = _list_head(footer, lists[0])
    places = [begin]
    for _ in range(count):
        places.append(_skipped(footer, places[-1], kind))
    groups = [footer[start:end] for start, end in itertools.pairwise(places)]
    footer = footer[:begin] + b"".join(reversed(groups)) + footer[places[-1] :]
    path.write_bytes(data[: -8 - length] + footer + data[-8:])
    return path


_LIST, _STRUCT = 9, 12
"""Types of Thrift's compact protocol, in which footers are written."""


def _fields(data, at):
    """The number, the type and the place of each field of a struct."""
    number = 0
    while data[at]:
        step, kind = data[at] >> 4, data[at] & 15
        at += 1
        if step:
            number += step
        else:
            zigzag, at = _varint(data, at)
            number = zigzag >> 1
        yield number, kind, at
        at = _skipped(data, at, kind)


def _skipped(data, at, kind):
    """The place behind a value. Of booleans, the field itself is the value."""
    if kind == _STRUCT:
        for _, inner, place in _fields(data, at):
            at = _skipped(data, place, inner)
        return at + 1
    if kind == _LIST:
        count, inner, at = _list_head(data, at)
        for _ in range(count):
            at = _skipped(data, at, inner)
        return at
    if kind in (4, 5, 6):
        return _varint(data, at)[1]
    if kind == 8:
        length, at = _varint(data, at)
        return at + length
    return at + {1: 0, 2: 0, 3: 1, 7: 8}[kind]


def _list_head(data, at):
    count, kind = data[at] >> 4, data[at] & 15
    if count < 15:
        return count, kind, at + 1
    count, at = _varint(data, at + 1)
    return count, kind, at


def _varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at
