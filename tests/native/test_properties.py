"""What must hold for any bytes at all, held against the oracle and against Python's csv."""

import csv
import io
from typing import get_args

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from snapshots._native import Records
from snapshots.formats.kernel_json import dialect_json
from snapshots.model import Column, Contract, Dialect, Type
from snapshots.row_encoding import EncodingName
from tests.support.examples import examples

from . import reference
from .whole import convert, converter, split, texts

DIALECTS = st.builds(
    Dialect,
    delimiter=st.sampled_from([",", ",", ";", "", ",;", ",,"]),
    quote=st.sampled_from(['"', "'", None]),
    escape=st.sampled_from([None, "\\", "^"]),
    escape_unquoted=st.booleans(),
    terminator=st.sampled_from(["lf", "cr", "rs"]),
    header=st.booleans(),
    preamble=st.integers(0, 2),
    rows_after_header=st.integers(0, 2),
    comment=st.sampled_from([None, "#"]),
    skip_initial_space=st.booleans(),
    max_record_size=st.sampled_from([1, 2, 5, 9, 30, 8 << 20]),
    repeated=st.sampled_from([None, None, "a,bc", "1", 'a,"\n"', '"a" ,,1,', "\ufeffa", " 1\t;a"]),
)
PIECES = st.sampled_from(
    (b",", b",", b'"', b'"', b"\n", b"\n", b"\r\n", b"\r", b"\\", b"\\", b"^", b"#", b" ",
     b"'", b";", b"a", b"bc", b"1", "é".encode(), b"\x00", b"\xff", b"\xc3", b"\xef\xbb\xbf",
     b'""', b'","')
)  # fmt: skip
KINDS = ("integer", "decimal", "float", "date", "time", "timestamp", "timestamptz", "boolean",
         "uuid", "json", "text")  # fmt: skip
INPUTS = st.lists(PIECES, max_size=60).map(b"".join)


def expected(data, dialect, fields):
    """Payload, counts and rejects by the oracle."""
    payload, skipped, rejects = b"", 0, []
    found = reference.records(data, dialect)
    for record in found:
        raw = data[record.start : record.end]
        code = record.kind
        if code == "row":
            code = _fault(raw, record.fields, fields)
        if code == "skipped":
            skipped += 1
        elif code is None:
            payload += b"\t".join(_written(*field) for field in record.fields) + b"\n"
        elif code != "header":
            rejects.append((record.line, record.start, code, raw))
    counted = sum(record.kind != "header" for record in found)
    return payload, counted, skipped, rejects


def _fault(raw, fields, expected):
    if b"\0" in raw:
        return "nul_character"
    try:
        raw.decode()
    except UnicodeDecodeError:
        return "invalid_encoding"
    return None if len(fields) == expected else "field_count"


def _written(text, quoted):
    if not text and not quoted:
        return b"\\N"
    for byte, letters in ((b"\\", b"\\\\"), (b"\n", b"\\n"), (b"\r", b"\\r"), (b"\t", b"\\t")):
        text = text.replace(byte, letters)
    return text


@examples(1500)
@given(
    INPUTS,
    DIALECTS,
    st.sampled_from([1, 7, 40, 1 << 20]),
    st.integers(0, 20),
    st.sampled_from([1, 10, 1 << 20]),
    st.sampled_from([None, 1, 3]),
    st.booleans(),
    st.integers(1, 3),
)
@example(b'a,"\nb,"\nc', Dialect(header=False), 1, 1, 1, None, False, 2)
@example(b'\xef\xbb\xbf"a",b\n', Dialect(), 1, 1, 1, None, False, 2)
@example(b'a\\\nb,"c"x\n', Dialect(header=False, escape="\\"), 1, 1, 1, None, False, 2)
@example(b'a,"\n"', Dialect(header=False), 1, 1, 1, None, False, 2)
@example(b'a,"\n"\r', Dialect(header=False), 1, 1, 1, None, False, 2)
@example(b",\r\n", Dialect(terminator="cr"), 7, 0, 1, None, False, 1)
@example(b'"a\nb","c\nd\n' * 9, Dialect(header=False, max_record_size=30), 1, 3, 1, None, False, 2)
def test_any_input_however_it_is_cut(
    data, dialect, chunk, feed, max_bytes, max_records, stop, fields
):
    # Padding at the end is skipped, however long it is; the reference cuts it into records.
    assume(dialect.max_record_size > len(data) or not data.endswith(b"\0"))
    chunks = split(data, dialect, chunk, feed)
    assert sum(c.end - c.start for c in chunks) == len(data)
    assert [c.start for c in chunks][1:] == [c.end for c in chunks][:-1]
    if dialect.max_record_size > len(data):
        assert b"".join(bytes(c) for c in chunks) == data
    found = convert(
        converter(texts(fields), dialect),
        chunks,
        max_bytes=max_bytes,
        max_records=max_records,
        stop_at_reject=stop,
    )
    payload, records, skipped, rejects = expected(data, dialect, fields)
    assert [(line, at, code, raw) for line, at, _, code, _, raw in found.rejects] == rejects
    assert found.payload == payload
    assert (found.records, found.skipped) == (records, skipped)


@examples(500)
@given(INPUTS, DIALECTS, st.integers(0, 9))
def test_sniffed_records_are_those_of_the_grammar(data, dialect, limit):
    plain = replace(dialect, header=False, rows_after_header=0)
    found = Records.parse(data, dialect_json(dialect), limit)
    oracle = [
        (r.line, r.start, None if r.fields is None else [text for text, _ in r.fields])
        for r in reference.records(data, plain)
        if r.kind != "skipped"
    ]
    assert found == oracle[:limit]


