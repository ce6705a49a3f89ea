"""What stands after an escape, and what becomes of both; and texts that mean NULL beside it."""

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from snapshots._native import Chunk, Records, Scanner
from snapshots.formats.kernel_json import dialect_json
from snapshots.model import Column, Contract, Dialect, Type
from tests.support.examples import examples

from . import reference
from .test_properties import DIALECTS, INPUTS
from .whole import convert, converter, split, texts

GIVEN = Dialect(header=False, escape="\\")
DETECTED = replace(GIVEN, escape_unquoted=False)
OTHERS = "aNntrbu0'/;#^ éẞ😀\t\x7f"
"""Characters before which an escape is data."""


def fields(data, dialect):
    return [
        None if found is None else [field.decode() for field in found]
        for _, _, found in Records.parse(data.encode(), dialect_json(dialect), 99)
    ]


@pytest.mark.parametrize("dialect", [GIVEN, DETECTED, replace(GIVEN, escape="^")])
@pytest.mark.parametrize("other", OTHERS)
def test_before_anything_else_it_is_data(dialect, other):
    escape = dialect.escape
    if other == escape:
        return
    text = f"x{escape}{other}"
    assert fields(f'{text},{text}y\n"{text}y",z\n', dialect) == [
        [text, text + "y"],
        [text + "y", "z"],
    ]
    assert fields(f'"{text}",{text}', dialect) == [[text, text]]


@pytest.mark.parametrize("escape", ["\\", "^"])
@pytest.mark.parametrize("meant", [",", '"', "\n", "\r\n", "\r", "ESCAPE"])
def test_before_what_has_a_meaning_it_goes(escape, meant):
    meant = meant.replace("ESCAPE", escape)
    given = replace(GIVEN, escape=escape)
    text = f"x{escape}{meant}y"
    assert fields(f'"{text}",1\n', given) == [[f"x{meant}y", "1"]]
    assert fields(f"{text},1\n", given) == [[f"x{meant}y", "1"]]
    assert fields(f'"{text}",1\n', replace(given, escape_unquoted=False)) == [[f"x{meant}y", "1"]]


def test_a_detected_one_is_data_where_there_are_no_quotes():
    data = 'C:\\new\\,a\\"b,"c\\"d"\nx\\\ny\\\\,\\N,z\n'
    assert fields(data, DETECTED) == [["C:\\new\\", 'a\\"b', 'c"d'], ["x\\"], ["y\\\\", "\\N", "z"]]
    assert fields(data, GIVEN) == [['C:\\new,a"b', 'c"d'], ["x\ny\\", "\\N", "z"]]


def test_without_quotes_a_detected_one_means_nothing():
    assert fields('a\\,"b\\\n', replace(DETECTED, quote=None)) == [["a\\", '"b\\']]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ('"a\\\\",b', [["a\\", "b"]]),
        ('"a\\\\\\"",b', [['a\\"', "b"]]),
        ('"\\\\""\\"""",b', [['\\"""', "b"]]),
        ("a\\\\\\,b,c", [["a\\,b", "c"]]),
        ("a\\\\,b", [["a\\", "b"]]),
        ("a\\\\\r\nb\r\n", [["a\\"], ["b"]]),
        ("a\\\r\nb\r\nc", [["a\r\nb"], ["c"]]),
        ("a\\\rb\nc", [["a\rb"], ["c"]]),
        ("a\\\\\nb", [["a\\"], ["b"]]),
        ("a\\\\\\\nb", [["a\\\nb"]]),
        ("\\", [["\\"]]),
        ("\\\\", [["\\"]]),
        ('\\"a,b"', [['"a', 'b"']]),
        ('"\\', [None]),
        ('"a\\"', [None]),
        ("a\\\n", [None]),
        ("a\\\r\n", [None]),
    ],
)
def test_pairs(data, found):
    assert fields(data, GIVEN) == found


def test_after_cr_alone_a_line_feed_is_data():
    dialect = replace(GIVEN, terminator="cr")
    assert fields("a\\\nb\rc\\\rd\r", dialect) == [["a\\\nb"], ["c\rd"]]
    assert fields("a\\\r\rb\r", dialect) == [["a\r"], ["b"]]


