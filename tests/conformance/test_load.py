"""What `Session.load` stores: every kind of type, to its extremes, as it was given."""

from decimal import Decimal

import pytest

from tests.conformance.rows import blocks, column, contract, count, load, on, table

LONG = "x" * 300_000
VALUES = {
    "boolean": (column("v", "boolean"), ["true", "false"]),
    "int16": (column("v", "integer", bits=16), ["-32768", "32767", "0", "+7", "007"]),
    "int24": (column("v", "integer", bits=24), ["-8388608", "8388607"]),
    "int32": (column("v", "integer", bits=32), ["-2147483648", "2147483647"]),
    "int64": (column("v", "integer"), ["-9223372036854775808", "9223372036854775807"]),
    "uint32": (column("v", "integer", bits=32, unsigned=True), ["0", "4294967295"]),
    "decimal": (
        column("v", "decimal", precision=38, scale=10),
        ["0.1", "-1234567890123456789012345678.0123456789", "0", "1e3", ".5", "-0.0000000001"],
    ),
    "any decimal": (column("v", "decimal"), ["12345678901234567890.123456789", "-0.5", "10000"]),
    "float64": (
        column("v", "float"),
        ["0.1", "-2.5e-300", "1.7976931348623157e308", "5e-324", "3", "123456789012345.6"],
    ),
    "float32": (column("v", "float", bits=32), ["0.5", "-1.5e9", "3"]),
    "date": (column("v", "date"), ["2024-02-29", "1000-01-01", "9999-12-31"]),
    "time": (column("v", "time"), ["00:00:00", "23:59:59.999999", "12:30"]),
    "timestamp": (
        column("v", "timestamp"),
        ["2024-01-01 00:21:47", "1000-01-01T00:00:00", "9999-12-31 23:59:59.999999"],
    ),
    "timestamptz": (
        column("v", "timestamptz"),
        ["2024-01-01 00:21:47+02:00", "1969-12-31T23:59:59.5Z", "2040-06-01 12:00:00 -0330"],
    ),
    "text": (
        column("v"),
        ["", " a ", "\\", "\\N", "\\.", "NULL", "a\tb", "a\nb", "a\r\nb", "'\"`;--%?", "é😀\u200b",
         "\x01\x7f\x1a", "007", "1.50", "1e3", LONG],
    ),
    "varchar": (column("v", max_chars=5), ["", "12345", "😀😀😀😀😀", "     "]),
    "uuid": (column("v", "uuid"), ["123e4567-e89b-12d3-a456-426614174000"]),
    "json": (column("v", "json"), ['{"a": [1, null, "\\u00e9\\n"]}', "1.50", '"x"', "null", "[]"]),
}  # fmt: skip

EXPECTED = {
    # What the database gives for what was written otherwise.
    ("decimal", "1e3"): "1000",
    ("timestamp", "1000-01-01T00:00:00"): "1000-01-01 00:00:00",
    ("timestamptz", "2024-01-01 00:21:47+02:00"): "2023-12-31 22:21:47",
    ("timestamptz", "1969-12-31T23:59:59.5Z"): "1969-12-31 23:59:59.5",
    ("timestamptz", "2040-06-01 12:00:00 -0330"): "2040-06-01 15:30:00",
    ("time", "12:30"): "12:30:00",
    ("boolean", "true"): 1,
    ("boolean", "false"): 0,
}


def plain(kind, value):
    """A value as a database gives it, without what databases add: zeros, zones."""
    if value is None:
        return None
    read = {"boolean": int, "integer": int, "float": float, "decimal": lambda v: Decimal(str(v))}
    if kind in read:
        return read[kind](value)
    if kind in {"time", "timestamp", "timestamptz"}:
        value = value.removesuffix("+00").removesuffix("Z")
        return value.rstrip("0").removesuffix(".") if "." in value else value
    return value


@pytest.mark.parametrize("case", VALUES)
def test_a_value_is_stored_as_it_was_given(target, session, case):
    one, values = VALUES[case]
    made = contract(column("n", "integer", bits=32), one)
    t = table(target, session, made)
    rows = [[str(n), value] for n, value in enumerate([*values, None])]
    with session.transaction():
        assert load(target, session, t, made, rows) == len(rows)
    stored = [value for (value,) in session.execute("SELECT v FROM t ORDER BY n")]
    kind = one.type.kind
    given = [EXPECTED.get((kind, value), value) for value in values]
    assert [plain(kind, v) for v in stored] == [plain(kind, v) for v in [*given, None]]


@on("sqlite")
def test_in_sqlite_nothing_becomes_a_number_that_is_none(session, target):
    made = contract(*(column(k.replace(" ", ""), *_kind(c)) for k, (c, _) in VALUES.items()))
    t = table(target, session, made)
    row = [values[0] or "x" for _, values in VALUES.values()]
    load(target, session, t, made, [row])
    wanted = {"boolean": "integer", "integer": "integer", "float": "real"}
    for one in made.columns:
        sql = f"SELECT typeof({target.dialect.quote(one.name)}) FROM t"
        assert session.execute(sql) == [(wanted.get(one.type.kind, "text"),)], one.name


def _kind(one):
    return (one.type.kind,)


def test_many_blocks_and_the_count_of_rows(target, session):
    made = contract(column("n", "integer"), column("s"))
    t = table(target, session, made)
    rows = [[str(n), f"row {n}"] for n in range(5000)]
    with session.transaction():
        assert load(target, session, t, made, rows, records=7) == 5000
    assert session.execute("SELECT COUNT(*), SUM(n) FROM t") == [(5000, sum(range(5000)))]


def test_no_blocks_are_no_rows(target, session):
    made = contract(column("n", "integer"))
    t = table(target, session, made)
    assert session.load(t, ["n"], iter([])) == 0


def test_blocks_larger_than_a_packet(target, session):
    made = contract(column("n", "integer"), column("s"))
    t = table(target, session, made)
    rows = [[str(n), "é" * 400_000] for n in range(5)]
    with session.transaction():
        assert load(target, session, t, made, rows) == 5
    assert {s for (s,) in session.execute("SELECT s FROM t")} == {"é" * 400_000}


def test_lineage(target, session):
    made = contract(column("s"), column("n", "integer"))
    t = table(target, session, made, lineage=True)
    with session.transaction():
        load(target, session, t, made, [["a", "1"], ["b\nc", "2"], ["d", "3"]], import_id=7)
    stored = session.execute("SELECT s, n, _import_id, _line FROM t ORDER BY _line")
    assert stored == [("a", 1, 7, 1), ("b\nc", 2, 7, 2), ("d", 3, 7, 4)]


def test_some_columns_in_another_order(target, session):
    made = contract(column("a"), column("b", "integer"), column("c"))
    t = table(target, session, made)
    some = contract(made.columns[2], made.columns[1])
    with session.transaction():
        load(target, session, t, some, [["x", "1"]])
    assert session.execute("SELECT a, b, c FROM t") == [(None, 1, "x")]


def test_blocks_are_taken_one_by_one_and_what_they_raise_is_raised(target, session):
    made = contract(column("n", "integer"), column("s"))
    t = table(target, session, made)
    (block,) = blocks(made, [["1", "x"]], target.encoding)

    class Boom(Exception):
        pass

    def broken():
        yield block
        raise Boom

    with pytest.raises(Boom), session.transaction():
        session.load(t, ["n", "s"], broken())
    assert count(session, target) == 0
    with session.transaction():
        assert session.load(t, ["n", "s"], [block]) == 1