@examples(300)
@given(
    st.binary(max_size=300) | INPUTS,
    DIALECTS,
    st.sampled_from([1, 7, 40]),
    st.sampled_from(get_args(EncodingName)),
)
def test_any_bytes_in_any_types_balance_however_they_are_cut(data, dialect, chunk, encoding):
    # Arrow's decimals have limits.
    limits = {"precision": 38, "scale": 9} if encoding == "arrow" else {}
    for kind in KINDS:
        typed = Type(kind, **limits) if kind == "decimal" else Type(kind)
        made = converter(Contract((Column("c", "c", typed),)), dialect, encoding)
        found = convert(made, split(data, dialect))
        assert found.records == found.loaded + found.rejected + found.skipped
        assert found.rejected == len(found.rejects)
        pieces = convert(made, split(data, dialect, chunk, chunk), max_bytes=chunk)
        for account in ("records", "loaded", "rejected", "skipped", "rejects"):
            assert getattr(pieces, account) == getattr(found, account)


@st.composite
def written_csv(draw):
    """Rows, and what Python's csv makes of them in some dialect."""
    delimiter, quote, escape = draw(
        st.sampled_from([(",", '"', None), (";", "'", None), ("\t", '"', "\\"), ("|", '"', "\\")])
    )
    terminator = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    alphabet = st.sampled_from("ab ,;|\t\"'\\é€😀#0") | st.characters(codec="utf-8")
    text = st.text(alphabet.filter(lambda c: c not in "\0\r\n"), max_size=6)
    if draw(st.booleans()):
        text |= st.sampled_from(["\n", "a\nb", "\r", "\r\n", "x\r\n\ny"])
    width = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(text, min_size=width, max_size=width), min_size=1, max_size=8))
    # Older Pythons do not quote a line end of another kind than their own.
    line_ends = any("\n" in text or "\r" in text for row in rows for text in row)
    minimal = not line_ends and draw(st.booleans())
    style = {
        "delimiter": delimiter,
        "quotechar": quote,
        "escapechar": escape,
        "doublequote": escape is None or draw(st.booleans()),
        "lineterminator": terminator,
        "quoting": csv.QUOTE_MINIMAL if minimal else csv.QUOTE_ALL,
    }
    out = io.StringIO(newline="")
    csv.writer(out, **style).writerows(rows)
    dialect = Dialect(
        delimiter=delimiter,
        quote=quote,
        escape=escape,
        terminator="cr" if terminator == "\r" else "lf",
        header=False,
    )
    return rows, out.getvalue(), style, dialect


@examples(500)
@given(written_csv(), st.sampled_from([1, 50, 1 << 20]), st.integers(0, 9))
def test_what_python_writes_is_read(written, chunk_size, feed):
    rows, content, style, dialect = written
    data = content.encode()
    # A field that begins with U+FEFF looks like the mark that the kernel takes away.
    assume(not data.startswith(b"\xef\xbb\xbf"))
    if style["escapechar"] and not style["doublequote"]:
        # Python writes an escape before some line ends that it cannot itself read back.
        assume(not any("\n" in text or "\r" in text for row in rows for text in row))
    contract = Contract(texts(len(rows[0])).columns, missing_values=())
    found = convert(converter(contract, dialect), split(data, dialect, chunk_size, feed))
    assert not found.rejects

    # A record of empty fields alone is skipped, in quotes or not; blanks in quotes are values.
    def is_value(cell):
        # A blank that is the delimiter stands in quotes, or behind an escape.
        marked = style["quoting"] == csv.QUOTE_ALL or style["delimiter"] in cell
        return cell if marked else cell.strip(" \t")

    written_out = [row for row in rows if len(row) == 1 or any(map(is_value, row))]
    assert found.rows == [
        row for row in written_out if row != [""] or '""' in content or "''" in content
    ]


@examples(500)
@given(written_csv())
def test_python_reads_the_same(written):
    _, content, style, dialect = written
    assume(not content.startswith("\ufeff"))
    # Python takes CR and LF alike for line ends: only where there is one kind are both right.
    assume(style["lineterminator"] != "\r" and "\r" not in content.replace("\r\n", ""))
    style.pop("lineterminator"), style.pop("quoting")
    python = list(csv.reader(io.StringIO(content, newline=""), **style))
    # Python keeps a record of empty fields alone, and of blanks.
    assume(all(any(cell.strip(" \t") for cell in row) for row in python if row))
    python = [row for row in python if row]
    kernel = Records.parse(content.encode(), dialect_json(dialect), 1000)
    assert [[text.decode() for text in fields or ()] for _, _, fields in kernel] == python


@pytest.mark.parametrize("terminator", ["lf", "cr", "rs"])
def test_an_open_quote_costs_no_more_than_its_line(terminator):
    """Lines that each look like the start of a record without end: reading them is linear."""
    line = b'b","c' + reference.NEWLINES[terminator]
    dialect = Dialect(header=False, terminator=terminator, max_record_size=1 << 20)
    data = line * 400_000
    found = convert(converter(texts(2), dialect), split(data, dialect, 1 << 20, 1 << 16))
    assert found.records == found.rejected == 400_000
    assert {code for _, code in found.codes} == {"unterminated_quote"}
