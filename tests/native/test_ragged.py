"""Records that are not as wide as the header, are empty, or are the header once more."""

import json

import pytest
from msgspec.structs import replace

from snapshots._native import Chunk, Records, Scanner
from snapshots.formats.kernel_json import dialect_json
from snapshots.model import Dialect

from .whole import convert, converter, split, texts

RAGGED = b"1,2\n1,2,\n1,2,,\n1\n1,2,x\n"


@pytest.mark.parametrize(
    ("ragged", "rows", "rejected"),
    [
        ("reject", [["1", "2"]], 4),
        ("trim", [["1", "2"]] * 3, 2),
        ("pad", [["1", "2"]] * 3 + [["1", None]], 1),
    ],
)
def test_what_is_too_wide_or_too_short(ragged, rows, rejected):
    dialect = Dialect(header=False, ragged=ragged)
    found = convert(converter(texts(2), dialect), split(RAGGED, dialect))
    assert found.rows == rows
    assert [code for _, code in found.codes] == ["field_count"] * rejected
    scanner = Scanner(dialect_json(dialect), 2)
    scanner.scan(Chunk.of(RAGGED))
    evidence = json.loads(scanner.evidence())
    assert (evidence["records"], evidence["broken"]) == (len(rows), rejected)
    assert (evidence["unsound"], evidence["quotes"]) == (rejected, 0)
    assert evidence["columns"][1]["nulls"] == sum(row[1] is None for row in rows)


def test_what_is_hollow_is_skipped():
    data = b'a,b\n,\n1,2\n,,,\n"",""\n\0\0\0\n3,\n'
    dialect = Dialect()
    found = convert(converter(texts(2), dialect), split(data, dialect))
    assert found.skipped == 4
    assert found.rows == [["1", "2"], ["3", None]]


@pytest.mark.parametrize(
    ("line", "options"),
    [
        (b'"";""', {"delimiter": ";"}),
        (b'"","",""', {}),
        (b" ; ", {"delimiter": ";"}),
        (b"\t,\t \t", {}),
        (b'"",,  ,""', {}),
        (b"''|''", {"delimiter": "|", "quote": "'"}),
        (b'"" ', {"delimiter": " "}),
        (b' ||""', {"delimiter": "||"}),
        (b'"", ""', {"skip_initial_space": True}),
        (b'\t""\t', {"delimiter": "\t"}),
        (b"  ,  \r", {}),
    ],
)
def test_records_of_empty_fields_are_skipped(line, options):
    dialect = Dialect(header=False, **options)
    data = b"x\n" + line + b"\ny\n" + line
    found = convert(converter(texts(1), dialect), split(data, dialect))
    assert (found.rows, found.skipped, found.codes) == ([["x"], ["y"]], 2, [])


@pytest.mark.parametrize(
    ("line", "options"),
    [
        (b'""', {}),
        (b" ", {}),
        (b'""', {"delimiter": ""}),
        (b"\t ", {"delimiter": ""}),
        (b'" "', {}),
        (b"''", {}),
    ],
)
def test_one_field_without_anything_to_see_is_a_value(line, options):
    dialect = Dialect(header=False, **options)
    found = convert(converter(texts(1), dialect), split(b"x\n" + line + b"\ny\n", dialect))
    assert (len(found.rows), found.skipped, found.codes) == (3, 0, [])


@pytest.mark.parametrize("line", [b'" ",""', b'"",x', b'x,""', b'"",0', b'"""",', b" '',''"])
def test_what_holds_something_is_no_empty_record(line):
    dialect = Dialect(header=False)
    found = convert(converter(texts(2), dialect), split(b"1,2\n" + line + b"\n", dialect))
    assert (len(found.rows), found.skipped, found.codes) == (2, 0, [])


def test_of_a_query_every_row_counts():
    dialect = Dialect(header=False, terminator="rs")
    found = convert(converter(texts(2), dialect), split(b'"",""\x1e , \x1e,\x1e', dialect))
    assert (len(found.rows), found.skipped) == (3, 0)


@pytest.mark.parametrize("size", [1, 7, 5000])
@pytest.mark.parametrize(
    ("data", "options"),
    [
        (b"1,2\n3,4", {}),
        (b'1,2\n3,"4"', {}),
        (b'1,2\n3,"4\n"', {}),
        (b"1,2\r3,4", {"terminator": "cr"}),
        (b"1,2\n3,4\r\n", {}),
        (b"1,2\n3,4\r", {}),
        (b"1||2\n3||4", {"delimiter": "||"}),
        (b"1,2\n3,", {}),
    ],
)
@pytest.mark.parametrize("chunk", [1, 1 << 20])
def test_padding_with_nuls_costs_no_record(size, data, options, chunk):
    dialect = Dialect(header=False, **options)
    found = convert(converter(texts(2), dialect), split(data, dialect))
    padded = data + bytes(size)
    same = convert(converter(texts(2), dialect), split(padded, dialect, chunk, 3))
    assert (same.rows, same.codes, same.skipped) == (found.rows, [], 1)
    scanner = Scanner(dialect_json(dialect), 2)
    scanner.scan(Chunk.of(padded))
    assert json.loads(scanner.evidence())["records"] == 2


