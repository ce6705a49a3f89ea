"""Encoding `json`: objects that say what the input says, and which records they are."""

import datetime
import json
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from snapshots._native import Chunk, Converter
from snapshots.formats.kernel_json import converter_spec
from snapshots.model import Column, Contract, Dialect, Type

from .whole import converter, split, texts

HEADLESS = Dialect(header=False)
TEXT_COLUMN = Column("t", "t", Type("text"))
TEXT = st.text(st.sampled_from('ab",\\\n\r\t\x01é€😀') | st.characters(codec="utf-8"), max_size=40)
TEXT = TEXT.filter(lambda text: "\0" not in text)


def number(text):
    """The value that any reader of numbers would give."""
    return Decimal(text)


def loads(text):
    return json.loads(text, parse_int=number, parse_float=number)


def iso(moment):
    """Without zeros at the end of the fraction."""
    text = moment.isoformat()
    return text.rstrip("0") if "." in text else text


def in_utc(moment):
    return iso(moment.astimezone(datetime.UTC).replace(tzinfo=None)) + "Z"


def both(text):
    return text, text


def documents():
    simple = st.none() | st.booleans() | st.integers() | TEXT
    nested = st.recursive(simple, lambda value: st.lists(value) | st.dictionaries(TEXT, value))
    written = st.builds(json.dumps, nested, indent=st.sampled_from([None, 1]))
    return written.map(lambda text: (text, loads(text)))


ZONES = st.integers(-14 * 60, 14 * 60).map(
    lambda minutes: datetime.timezone(datetime.timedelta(minutes=minutes))
)
MOMENTS = st.datetimes(datetime.datetime(2, 1, 1), datetime.datetime(9998, 1, 1), timezones=ZONES)
VALUES = {
    "integer": st.from_regex(r"\A[+-]?[0-9]{1,18}\Z").map(lambda text: (text, number(text))),
    "decimal": st.from_regex(
        r"\A[+-]?([0-9]{1,20}(\.[0-9]{0,20})?|\.[0-9]{1,20})([eE][+-]?[0-9]{1,2})?\Z"
    ).map(lambda text: (text, number(text))),
    "float": st.floats(allow_nan=False, allow_infinity=False).map(
        lambda value: (repr(value), number(repr(value)))
    ),
    "boolean": st.sampled_from([("true", True), ("1", True), ("False", False), ("0", False)]),
    "date": st.dates().map(iso).map(both),
    "time": st.times().map(lambda time: (time.isoformat(), iso(time))),
    "timestamp": st.datetimes().map(lambda moment: (str(moment), iso(moment))),
    "timestamptz": MOMENTS.map(lambda moment: (str(moment), in_utc(moment))),
    "text": TEXT.map(both),
    "uuid": st.uuids().map(str).map(both),
    "json": documents(),
}
"""Of each type: what the input says, and what the object must."""


@st.composite
def tables(draw):
    """A contract, and rows of fields: each as the input has it, and its value."""
    kinds = draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=2, max_size=5))
    names = draw(st.lists(TEXT, min_size=len(kinds), max_size=len(kinds), unique=True))
    columns = (
        Column(name, f"c{index}", Type(kind))
        for index, (name, kind) in enumerate(zip(names, kinds, strict=True))
    )
    cells = (
        st.just(("", None)) | st.tuples(VALUES[kind], st.booleans()).map(_cell) for kind in kinds
    )
    return Contract(tuple(columns)), draw(st.lists(st.tuples(*cells), min_size=1, max_size=6))


def _cell(drawn):
    (text, value), quoted = drawn
    if quoted or not text or any(special in text for special in ',"\r\n'):
        text = '"' + text.replace('"', '""') + '"'
    return text, value


@given(tables(), st.booleans())
def test_objects_say_what_the_input_says(table, omit_nulls):
    contract, rows = table
    # A record of empty fields alone is skipped.
    rows = [row for row in rows if not {text.strip(" \t") for text, _ in row} <= {"", '""'}]
    assume(rows)
    header = [column.source for column in contract.columns]
    lines = [",".join(header), *(",".join(text for text, _ in row) for row in rows)]
    data = "".join(line + "\n" for line in lines).encode()
    spec = converter_spec(Dialect(), contract, header, "json", None, omit_nulls=omit_nulls)
    block = Converter(spec).convert(Chunk.of(data), 0, 1, len(data))
    assert (block.loaded, block.rejected) == (len(rows), 0)
    names = [column.name for column in contract.columns]
    assert [loads(line) for line in block.payload.split(b"\n")] == [
        {
            name: value
            # The JSON value `null` is a value: only an empty field is none.
            for name, (text, value) in zip(names, row, strict=True)
            if text or not omit_nulls
        }
        for row in rows
    ]
    assert [block.record(index) for index in range(len(rows))] == _places(lines)


