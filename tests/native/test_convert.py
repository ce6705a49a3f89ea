"""What the converter makes of records: encodings, rejects, limits."""

import datetime
import json
import struct
import threading
from decimal import Decimal

import pytest

from snapshots._native import Chunk, Converter
from snapshots.formats.kernel_json import converter_spec
from snapshots.model import Column, Contract, Dialect, Type

from .whole import convert, converter, split, texts

HEADLESS = Dialect(header=False)
EPOCH = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)


def contract(**kinds):
    """Columns by name; each a Type, or a Type and the column's other settings."""
    pairs = (kind if isinstance(kind, tuple) else (kind, {}) for kind in kinds.values())
    return Contract(
        tuple(
            Column(name, name, kind, **rest)
            for name, (kind, rest) in zip(kinds, pairs, strict=True)
        )
    )


def block(data, columns, encoding="text", dialect=HEADLESS, import_id=None):
    chunk = Chunk.of(data)
    return converter(columns, dialect, encoding, import_id).convert(chunk, 0, 1, 1 << 20)


def fields(payload):
    """The values of one row of binary COPY."""
    (count,) = struct.unpack_from(">h", payload)
    at, found = 2, []
    for _ in range(count):
        (length,) = struct.unpack_from(">i", payload, at)
        at += 4
        found.append(None if length < 0 else payload[at : at + length])
        at += max(length, 0)
    assert at == len(payload)
    return found


def numeric(value):
    digits, weight, sign, scale = struct.unpack_from(">HhHH", value)
    number = sum(
        Decimal(digit) * Decimal(10000) ** (weight - place)
        for place, digit in enumerate(struct.unpack_from(f">{digits}H", value, 8))
    )
    return (-number if sign else number), scale


ALL_TYPES = contract(
    flag=Type("boolean"),
    tiny=Type("integer", bits=8),
    small=Type("integer", bits=16),
    middle=Type("integer", bits=24),
    normal=Type("integer", bits=32),
    big=Type("integer"),
    single=Type("float", bits=32),
    double=Type("float"),
    exact=Type("decimal", precision=12, scale=4),
    day=Type("date"),
    clock=Type("time"),
    moment=Type("timestamp"),
    instant=Type("timestamptz"),
    words=Type("text"),
    key=Type("uuid"),
    document=Type("json"),
    binary=Type("json", wire="jsonb"),
)
UUID = "0123ABCD-0123-0123-0123-0123456789ab"
ROW = (
    f"True,-8,-16,24,+32,-64,0.5,2.83,-12345.6700,2024-02-29,01:02,1999-12-31T23:59:59.5,"
    f'2024-01-01 00:30:00.25+01:30,"a\tb\\\n\r\n""é""",{UUID},"[1, 2]","{{}}"\n'
)
TEXT = 'a\tb\\\n\r\n"é"'


def test_binary_copy():
    found = fields(block(ROW.encode(), ALL_TYPES, "postgres", import_id=7).payload)
    integers = [b"\xff\xf8", b"\xff\xf0", *(struct.pack(">i", n) for n in (24, 32))]
    assert found[:6] == [b"\x01", *integers, struct.pack(">q", -64)]
    assert found[6:8] == [struct.pack(">f", 0.5), struct.pack(">d", 2.83)]
    assert numeric(found[8]) == (Decimal("-12345.67"), 4)
    day, clock, moment, instant = (int.from_bytes(value, signed=True) for value in found[9:13])
    assert EPOCH.date() + datetime.timedelta(day) == datetime.date(2024, 2, 29)
    assert clock == 62 * 60 * 1_000_000
    moments = [EPOCH + datetime.timedelta(microseconds=value) for value in (moment, instant)]
    assert moments == [
        datetime.datetime(1999, 12, 31, 23, 59, 59, 500_000, datetime.UTC),
        datetime.datetime(2023, 12, 31, 23, 0, 0, 250_000, datetime.UTC),
    ]
    assert found[13:15] == [TEXT.encode(), bytes.fromhex(UUID.replace("-", ""))]
    assert found[15:17] == [b"[1, 2]", b"\x01{}"]
    assert found[17:] == [struct.pack(">q", 7), struct.pack(">q", 1)]


