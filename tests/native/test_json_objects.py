"""Records that are JSON objects: on lines, and as the elements of an array."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots._native import Chunk, Records, Scanner
from snapshots.formats.kernel_json import dialect_json
from snapshots.model import Column, Contract, Dialect, Type
from tests.support.examples import examples

from .whole import convert, converter, split


def lines(*names, **options):
    return Dialect(delimiter="", quote=None, syntax="objects", names=names, **options)


def array(*names, **options):
    return Dialect(delimiter="", quote=None, syntax="array", names=names, **options)


def contract(*names):
    return Contract(tuple(Column(name, name, Type("text")) for name in names))


def loaded(data, dialect, **how):
    return convert(converter(contract(*dialect.names), dialect), split(data, dialect, **how))


def evidence(data, dialect):
    scanner = Scanner(dialect_json(dialect), len(dialect.names))
    scanner.scan(Chunk.of(data))
    return json.loads(scanner.evidence())


def test_fields_are_found_by_name():
    data = (
        b'{"a": 1, "b": "x\\ty\\u00e9"}\r\n\n  \n{"b": {"c": [1, 2]}, "a": null}\n{}\n'
        b'{"a": "", "z": null}\n{"b": true}'
    )
    found = loaded(data, lines("a", "b"))
    assert found.rows == [
        ["1", "x\tyé"],
        [None, '{"c": [1, 2]}'],
        [None, None],
        ["", None],
        [None, "true"],
    ]
    assert (found.records, found.skipped, found.rejected) == (7, 2, 0)


BROKEN = {
    b'{"a": 1': "not_json",
    b'{"a": 01}': "not_json",
    b"{'a': 1}": "not_json",
    b'{"a": 1} {"a": 2}': "not_json",
    b'{"a": NaN}': "not_json",
    b'{"a": "\t"}': "not_json",
    b'"a"': "not_an_object",
    b"[1]": "not_an_object",
    b"17": "not_an_object",
    b"null": "not_an_object",
    b'{"a": 1, "a": 2}': "duplicate_name",
    b'{"a": null, "\\u0061": 2}': "duplicate_name",
    b'{"A": 1}': "unknown_name",
    b'{"a": "\\ud83d"}': "lone_surrogate",
    b'{"a": ["\\ude00"]}': "lone_surrogate",
    b'{"a": "\\u0000"}': "nul_character",
    b'{"a": "\0"}': "nul_character",
    b'{"a": "\xff"}': "invalid_encoding",
    b'{"a": ' + b"[" * 500 + b"]" * 500 + b"}": "too_deep",
}


@pytest.mark.parametrize("record", BROKEN)
def test_a_broken_record_is_rejected_with_its_place(record):
    before = b'{"a": 1}\n'
    found = loaded(before + record + b"\n" + b'{"a": 2}\n', lines("a"))
    assert found.rows == [["1"], ["2"]]
    ((line, offset, column, code, reason, raw),) = found.rejects
    assert (line, offset, column, raw) == (2, len(before), None, record)
    assert code == BROKEN[record]
    assert reason.endswith("."), reason


def test_a_record_that_is_too_long():
    dialect = lines("a", max_record_size=20)
    data = b'{"a": 1}\n{"a": "' + b"x" * 100 + b'"}\n{"a": 2}\n'
    found = loaded(data, dialect, feed=7)
    assert found.rows == [["1"], ["2"]]
    assert found.codes == [(2, "record_too_long")]


def test_members_of_objects_as_columns():
    dialect = lines("a.b", "a.c.d", "e", nested="columns")
    data = b'{"a": {"b": 1, "c": {"d": [{"x": 2}]}}, "e": {}}\n{"e": 5, "a": {}}\n{"a": null}\n'
    found = loaded(data, dialect)
    assert found.rows == [["1", '[{"x": 2}]', "{}"], [None, None, None]]
    # An empty object would be lost: no column has its name.
    assert found.codes == [(2, "unknown_name")]


def test_names_of_sound_records_in_the_order_of_their_first_record():
    data = (
        b'{"b": 1, "a": 2}\n{"c": 1, "d": oops}\n{"e": {"f": 1, "g": {}}}\n{"a": 1, "b": 2}\n[]\n'
    )
    form = dialect_json(lines())
    assert Records.names(Chunk.of(data), form, 100) == [b"b", b"a", b"e"]
    form = dialect_json(lines(nested="columns"))
    assert Records.names(Chunk.of(data), form, 100) == [b"b", b"a", b"e.f", b"e.g"]
    many = b"\n".join(b'{"n%d": 1}' % n for n in range(1000))
    assert 10 < len(Records.names(Chunk.of(many), dialect_json(lines()), 10)) < 1000


def test_a_value_says_itself_what_it_is():
    rows = [
        {"number": 1, "code": "007", "flag": True, "day": "2024-01-31", "mixed": 1, "tags": [1]},
        {"number": 2.5, "code": "8", "flag": False, "day": "2024-02-01", "mixed": "a", "tags": {}},
    ]
    data = "\n".join(map(json.dumps, rows)).encode()
    names = tuple(rows[0])
    columns = evidence(data, lines(*names))["columns"]
    fits = {
        name: {kind for kind, why in column["types"].items() if why is None}
        for name, column in zip(names, columns, strict=True)
    }
    assert fits == {
        "number": {"decimal", "float"},
        "code": set(),
        "flag": {"boolean"},
        "day": {"date"},
        "mixed": set(),
        "tags": {"json"},
    }


@pytest.mark.parametrize(
    ("number", "kinds", "digits"),
    [
        ("-0", {"integer", "decimal", "float"}, (1, 0)),
        ("-0.0", {"float"}, None),
        ("1e400", {"decimal"}, (401, 0)),
        ("1.25E-3", {"decimal", "float"}, (1, 5)),
        ("123456789012345678901234567890", {"decimal"}, (30, 0)),
        ("9223372036854775807", {"integer", "decimal"}, (19, 0)),
        ("1e99999", set(), None),
    ],
)
def test_numbers_keep_all_of_their_digits(number, kinds, digits):
    (column,) = evidence(f'{{"a": {number}}}'.encode(), lines("a"))["columns"]
    assert {kind for kind, why in column["types"].items() if why is None} == kinds
    if digits is not None:
        assert (column["integer_digits"], column["fraction_digits"]) == digits


def test_a_column_of_json_gets_values_as_they_are_written():
    dialect = lines("a")
    columns = Contract((Column("a", "a", Type("json")),))
    data = b'{"a": "x\\ny"}\n{"a": 1.50}\n{"a": {"b": null}}\n{"a": null}\n'
    found = convert(converter(columns, dialect, "json"), split(data, dialect))
    assert found.payload.split(b"\n") == [
        b'{"a":"x\\ny"}',
        b'{"a":1.50}',
        b'{"a":{"b": null}}',
        b'{"a":null}',
    ]


def test_numbers_in_json_have_one_form():
    columns = Contract((Column("a", "a", Type("decimal"), decimal_char=","),))
    with pytest.raises(ValueError, match="JSON writes numbers in one way"):
        converter(columns, lines("a"))


def test_texts_that_mean_null_and_null_itself():
    columns = Contract((Column("a", "a", Type("text"), missing_values=("n/a",)),))
    dialect = lines("a")
    data = b'{"a": "n/a"}\n{"a": null}\n{}\n{"a": ""}\n'
    found = convert(converter(columns, dialect), split(data, dialect))
    assert found.rows == [[None], [None], [None], [""]]
    required = Contract((Column("a", "a", Type("text"), required=True),))
    found = convert(converter(required, dialect), split(data, dialect))
    assert found.codes == [(2, "missing_value"), (3, "missing_value")]


PRETTY = json.dumps(
    [{"a": "]},{", "b": [1, {"c": 2}]}, {"a": None}, {"b": "\n"}], indent=2
).encode()


@pytest.mark.parametrize("feed", [1, 3, 17, 0])
@pytest.mark.parametrize("chunk_size", [1, 40, 1 << 20])
def test_an_array_is_cut_between_its_elements(feed, chunk_size):
    found = loaded(PRETTY, array("a", "b"), chunk_size=chunk_size, feed=feed)
    assert found.records == 3
    assert [row[0] for row in found.rows] == ["]},{", None, None]
    chunks = split(PRETTY, array("a", "b"), chunk_size=chunk_size, feed=feed)
    assert b"".join(map(bytes, chunks)) == PRETTY


def test_lines_and_offsets_of_elements():
    data = b'[\n  {"a": 1},\n  {\n    "a": x\n  },\n  7,\n  {"a": 2}\n]\n'
    found = loaded(data, array("a"))
    assert found.rows == [["1"], ["2"]]
    places = [(line, code, raw) for line, _, _, code, _, raw in found.rejects]
    assert places == [
        (3, "not_json", b'{\n    "a": x\n  }'),
        (6, "not_an_object", b"7"),
    ]
    for _, offset, _, _, _, raw in found.rejects:
        assert data[offset : offset + len(raw)] == raw


NAMES = st.sampled_from(["a", "b", "é", 'q"', "x.y", ""])
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
)  # fmt: skip
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
RECORDS = st.lists(st.dictionaries(NAMES, VALUES, max_size=6), min_size=1, max_size=8)


@given(
    RECORDS,
    st.sampled_from([None, 1, 3]),
    st.booleans(),
    st.sampled_from([1, 50, 1 << 20]),
    st.sampled_from([1, 7, 0]),
)
@examples(200)
def test_what_python_writes_is_what_is_read(records, indent, ascii_, chunk_size, feed):
    names = tuple(dict.fromkeys(name for record in records for name in record))
    columns = Contract(tuple(Column(f"c{n}", name, Type("json")) for n, name in enumerate(names)))
    if not names:
        return
    written = {
        "array": json.dumps(records, indent=indent, ensure_ascii=ascii_),
        "objects": "\n".join(json.dumps(one, ensure_ascii=ascii_) for one in records),
    }
    for syntax, text in written.items():
        dialect = lines(*names) if syntax == "objects" else array(*names)
        found = convert(
            converter(columns, dialect, "json"),
            split(text.encode(), dialect, chunk_size=chunk_size, feed=feed),
        )
        assert found.rejects == []
        wanted = [{f"c{n}": record.get(name) for n, name in enumerate(names)} for record in records]
        assert found.loaded == len(records)
        if chunk_size == 1 << 20:
            # Between the objects of several blocks there is no line end.
            assert [json.loads(line) for line in found.payload.split(b"\n")] == wanted


MUTATIONS = 500


def mutated(data, rng):
    kind = rng.randrange(6)
    at = rng.randrange(len(data))
    if kind == 0:
        return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
    if kind == 1:
        return data[:at] + data[at + rng.randrange(1, 40) :]
    if kind == 2:
        return data[:at] + rng.choice([b'"', b"{", b"}", b"[", b"]", b",", b"\\", b"\n", b"\0",
                                       b"\\ud800", b"\xff", b"]," b"\n\n"]) + data[at:]  # fmt: skip
    if kind == 3:
        other = rng.randrange(len(data))
        return data[:at] + data[other : other + rng.randrange(200)] + data[at:]
    if kind == 4:
        return data[:at]
    return data[:at] + b"[" * rng.randrange(2000) + data[at:]


@pytest.mark.parametrize("syntax", ["objects", "array"])
def test_nothing_crashes_and_everything_balances(syntax):
    rng = random.Random(26)
    records = [
        {"id": n, "name": f"näme {n}\n", "tags": ["a", {"b": [n]}], "x": None, "y": n / 7}
        for n in range(40)
    ]
    sound = {
        "objects": "\n".join(map(json.dumps, records)),
        "array": json.dumps(records, indent=1, ensure_ascii=False),
    }[syntax].encode()
    names = tuple(records[0])
    for round_ in range(MUTATIONS):
        data = mutated(sound, rng)
        make = lines if syntax == "objects" else array
        dialect = make(*names, nested=rng.choice(["json", "columns"]), max_record_size=3000)
        sizes = {"chunk_size": rng.choice([1, 200, 1 << 20]), "feed": rng.choice([11, 0])}
        chunks = split(data, dialect, **sizes)
        assert sum(chunk.end - chunk.start for chunk in chunks) == len(data), round_
        found = convert(converter(contract(*names), dialect), chunks)
        whole = loaded(data, dialect)
        assert found.records == found.loaded + found.rejected + found.skipped
        assert (found.payload, found.rejects) == (whole.payload, whole.rejects), round_
        for _, offset, _, code, _, raw in found.rejects:
            if code != "record_too_long":
                assert data[offset : offset + len(raw)] == raw
        scanner = Scanner(dialect_json(dialect), len(names))
        for chunk in chunks:
            scanner.scan(chunk)
            Records.names(chunk, dialect_json(dialect), 100)
        counted = json.loads(scanner.evidence())
        assert counted["records"] + counted["broken"] == found.loaded + found.rejected