@pytest.mark.parametrize("place", range(16 * 1024 - 4, 16 * 1024 + 4))
@pytest.mark.parametrize("pair", ["\\\\", '\\"', "\\,", "\\n", "\\é", "\\\n"])
def test_pairs_on_the_border_of_a_window(place, pair):
    """The index looks at 16 KiB at a time."""
    rows = ["x" * (place - 4) + pair + "y", f'"{"x" * 50}{pair}"']
    data = f"{rows[0]},1\n{rows[1]},2\n".encode()
    text = pair[1:] if pair[1] in '\\",\n' else pair
    found = convert(converter(texts(2), GIVEN), split(data, GIVEN))
    assert found.rows == [["x" * (place - 4) + text + "y", "1"], ["x" * 50 + text, "2"]]


@pytest.mark.parametrize("encoding", ["postgres", "text", "mariadb", "json"])
@pytest.mark.parametrize("kind", ["text", "json", "integer"])
def test_every_encoding_gets_what_stands_in_the_input(encoding, kind):
    """The same rows with escapes and without them."""
    plain = Dialect(header=False)
    values = {
        "text": ["C:\\new", "\\u00e9", 'a\\b"c', "x,y", "\\N", "\\\\", "a\nb", "\\"],
        "json": ['{"a": "\\u00e9\\n"}', '"\\\\"', "[1,2]"],
        "integer": ["1", "-2", "3"],
    }[kind]
    doubled = "".join(f'"{value.replace(chr(34), chr(34) * 2)}"\n' for value in values)
    escaped = "".join(f'"{_escaped(value, chr(34))}"\n' for value in values)
    contract = Contract((Column("c", "c", Type(kind)),), ("\\N",))
    told = convert(
        converter(replace(contract, missing_values=()), plain, encoding),
        split(doubled.encode(), plain),
    )
    found = convert(converter(contract, DETECTED, encoding), split(escaped.encode(), DETECTED))
    assert found.payload == told.payload
    assert (found.loaded, found.rejected) == (len(values), 0)


def _escaped(value, more):
    return "".join("\\" + char if char in "\\" + more else char for char in value)


def test_a_reject_keeps_its_bytes_and_shows_the_value():
    data = b'1\n"x\\"\\n"\ny\\,z\n'
    found = convert(
        converter(Contract((Column("n", "n", Type("integer")),)), GIVEN), split(data, GIVEN)
    )
    assert [raw for *_, raw in found.rejects] == [b'"x\\"\\n"', b"y\\,z"]
    assert [reason for *_, reason, _ in found.rejects] == [
        '"x"\\n" is not an integer.', '"y,z" is not an integer.',
    ]  # fmt: skip


def test_what_an_escaped_line_end_leaves_open_is_named():
    dialect = replace(GIVEN, quote=None)
    found = convert(converter(texts(1), dialect), split(b"a\nC:\\dir\\\n", dialect))
    (reject,) = found.rejects
    assert reject[:2] == (2, 2)
    assert "escape" in reject[4]


@pytest.mark.parametrize(
    ("written", "null"),
    [
        (r"\N", True),
        (r'"\N"', True),
        (r"\\N", False),
        (r'"\\N"', False),
        ("N", False),
        (r"\"", False),
        (r"a\,b", False),
        ('"say ""NA"""', True),
        (r'"say \"NA\""', False),
    ],
)
def test_a_text_for_null_is_what_is_written(written, null):
    missing = ("\\N", "a,b", 'say "NA"')
    for dialect in (GIVEN, DETECTED):
        data = f"{written};x\n".encode()
        one = replace(dialect, delimiter=";")
        contract = Contract(texts(2).columns, missing)
        (row,) = convert(converter(contract, one), split(data, one)).rows
        assert (row[0] is None) == null
        scanner = Scanner(dialect_json(one), 2, list(missing))
        scanner.scan(Chunk.of(data))
        assert json.loads(scanner.evidence())["columns"][0]["nulls"] == null