def test_tab_separated_text():
    found = block(ROW.encode(), ALL_TYPES, import_id=7).payload
    numbers = "1\t-8\t-16\t24\t32\t-64\t0.5\t2.83\t-12345.6700"
    times = "2024-02-29\t01:02:00\t1999-12-31 23:59:59.5\t2023-12-31 23:00:00.25"
    rest = 'a\\tb\\\\\\n\\r\\n"é"\t' + UUID + "\t[1, 2]\t{}\t7\t1\n"
    assert found.decode() == f"{numbers}\t{times}\t{rest}"


@pytest.mark.parametrize("encoding", ["postgres", "text", "sqlite"])
def test_null_is_an_empty_field_without_quotes(encoding):
    found = block(b'x,,""\n', texts(3), encoding)
    assert found.loaded == 1
    if encoding == "postgres":
        assert fields(found.payload) == [b"x", None, b""]
    elif encoding == "text":
        assert found.payload == b"x\t\\N\t\n"
    else:
        assert found.payload == block(b'x,,""\n', texts(3), encoding).payload


def test_words_for_null():
    columns = Contract(texts(3).columns, missing_values=("", "NA"))
    assert block(b'"",NA,"NA"\n', columns).payload == b"\\N\t\\N\t\\N\n"
    columns = Contract(texts(2).columns, missing_values=("-",))
    assert block(b",-\n", columns).payload == b"\t\\N\n"


def test_fields_are_taken_by_place():
    columns = Contract((Column("b", "b", Type("text")), Column("a", "a", Type("text"))))
    spec = converter_spec(HEADLESS, columns, ["a", "x", "b"], "text", None)
    found = Converter(spec).convert(Chunk.of(b"1,2,3\n"), 0, 1, 99)
    assert found.payload == b"3\t1\n"


def test_rejects_say_where_and_why():
    columns = contract(n=(Type("integer", bits=32), {"required": True}), t=Type("text"))
    data = b'n,t\n1,a\n12x,b\n"9\n9",c\n3000000000,d\n,e\n1\n2,"f"g\n3,\x00\n4,\xff\n5,"h\n'
    found = block(data, columns, dialect=Dialect())
    assert found.payload == b"1\ta\n"
    assert (found.records, found.loaded, found.rejected, found.skipped) == (10, 1, 9, 0)
    wide = "is outside the range of a 32-bit integer (-2147483648 to 2147483647)."
    assert found.rejects() == [
        (3, 8, "n", "not_an_integer", '"12x" is not an integer.', b"12x,b"),
        (4, 14, "n", "not_an_integer", r'"9\n9" is not an integer.', b'"9\n9",c'),
        (6, 22, "n", "out_of_range", f"3000000000 {wide}", b"3000000000,d"),
        (7, 35, "n", "missing_value", "A value is required but missing.", b",e"),
        (8, 38, None, "field_count", "The record has 1 field, the header has 2.", b"1"),
        (9, 40, None, "text_after_quote", "Text follows the closing quote of a field.", b'2,"f"g'),
        (10, 47, None, "nul_character", "The record contains a NUL character.", b"3,\x00"),
        (11, 51, None, "invalid_encoding", "The record is not valid UTF-8.", b"4,\xff"),
        (12, 55, None, "unterminated_quote", "A quoted field is not closed.", b'5,"h'),
    ]


def test_a_rejected_record_leaves_nothing_behind():
    columns = contract(a=Type("text"), b=Type("text"), n=Type("integer"))
    for encoding, rows in (("text", b"a\tb\t1\nc\td\t2\n"), ("postgres", None)):
        dirty = block(b"a,b,1\nx,y,z\nc,d,2\n", columns, encoding)
        clean = block(b"a,b,1\nc,d,2\n", columns, encoding)
        assert dirty.payload == clean.payload
        assert rows in (None, dirty.payload)


def test_constraints_are_told_with_the_value():
    columns = contract(
        year=(Type("integer"), {"minimum": "1888"}), t=(Type("text"), {"pattern": "a+"})
    )
    found = block(b"1887,a\n1888,ab\n1888,aa\n", columns)
    assert [(r[2], r[3]) for r in found.rejects()] == [
        ("year", "below_minimum"),
        ("t", "pattern_mismatch"),
    ]
    assert found.rejects()[0][4].startswith('"1887" is below the minimum')


