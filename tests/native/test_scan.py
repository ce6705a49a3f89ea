"""What the scan says of columns, and that it says the same however the work is cut."""

import json
import math
import re
import string
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots._native import Chunk, Scanner, Splitter
from snapshots.formats.kernel_json import dialect_json
from snapshots.model import Dialect
from tests.support.input_files import data

HEADLESS = Dialect(header=False)
NUMBERS = {"integer", "decimal", "float"}


def scan(content, fields=1, dialect=HEADLESS, missing=None):
    scanner = Scanner(dialect_json(dialect), fields, missing)
    scanner.scan(Chunk.of(content))
    return json.loads(scanner.evidence())


def column(texts, **options):
    quoted = ('"' + text.replace('"', '""') + '"\n' for text in texts)
    evidence = scan("".join(quoted).encode(), **options)
    assert evidence["broken"] == 0
    return evidence["columns"][0]


def fitting(*texts):
    return {name for name, example in column(texts)["types"].items() if example is None}


@pytest.mark.parametrize(
    ("texts", "types"),
    [
        (["true", "False", "TRUE"], {"boolean"}),
        (["1", "0"], NUMBERS),
        (["yes"], set()),
        (["-12", "9223372036854775807"], {"integer", "decimal"}),
        (["1", "9223372036854775808"], {"decimal"}),
        (["1", "2.5", "0.0"], {"decimal", "float"}),
        (["-0.0"], {"float"}),
        (["1e5"], {"float"}),
        (["0.30000000000000004"], {"decimal", "float"}),
        (["0.300000000000000041"], {"decimal"}),
        (["01"], set()),
        (["-0"], set()),
        (["00.5"], set()),
        (["+1"], set()),
        (["1,5"], set()),
        (["NaN"], set()),
        (["2024-02-29"], {"date"}),
        (["2024-02-30"], set()),
        (["23:59"], {"time"}),
        (["2024-01-01 00:21:47", "2024-01-01T00:21"], {"timestamp"}),
        (["2024-01-01 00:21:47", "2024-01-01"], set()),
        (["2024-01-01 00:21:47Z", "2024-01-01 00:21:47+0530"], {"timestamptz"}),
        (["12345678-9abc-def0-1234-56789abcdef0"], {"uuid"}),
        (["12345678-9ABC-DEF0-1234-56789ABCDEF0"], set()),
        (['{"a": 1}', "[]"], {"json"}),
        (['"a"'], set()),
        (["{"], set()),
    ],
)
def test_types(texts, types):
    assert fitting(*texts) == types


def test_counter_examples_are_the_first():
    types = column(["1", "2", "x" * 100, "y"])["types"]
    assert types["integer"] == {"line": 3, "value": "x" * 60}
    assert types["date"] == {"line": 1, "value": "1"}


def test_measures():
    found = column(["-5", "120", "é€"])
    assert (found["max_chars"], found["max_bytes"]) == (3, 5)
    assert (found["min_integer"], found["max_integer"]) == ("-5", "120")
    found = column(["12.50", "1234.5", "-7"])
    assert (found["integer_digits"], found["fraction_digits"]) == (4, 2)
    assert column(["00:00:00.1200", "00:00"])["second_digits"] == 2
    assert column(["a"])["min_integer"] is None


def test_nulls_and_empty_texts():
    content = b'1,""\n,x\nNA,\n'
    first, second = scan(content, 2)["columns"]
    assert (first["nulls"], first["empties"], first["values"]) == (1, 0, 2)
    assert (second["nulls"], second["empties"], second["values"]) == (1, 1, 1)
    first, second = scan(content, 2, missing=["NA", ""])["columns"]
    assert (first["nulls"], first["empties"], first["values"]) == (2, 0, 1)
    assert first["types"]["integer"] is None
    assert (second["nulls"], second["empties"], second["values"]) == (2, 0, 1)


def test_what_is_no_record_is_no_evidence():
    content = b'# x\na,b\nINT,INT\n1,2\n1,2,3\n\n"1"x,2\n1,\x00\n1,\xff\n3,4\n'
    dialect = Dialect(preamble=1, rows_after_header=1)
    evidence = scan(content, 2, dialect)
    assert (evidence["records"], evidence["broken"]) == (2, 4)
    for found in evidence["columns"]:
        assert found["values"] == 2
        assert found["types"]["integer"] is None


def test_an_overlong_record_is_broken():
    dialect = Dialect(header=False, max_record_size=100)
    scanner = Scanner(dialect_json(dialect), 1)
    splitter = Splitter(dialect_json(dialect), 1000)
    for chunk in splitter.feed(b"1\n" + b"x" * 1000 + b"\n2\n") + splitter.finish():
        scanner.scan(chunk)
    evidence = json.loads(scanner.evidence())
    assert (evidence["records"], evidence["broken"]) == (2, 1)


BELONGS_TO = {
    "min_integer": "integer",
    "max_integer": "integer",
    "integer_digits": "decimal",
    "fraction_digits": "decimal",
}
CELLS = st.sampled_from(["", "1", "-3", "2.5", "2024-01-01", "true", "x", '""', "é"])


