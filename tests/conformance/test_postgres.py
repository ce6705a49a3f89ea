"""What only PostgreSQL has."""

import pytest

from snapshots import locations
from snapshots.errors import ContractError, RefusedRows, TargetError
from snapshots.model import TableName, Type
from snapshots.row_encoding import TEXT
from snapshots.targets.postgres.target import PostgresTarget
from tests.conformance.rows import column, contract, load, table


@pytest.fixture
def target(postgres_url):
    return locations.target(postgres_url)


TYPES = {
    "boolean": Type("boolean"),
    "smallint": Type("integer", bits=16),
    "numeric(10,2)": Type("decimal", precision=10, scale=2),
    "numeric": Type("decimal"),
    "character(3)": Type("text", max_chars=3),
    "character varying": Type("text"),
    "bpchar": Type("text"),
    "name": Type("text", max_bytes=63),
    "timestamp(3) with time zone": Type("timestamptz", fraction=3),
    "time(0) without time zone": Type("time", fraction=0),
    "jsonb": Type("json", wire="jsonb"),
    "money": Type("decimal", precision=19, scale=2),
    "time with time zone": None,
    "interval": None,
    "inet": None,
    "integer[]": None,
    "bytea": None,
    "mood": None,
    "short": Type("text", max_chars=4),
    "shorter": Type("text", max_chars=4),
}


def test_existing_types(target, session):
    session.execute("CREATE TYPE mood AS ENUM ('sad', 'ok')")
    session.execute("CREATE DOMAIN short AS varchar(4)")
    session.execute("CREATE DOMAIN shorter AS short NOT NULL")
    columns = ", ".join(f"c{n} {kind}" for n, kind in enumerate(TYPES))
    session.execute(f"CREATE TABLE t ({columns})")
    shape = target.inspect(session, TableName("t"))
    assert [c.type for c in shape.columns] == list(TYPES.values())
    assert [c.nullable for c in shape.columns] == [True] * (len(TYPES) - 1) + [False]
    assert target.encoding_for(session, shape) == TEXT


def test_types_that_the_kernel_does_not_know_are_loaded_as_text(target, session):
    session.execute("CREATE TYPE mood AS ENUM ('sad', 'ok')")
    session.execute(
        "CREATE TABLE t (m mood, a int[], i inet, v interval, b bytea, c money, d timestamptz,"
        " e numeric, f boolean, g date, s text)"
    )
    kinds = ["text"] * 5 + ["decimal", "timestamptz", "decimal", "boolean", "date", "text"]
    made = contract(*(column(name, kind) for name, kind in zip("maivbcdefgs", kinds, strict=True)))
    row = ["ok", "{1,2}", "10.0.0.1", "1 day", "\\x00ff", "12.50", "2024-01-01 00:00:00+02:00",
           "1.50", "true", "2024-02-29", "a\tb\\\n"]  # fmt: skip
    with session.transaction():
        load(target, session, TableName("t"), made, [row, [None] * 10 + ["x"]])
        with pytest.raises(RefusedRows, match="mood"), session.savepoint():
            load(target, session, TableName("t"), made, [["glad", *row[1:]]])
    stored = session.execute("SELECT m, a, i, v, b, c::numeric, d, e, f, g, s FROM t")
    assert stored == [
        ("ok", "{1,2}", "10.0.0.1", "1 day", b"\0\xff", "12.50", "2023-12-31 22:00:00+00",
         "1.50", True, "2024-02-29", "a\tb\\\n"),
        (None,) * 10 + ("x",),
    ]  # fmt: skip


@pytest.mark.parametrize("columns", [1, 255, 256, 300, 400])
def test_the_kernels_two_encodings_are_told_apart(target, session, columns):
    for name, kind in (("t", "integer"), ("u", "inet")):
        made = contract(*(column(f"c{n}", "integer", bits=32) for n in range(columns)))
        if name == "t":
            t = table(target, session, made)
        else:
            t = TableName("u")
            session.execute(f"CREATE TABLE u ({', '.join(f'c{n} {kind}' for n in range(columns))})")
            made = contract(*(column(f"c{n}") for n in range(columns)))
        value = "1" if name == "t" else "::1"
        rows = [[value] * columns, [value] + [None] * (columns - 1)]
        assert load(target, session, t, made, rows) == 2


def test_schemas(target, session):
    session.execute("CREATE SCHEMA s")
    made = contract(column("a"))
    t = table(target, session, made, "s.t")
    assert t == TableName("t", "s")
    load(target, session, t, made, [["x"]])
    assert target.inspect(session, t).table == t
    assert target.inspect(session, TableName("t")) is None
    session.execute("SET search_path = s")
    assert [c.name for c in target.inspect(session, TableName("t")).columns] == ["a"]
    with pytest.raises(TargetError) as error:
        table(target, session, made, "nowhere.t")
    assert "schema" in error.value.hint


def test_partitioned_tables(target, session):
    session.execute("CREATE TABLE t (a int) PARTITION BY RANGE (a)")
    session.execute("CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10)")
    made = contract(column("a", "integer", bits=32))
    t = TableName("t")
    with session.transaction():
        assert load(target, session, t, made, [["1"], ["2"]]) == 2
        with pytest.raises(RefusedRows, match="partition"), session.savepoint():
            load(target, session, t, made, [["3"], ["11"]])


def test_a_number_that_would_be_rounded_is_not_loaded(target, session):
    session.execute("CREATE TABLE t (a numeric(3,-2))")
    with pytest.raises(ContractError, match="rounds"):
        target.inspect(session, TableName("t"))


def test_what_the_server_sets_by_default_does_not_matter(target, session, postgres_url):
    name = target.location.database
    for setting in ("timezone = 'Asia/Kolkata'", "datestyle = 'SQL, DMY'",
                    "default_transaction_isolation = 'serializable'",
                    "default_transaction_read_only = on", "client_encoding = 'LATIN1'",
                    "statement_timeout = '50ms'"):  # fmt: skip
        session.execute(f"ALTER DATABASE {target.dialect.quote(name)} SET {setting}")
    other = target.connect()
    with other.transaction():
        other.execute("CREATE TABLE t (a timestamptz, b text)")
        made = contract(column("a", "timestamptz"), column("b"))
        load(target, other, TableName("t"), made, [["2024-01-02 00:00:00Z", "😀"]])
        other.execute("SELECT pg_sleep(0.1)")
        assert other.execute("SHOW transaction_isolation") == [("read committed",)]
    assert other.execute("SELECT a, b FROM t") == [("2024-01-02 00:00:00+00", "😀")]
    other.close()


def test_a_failed_transaction_cannot_pass_for_committed(target, session):
    def swallow():
        with session.transaction():
            session.execute("CREATE TABLE t (a int)")
            with pytest.raises(TargetError):
                session.execute("SELECT nonsense")

    with pytest.raises(TargetError, match="rolled"):
        swallow()
    assert target.inspect(session, TableName("t")) is None


def test_a_disk_that_is_full_or_a_deadlock_may_be_tried_again(target, session):
    for code, retry in (("53100", True), ("40P01", True), ("42501", False)):
        with pytest.raises(TargetError) as error:
            session.execute(f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END $$")
        assert error.value.retryable == retry
        assert bool(error.value.hint) == (code != "40P01")


def test_a_database_that_another_creates_meanwhile(target, monkeypatch):
    ask = PostgresTarget._exists

    def after_another_created_it(asking):
        monkeypatch.undo()
        target.connect().close()
        return ask(asking)

    monkeypatch.setattr(PostgresTarget, "_exists", after_another_created_it)
    target.connect(create=False).close()