def _places(records):
    """Line, offset and bytes of each record but the header."""
    line, offset, places = 1, 0, []
    for record in records:
        raw = record.encode()
        places.append((line, offset, raw))
        line, offset = line + 1 + raw.count(b"\n"), offset + len(raw) + 1
    return places[1:]


def objects(data, *columns, **options):
    contract = Contract(tuple(columns))
    header = [column.source for column in columns]
    spec = converter_spec(HEADLESS, contract, header, "json", None, **options)
    return Converter(spec).convert(Chunk.of(data), 0, 1, 1 << 20)


def test_values_are_written_in_one_way():
    kinds = {
        "n": Type("integer", bits=64, unsigned=True), "x": Type("decimal"), "y": Type("float"),
        "b": Type("boolean"), "d": Type("date"), "t": Type("time"), "m": Type("timestamp"),
        "z": Type("timestamptz"), "u": Type("uuid"), "j": Type("json", wire="jsonb"),
    }  # fmt: skip
    uuid = "0123ABCD-0123-0123-0123-0123456789ab"
    row = (
        "018446744073709551615,+.50,5.,TRUE,2024-02-29,01:02,2024-02-29 01:02:03.50,"
        f'2024-01-01 00:30:00+01:30,{uuid},"{{""a"":\r\n [1.0]}}"\n'
    )
    found = objects(row.encode(), *(Column(name, name, kind) for name, kind in kinds.items()))
    assert found.payload.decode() == (
        '{"n":18446744073709551615,"x":0.50,"y":5,"b":true,"d":"2024-02-29","t":"01:02:00",'
        '"m":"2024-02-29T01:02:03.5","z":"2023-12-31T23:00:00Z",'
        f'"u":"{uuid}","j":{{"a": [1.0]}}}}'
    )


def test_texts_keep_their_characters():
    found = objects('é€😀,"a""b\\\n"\n'.encode(), Column("ü", "a", Type("text")), TEXT_COLUMN)
    assert found.payload.decode() == r'{"ü":"é€😀","t":"a\"b\\\n"}'


def test_null_is_written_or_left_out():
    columns = [Column(name, name, Type("text")) for name in "abc"]
    data = b',x,\ny,"",\n'
    assert objects(data, *columns).payload.split(b"\n") == [
        b'{"a":null,"b":"x","c":null}',
        b'{"a":"y","b":"","c":null}',
    ]
    found = objects(data, *columns, omit_nulls=True)
    assert found.payload.split(b"\n") == [b'{"b":"x"}', b'{"a":"y","b":""}']


@pytest.mark.parametrize("kind", ["integer", "decimal", "float"])
@pytest.mark.parametrize("text", ["NaN", "Infinity", "-inf", "0x1", "1_0"])
def test_what_json_has_no_number_for_is_a_reject(kind, text):
    found = objects(text.encode() + b"\n", Column("n", "n", Type(kind)))
    assert found.payload == b""
    assert [code for _, _, _, code, _, _ in found.rejects()] == [
        "not_an_integer" if kind == "integer" else "not_a_number"
    ]


def test_rows_know_their_records_among_rejects_and_blank_lines():
    columns = Contract((Column("n", "n", Type("integer")), TEXT_COLUMN))
    data = b'n,t\n1,a\n\nx,b\r\n2,"two\nlines"\r\n,c'
    dialect = Dialect()
    found = []
    for chunk in split(data, dialect, chunk_size=10):
        block = converter(columns, dialect, "json").convert(chunk, 0, chunk.line, 1 << 20)
        found += [block.record(row) for row in range(block.loaded)]
    assert found == [(2, 4, b"1,a"), (5, 14, b'2,"two\nlines"'), (7, 29, b",c")]


def test_a_row_that_is_not_there():
    block = objects(b"a\n", TEXT_COLUMN)
    assert block.record(0) == (1, 0, b"a")
    with pytest.raises(IndexError, match="no row 1"):
        block.record(1)


def test_only_objects_are_indexed():
    block = converter(texts(1), HEADLESS).convert(Chunk.of(b"a\n"), 0, 1, 10)
    assert block.loaded == 1
    with pytest.raises(IndexError, match="no row 0"):
        block.record(0)


def test_objects_have_no_lineage():
    with pytest.raises(ValueError, match="no lineage"):
        converter(texts(1), HEADLESS, "json", 7)