def test_a_rule_takes_it_for_null_too():
    from snapshots.model import Rule

    contract = Contract(texts(2).columns, ("\\N",), rules=(Rule(any_of=("c1",)),))
    found = convert(converter(contract, GIVEN), split(b"a,\\N\nb,\\\\N\n", GIVEN))
    assert found.codes == [(1, "missing_value")]
    assert found.rows == [["b", "\\N"]]


@examples(600)
@given(
    INPUTS,
    DIALECTS,
    st.lists(st.sampled_from(["\\N", "", "a", '"', '\\"', "\\\\", "\\", "^^", "^"]), max_size=4),
    st.sampled_from([1, 7, 1 << 20]),
    st.sampled_from([1, 1 << 20]),
)
def test_nulls_and_evidence_are_those_of_the_grammar(data, dialect, missing, chunk, max_bytes):
    rows = [
        [(text, written in {one.encode() for one in missing}) for (text, _), written in
         zip(record.fields, record.written, strict=True)]
        for record in reference.records(data, dialect)
        if record.kind == "row" and len(record.fields) == 2 and _sound(data, record)
    ]  # fmt: skip
    chunks = split(data, dialect, chunk)
    contract = Contract(texts(2).columns, tuple(missing))
    found = convert(converter(contract, dialect), chunks, max_bytes=max_bytes)
    assert found.rows == [[None if null else text.decode() for text, null in row] for row in rows]
    scanner = Scanner(dialect_json(dialect), 2, missing)
    for one in chunks:
        scanner.scan(one)
    evidence = json.loads(scanner.evidence())
    assert evidence["records"] == len(rows)
    for index, column in enumerate(evidence["columns"]):
        cells = [row[index] for row in rows]
        values = [text for text, null in cells if not null and text]
        assert column["nulls"] == sum(null for _, null in cells)
        assert column["values"] == len(values)
        assert column["max_bytes"] == max(map(len, values), default=0)


def _sound(data, record):
    raw = data[record.start : record.end]
    return b"\0" not in raw and raw.decode("utf-8", "ignore").encode() == raw


VALUES = st.none() | st.text(
    st.sampled_from("ab\\\\N0,;\t\"'\n\r é😀")
    | st.characters(codec="utf-8", exclude_characters="\0"),
    max_size=8,
)


@examples(600)
@given(
    st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=6),
    st.sampled_from([("\t", ""), (",", ""), (",", '"'), (";", "'")]),
    st.sampled_from(["\\", "^"]),
    st.sampled_from([1, 50, 1 << 20]),
    st.integers(0, 9),
)
def test_what_mysql_writes_is_read(rows, style, escape, chunk_size, feed):
    r"""SELECT ... INTO OUTFILE: an escape before each special character, and \N for NULL."""
    delimiter, quote = style
    lines = [delimiter.join(_outfile(value, *style, escape) for value in row) for row in rows]
    data = "".join(line + "\n" for line in lines).encode()
    assume(not data.startswith(b"\xef\xbb\xbf"))
    # Without quotes a CR before the end of a line belongs to that.
    assume(quote or not any((row[-1] or "").endswith("\r") for row in rows))
    dialect = Dialect(delimiter=delimiter, quote=quote or None, escape=escape, header=False)
    contract = Contract(texts(2).columns, (escape + "N",))
    found = convert(converter(contract, dialect), split(data, dialect, chunk_size, feed))
    assert not found.rejects
    # What holds nothing at all is skipped.
    empty = {"", quote * 2}
    wanted = [
        list(row)
        for row, line in zip(rows, lines, strict=True)
        if not {cell.strip(" \t") for cell in line.split(delimiter)} <= empty
    ]
    assert found.rows == wanted
    assert found.skipped == len(rows) - len(wanted)


def _outfile(value, delimiter, quote, escape):
    """As `select_export::send_data` writes a field."""
    if value is None:
        return escape + "N"
    special = escape + (quote or delimiter) + "\n"
    text = "".join(escape + char if char in special else char for char in value)
    return quote + text + quote