def test_limits_stop_a_block():
    data = b"a,1\n\nb,x\nc,3\nd,4\n"
    columns = contract(t=Type("text"), n=Type("integer"))
    chunk, convert_ = Chunk.of(data, start=100, line=10), converter(columns, HEADLESS)
    by_bytes = convert_.convert(chunk, 0, 10, 1)
    assert (by_bytes.position, by_bytes.line, by_bytes.records) == (4, 11, 1)
    by_records = convert_.convert(chunk, 0, 10, 99, 2)
    assert (by_records.position, by_records.line) == (5, 12)
    assert (by_records.loaded, by_records.skipped) == (1, 1)
    stopped = convert_.convert(chunk, 0, 10, 99, None, stop_at_reject=True)
    assert (stopped.position, stopped.records, stopped.rejected) == (9, 3, 1)
    assert stopped.rejects()[0][:2] == (12, 105)
    rest = convert_.convert(chunk, stopped.position, stopped.line, 99)
    assert (rest.payload, rest.position, rest.line) == (b"c\t3\nd\t4\n", len(data), 15)
    nothing = convert_.convert(chunk, 0, 10, 99, 0)
    assert (nothing.records, nothing.position) == (0, 0)
    with pytest.raises(ValueError, match="beyond the chunk"):
        convert_.convert(chunk, len(data) + 1, 1, 99)


def test_raw_is_what_was_consumed():
    convert_ = converter(texts(2), HEADLESS)
    chunk = Chunk.of(b'a,b\r\n"x\n",y\r\n')
    assert convert_.convert(chunk, 0, 1, 1).raw() == b"a,b"
    second = convert_.convert(chunk, 5, 2, 1)
    assert second.raw() == b'"x\n",y'
    assert second.raw(2) == b'"x'
    assert convert_.convert(chunk, 0, 1, 99).raw() == b'a,b\r\n"x\n",y'


def test_the_start_of_an_input_is_no_data_wherever_a_block_begins():
    dialect = Dialect(preamble=1, rows_after_header=1)
    data = b"title\n\na,b\nint,int\n1,2\n"
    for max_records in (None, 1):
        found = convert(converter(texts(2), dialect), split(data, dialect), max_records=max_records)
        assert (found.rows, found.records, found.skipped) == ([["1", "2"]], 4, 3)


def test_a_spec_that_is_wrong():
    good = json.loads(converter_spec(HEADLESS, texts(1), ["c0"], "text", None))
    column = good["columns"][0]
    for change, message in (
        ({"fields": 0}, "no field 0"),
        ({"columns": []}, "no columns"),
        ({"encoding": "parquet"}, "unknown variant"),
        ({"extra": 1}, "unknown field"),
        ({"columns": [column | {"minimum": "x", "type": column["type"] | {"kind": "date"}}]}, "c0"),
        ({"columns": [column | {"pattern": "("}]}, "c0"),
        ({"columns": [column | {"type": column["type"] | {"kind": "float", "bits": 16}}]}, "16"),
        ({"columns": [column | {"decimal_char": "¤"}]}, "ASCII"),
    ):
        with pytest.raises(ValueError, match=message):
            Converter(json.dumps(good | change))


def test_one_converter_serves_many_threads():
    columns = contract(t=Type("text"), n=Type("integer"))
    convert_ = converter(columns, HEADLESS, "postgres")
    chunks = [Chunk.of(b"".join(b"%d,%d\n" % (n, n * m) for n in range(5000))) for m in range(4)]
    alone = [convert_.convert(chunk, 0, 1, 1 << 30).payload for chunk in chunks]
    together = [b""] * len(chunks)

    def work(index):
        together[index] = convert_.convert(chunks[index], 0, 1, 1 << 30).payload

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(chunks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


def test_a_last_record_of_two_lines_without_a_line_end_is_escaped():
    contract = Contract((Column("a", "a", Type("text")), Column("b", "b", Type("text"))))
    converter = Converter(converter_spec(Dialect(), contract, ("a", "b"), "text", None))
    chunk = Chunk.of(b'a,b\n1,"two\nlines"')
    assert converter.convert(chunk, 0, 1, 1 << 20).payload == b"1\ttwo\\nlines\n"