@given(st.lists(st.tuples(CELLS, CELLS)), st.integers(0, 40), st.booleans())
def test_merging_is_scanning_all(rows, at, swapped):
    lines = [f"{a},{b}\n".encode() for a, b in rows]
    whole = scan(b"".join(lines), 2)
    parts = (Scanner(dialect_json(HEADLESS), 2), Scanner(dialect_json(HEADLESS), 2))
    head, tail = b"".join(lines[:at]), b"".join(lines[at:])
    parts[0].scan(Chunk.of(head))
    parts[1].scan(Chunk.of(tail, len(head), 1 + len(lines[:at])))
    first, second = reversed(parts) if swapped else parts
    first.merge(second)
    merged = json.loads(first.evidence())
    for mine, other in zip(merged["columns"], whole["columns"], strict=True):
        fits = {name for name, example in other["types"].items() if example is None}
        assert mine["types"] == other["types"]
        # What no type needs need not be the same.
        for name, kind in BELONGS_TO.items():
            if kind not in fits:
                del mine[name], other[name]
    assert merged == whole


def test_scanners_of_other_columns_cannot_be_merged():
    with pytest.raises(ValueError, match="columns"):
        Scanner(dialect_json(HEADLESS), 2).merge(Scanner(dialect_json(HEADLESS), 1))
    with pytest.raises(ValueError, match="dialect"):
        Scanner("{}", 1)


@given(st.text(string.digits + "+-.eE", min_size=1, max_size=25))
def test_numbers_are_what_the_rules_say(text):
    whole = r"-?(0|[1-9][0-9]*)"
    expected = set()
    if re.fullmatch(whole, text) and text != "-0" and -(2**63) <= int(text) < 2**63:
        expected.add("integer")
    point = rf"({whole}(\.[0-9]+)?|-?\.[0-9]+)"
    if re.fullmatch(point, text) and not (text[0] == "-" and Decimal(text) == 0):
        expected.add("decimal")
    exponent = rf"({whole}\.?|{point})[eE][+-]?[0-9]+|{point}"
    if (
        re.fullmatch(exponent, text)
        and text != "-0"
        and not math.isinf(float(text))
        and Decimal(repr(float(text))) == Decimal(text)
    ):
        expected.add("float")
    assert fitting(text) == expected


def test_real_rides():
    content = data("examples/fhvhv_tripdatasample_2020-04.csv").read_bytes()
    header = content.split(b"\n", 1)[0].decode().strip().replace('"', "").split(",")
    evidence = scan(content, len(header), Dialect())
    assert (evidence["records"], evidence["broken"]) == (1000, 0)
    found = dict(zip(header, evidence["columns"], strict=True))
    for name in ("pickup_datetime", "dropoff_datetime"):
        assert found[name]["types"]["timestamp"] is None
    assert found["PULocationID"]["types"]["integer"] is None
    assert int(found["PULocationID"]["min_integer"]) >= 1
    assert int(found["PULocationID"]["max_integer"]) <= 265
    assert found["hvfhs_license_num"]["types"]["integer"]["line"] == 2


def thorough(texts, limit=None, parts=1):
    """The evidence with extremes, from a scanner for each of several parts."""
    scanners = [
        Scanner(dialect_json(HEADLESS), 1, None, extremes=True, limit=limit) for _ in range(parts)
    ]
    line = 1
    for number, scanner in enumerate(scanners):
        content = "".join(f'"{text}"\n' for text in texts[number::parts]).encode()
        scanner.scan(Chunk.of(content, 1 if number else 0, line))
        line += len(texts[number::parts])
    first, *others = scanners
    for other in others:
        first.merge(other)
    return json.loads(first.evidence())


@given(
    st.lists(st.decimals(allow_nan=False, allow_infinity=False, places=3), min_size=1, max_size=30),
    st.integers(1, 3),
)
def test_minimum_and_maximum_of_numbers(numbers, parts):
    (found,) = thorough([format(number, "f") for number in numbers], parts=parts)["columns"]
    if found["types"]["decimal"] is None or found["types"]["float"] is None:
        assert Decimal(found["minimum"]) == min(numbers)
        assert Decimal(found["maximum"]) == max(numbers)


@given(st.lists(st.datetimes(), min_size=1, max_size=30), st.integers(1, 3))
def test_minimum_and_maximum_of_times(times, parts):
    texts = [time.isoformat(" " if number % 2 else "T") for number, time in enumerate(times)]
    (found,) = thorough(texts, parts=parts)["columns"]
    assert found["minimum"].replace("T", " ") == min(times).isoformat(" ")
    assert found["maximum"].replace("T", " ") == max(times).isoformat(" ")


@given(st.lists(st.text(string.ascii_letters + "é字", min_size=1), min_size=1, max_size=30))
def test_lengths_of_texts(texts):
    (found,) = thorough(texts)["columns"]
    lengths = [len(text) for text in texts]
    assert (found["min_chars"], found["max_chars"]) == (min(lengths), max(lengths))


def test_extremes_are_there_only_if_asked_for_and_if_values_have_an_order():
    (plain,) = scan(b"1\n2\n")["columns"]
    assert (plain["min_chars"], plain["minimum"], plain["maximum"]) == (None, None, None)
    for texts in (["1", "x"], ["b", "a"], ["true", "false"], ["1", "2024-01-01"]):
        for parts in (1, 2):
            (found,) = thorough(texts, parts=parts)["columns"]
            assert (found["minimum"], found["maximum"]) == (None, None)


@pytest.mark.parametrize("limit", [1, 3, 7, 8])
def test_a_limit_counts_broken_records_too(limit):
    dialect = dialect_json(HEADLESS)
    scanner = Scanner(dialect, 2, None, limit=limit)
    assert not scanner.full
    for chunk in (b"1,2\n3\n4,5\n", b"6,7\n8\n", b"", b"9,10\n11,12\n"):
        scanner.scan(Chunk.of(chunk))
    found = json.loads(scanner.evidence())
    assert found["records"] + found["broken"] == min(limit, 7)
    assert scanner.full == (limit <= 7)