@pytest.mark.parametrize("data", [b"1,2\n3,4", b"1,2\n3,4\n"])
def test_padding_may_be_longer_than_a_record(data):
    dialect = Dialect(header=False, max_record_size=1024)
    found = convert(converter(texts(2), dialect), split(data + bytes(9000), dialect, 100, 700))
    assert (found.rows, found.codes, found.skipped) == ([["1", "2"], ["3", "4"]], [], 1)
    torn = data + bytes(9000) + b"5,6\n7,8\n"
    found = convert(converter(texts(2), dialect), split(torn, dialect, 100, 700))
    assert [code for _, code in found.codes] == ["record_too_long"]
    assert found.rows[-1] == ["7", "8"]


def test_nuls_within_a_record_are_no_padding():
    dialect = Dialect(header=False)
    found = convert(converter(texts(2), dialect), split(b"1,2\n3,4\0\n5,\0" + b"6", dialect))
    assert found.rows == [["1", "2"]]
    assert [code for _, code in found.codes] == ["nul_character"] * 2


@pytest.mark.parametrize(
    "again",
    [
        b"a,b",
        b"\xef\xbb\xbfa,b",
        b'"a","b"',
        b'\xef\xbb\xbf"a","b"',
        b'a,"b"',
        b" a,\tb ",
        b'" a","b "',
        b"a,b,",
        b"a,b ,,",
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("header", ["a,b", '"a"," b"', "a,b,"])
def test_the_header_once_more(again, end, header):
    data = end.join([header.encode(), b"1,2", again, b"3,4", b""])
    dialect = Dialect(repeated=header)
    found = convert(converter(texts(2), dialect), split(data, dialect))
    assert found.rows == [["1", "2"], ["3", "4"]]
    assert found.codes == [(3, "repeated_header")]


@pytest.mark.parametrize(
    "record",
    [b"a,bb", b"aa,b", b"A,b", b"a", b'"a,b"', b'a,"b""', b"a b", b",a,b", b"a,,b", b'"a"b,c'],
)
def test_what_is_not_the_header_once_more(record):
    dialect = Dialect(repeated="a,b")
    data = b"a,b\n1,2\n" + record + b"\n"
    found = convert(converter(texts(2), dialect), split(data, dialect))
    assert "repeated_header" not in [code for _, code in found.codes]


@pytest.mark.parametrize("again", [b'"x ""y""",z', b'"x ""y""" ,z', b'x "y",z', b'x \\"y\\",z'])
def test_a_header_with_quotes_and_escapes_once_more(again):
    dialect = Dialect(repeated='"x ""y""",z', escape="\\")
    data = b'"x ""y""",z\n1,2\n' + again + b"\n"
    found = convert(converter(texts(2), dialect), split(data, dialect))
    ends = again.startswith(b'"x ""y""" ')
    assert found.codes == [(3, "text_after_quote" if ends else "repeated_header")]


def test_with_a_byte_order_mark_alone():
    dialect = Dialect(repeated="\ufeffa")
    data = b"a\n1\na\n\xef\xbb\xbfa\n"
    found = convert(converter(texts(1), dialect), split(data, dialect))
    assert found.rows == [["1"], ["a"]]
    assert found.codes == [(4, "repeated_header")]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n"])
def test_a_line_end_after_the_last_record_separator(end):
    dialect = Dialect(delimiter="\x1f", terminator="rs")
    data = b"a\x1fb\x1e1\x1f2\n\x1e" + end
    found = convert(converter(texts(2), dialect), split(data, dialect))
    assert (found.rows, found.codes, found.skipped) == ([["1", "2\n"]], [], 1)


def test_a_header_of_two_lines_once_more():
    header = '"a\nb",c'
    data = f"{header}\n1,2\n{header}\n3,4\n".encode()
    dialect = Dialect(repeated=header)
    found = convert(converter(texts(2), dialect), split(data, dialect))
    assert found.rows == [["1", "2"], ["3", "4"]]
    assert found.codes == [(4, "repeated_header")]


@pytest.mark.parametrize("delimiter", ["||", "~|~", "::", "^*^"])
def test_a_delimiter_of_several_characters(delimiter):
    parts = [
        ["1", f"x{delimiter[0]}y", '"q"'],
        ["2", delimiter[:-1] + "x", f'"a{delimiter}b"'],
        ["3", "", '"x""y"'],
    ]
    data = "".join(delimiter.join(row) + "\n" for row in parts).encode()
    dialect = Dialect(delimiter=delimiter, header=False)
    for chunk in (1, 7, 1000):
        found = convert(converter(texts(3), dialect), split(data, dialect, chunk, 3))
        assert not found.rejects
        assert found.rows == [
            ["1", f"x{delimiter[0]}y", "q"],
            ["2", delimiter[:-1] + "x", f"a{delimiter}b"],
            ["3", None, 'x"y'],
        ]


def test_no_delimiter_at_all():
    dialect = Dialect(delimiter="")
    data = b'a,b\n1;2\n"x,y"\n'
    assert [row for _, _, row in Records.parse(data, dialect_json(dialect), 9)] == [
        [b"a,b"], [b"1;2"], [b"x,y"],
    ]  # fmt: skip


def test_what_is_missing_is_null_whatever_an_empty_field_means():
    dialect = Dialect(header=False, ragged="pad")
    contract = replace(texts(3), missing_values=("NA",))
    found = convert(converter(contract, dialect), split(b"1,,NA\n2\n", dialect))
    assert found.rows == [["1", "", None], ["2", None, None]]


def test_an_escape_before_the_first_sign_of_a_delimiter():
    dialect = Dialect(header=False, delimiter="||", escape="\\")
    data = b'a\\||b||c\n"d\\|"||e\\x|\n'
    found = convert(converter(texts(2), dialect), split(data, dialect))
    assert found.rows == [["a||b", "c"], ["d|", "e\\x|"]]
