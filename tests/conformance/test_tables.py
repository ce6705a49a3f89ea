"""Tables made from a contract, and the contract read back from tables."""

from dataclasses import replace

import pytest

from snapshots.errors import ContractError, SnapshotsError, TargetError
from snapshots.model import TableName
from tests.conformance.rows import built_on, column, contract, on, table

EVERYTHING = contract(
    column("id", "integer", bits=32),
    column("key", max_chars=3),
    column("yes", "boolean", required=True),
    column("i8", "integer", bits=8),
    column("i16", "integer", bits=16),
    column("i24", "integer", bits=24),
    column("i64", "integer"),
    column("u8", "integer", bits=8, unsigned=True),
    column("u32", "integer", bits=32, unsigned=True),
    column("u64", "integer", unsigned=True),
    column("d", "decimal"),
    column("d38", "decimal", precision=38, scale=10),
    column("d200", "decimal", precision=200, scale=100),
    column("f", "float"),
    column("f32", "float", bits=32),
    column("date", "date", required=True),
    column("time", "time"),
    column("time3", "time", fraction=3),
    column("ts", "timestamp"),
    column("ts0", "timestamp", fraction=0),
    column("tz", "timestamptz"),
    column("t"),
    column("t9", max_chars=9),
    column("long", max_chars=20_000),
    column("code", unique=True),
    column("u", "uuid"),
    column("j", "json"),
    column("jb", "json", wire="jsonb"),
    primary_key=("id", "key"),
)


@pytest.mark.parametrize("lineage", [True, False])
def test_what_is_created_is_what_physical_says(target, session, lineage):
    t = table(target, session, EVERYTHING, lineage=lineage)
    shape = target.inspect(session, t)
    physical = target.physical(EVERYTHING)
    found = [(c.name, c.type, c.nullable) for c in shape.columns]
    wanted = [(c.name, c.type, not c.required) for c in physical.columns]
    assert found[: len(wanted)] == wanted
    rest = found[len(wanted) :]
    names = [name for name, _, _ in rest]
    assert names == (["_import_id", "_line"] if lineage else [])
    assert all(kind.kind == "integer" and not nullable for _, kind, nullable in rest)
    assert shape.primary_key == ("id", "key")
    assert target.encoding_for(session, shape) == target.encoding_for(session, None)


def test_physical_is_stable(target):
    once = target.physical(EVERYTHING)
    assert target.physical(once) == once


def test_lineage_is_the_key_on_mysql_alone(target, session):
    t = table(target, session, contract(column("a")), lineage=True)
    key = target.inspect(session, t).primary_key
    assert key == (("_import_id", "_line") if built_on(target) == "mysql" else ())


def test_what_is_not_there_is_none(target, session):
    assert target.inspect(session, TableName("nothing")) is None


def test_a_table_that_is_there_is_not_created_again(target, session):
    t = table(target, session, contract(column("a")))
    with pytest.raises(TargetError):
        target.create_table(session, t, contract(column("b")), lineage=True)
    assert [c.name for c in target.inspect(session, t).columns] == ["a"]


def test_unique_columns_are(target, session):
    made = contract(column("a", unique=True), column("b", max_chars=10))
    table(target, session, made)
    session.execute("INSERT INTO t (a) VALUES ('x')")
    with pytest.raises(TargetError):
        session.execute("INSERT INTO t (a) VALUES ('x')")


def test_keys_tell_case_accents_and_trailing_spaces_apart(target, session):
    table(target, session, contract(column("a", max_chars=10), primary_key=("a",)))
    texts = ["a", "A", "á", "a ", " a", ""]
    session.executemany("INSERT INTO t (a) VALUES (?)", [(text,) for text in texts])
    assert {a for (a,) in session.execute("SELECT a FROM t")} == set(texts)


def test_added_columns_take_null(target, session):
    t = table(target, session, contract(column("a")))
    session.execute("INSERT INTO t (a) VALUES ('x')")
    new = (column("b", "decimal", precision=9, scale=2), column("c", required=True))
    target.add_columns(session, t, new)
    shape = target.inspect(session, t)
    assert [(c.name, c.nullable) for c in shape.columns] == [("a", True), ("b", True), ("c", True)]
    wanted = target.physical(contract(*new)).columns
    assert [c.type for c in shape.columns[1:]] == [c.type for c in wanted]
    assert session.execute("SELECT b, c FROM t") == [(None, None)]


def test_defaults_and_computed_columns(target, session):
    serial, computed = {
        "postgres": ("id serial PRIMARY KEY", "int GENERATED ALWAYS AS (a * 2) STORED"),
        "mysql": ("id int AUTO_INCREMENT PRIMARY KEY", "int GENERATED ALWAYS AS (a * 2) STORED"),
        "sqlite": ("id INTEGER PRIMARY KEY", "int GENERATED ALWAYS AS (a * 2) STORED"),
        "duckdb": ("id int DEFAULT 7 PRIMARY KEY", "int GENERATED ALWAYS AS (a * 2)"),
    }[built_on(target)]
    session.execute(f"CREATE TABLE t ({serial}, a int NOT NULL DEFAULT 5, b {computed}, c int)")
    columns = {c.name: c for c in target.inspect(session, TableName("t")).columns}
    assert [c.has_default for c in columns.values()][:2] == [True, True]
    assert not columns["id"].nullable
    assert [c.generated for c in columns.values()] == [False, False, True, False]
    assert not columns["c"].has_default
    assert columns["c"].nullable


def test_views_can_be_inspected(target, session):
    table(target, session, contract(column("a"), column("b", "integer")))
    session.execute("CREATE VIEW w AS SELECT a, b FROM t")
    shape = target.inspect(session, TableName("w"))
    assert [c.name for c in shape.columns] == ["a", "b"]


@pytest.mark.parametrize(
    "made",
    [
        contract(),
        contract(column("a"), column("a")),
        contract(column("a"), primary_key=("b",)),
        contract(column("_line")),
        contract(column("a\0b")),
        contract(column("")),
        contract(column("a\ud800")),
        contract(column("x" * 2000)),
        contract(*(column(f"c{n}", "integer") for n in range(3000))),
    ],
    ids=["none", "twice", "key", "lineage", "nul", "empty", "surrogate", "long", "many"],
)
def test_contracts_that_no_table_can_have(target, session, made):
    with pytest.raises(ContractError) as error:
        table(target, session, made, lineage=True)
    assert error.value.message
    assert target.inspect(session, TableName("t")) is None


def test_as_many_columns_as_a_table_can_have(target, session):
    most = {"postgres": 1600, "mysql": 1017, "sqlite": 2000, "duckdb": 2000}[built_on(target)]
    full = contract(*(column(f"c{n}", "integer", bits=16) for n in range(most)))
    with pytest.raises(ContractError, match=str(most)) as error:
        target.check(full, lineage=True)
    assert "--no-lineage" in error.value.hint
    target.check(full, lineage=False)
    t = table(target, session, full)
    assert len(target.inspect(session, t).columns) == most
    more = contract(*full.columns, column("more"))
    with pytest.raises(ContractError) as error:
        target.check(more, lineage=True)
    assert "Split" in error.value.hint
    if target.name == "duckdb":
        return  # It takes more: the limit is the project's own.
    with pytest.raises(ContractError):
        target.add_columns(session, t, more.columns[-1:])


def test_a_row_of_many_varchars_fits(target, session):
    made = contract(*(column(f"c{n}", max_chars=4000) for n in range(40)))
    t = table(target, session, made)
    types = [c.type for c in target.inspect(session, t).columns]
    assert types == [c.type for c in target.physical(made).columns]


@on("postgres", "mysql")
def test_a_user_without_rights(target, session):
    with pytest.raises(SnapshotsError) as error:
        _weak(target, session).execute("CREATE TABLE t (a int)")
    assert error.value.hint
    assert not error.value.retryable


def _weak(target, session):
    database = target.location.database
    if built_on(target) == "postgres":
        session.execute("DROP ROLE IF EXISTS weak")
        session.execute("CREATE ROLE weak LOGIN PASSWORD 'weak'")
        session.execute("REVOKE CREATE ON SCHEMA public FROM public")
    else:
        session.execute("CREATE OR REPLACE USER weak@localhost IDENTIFIED BY 'weak'")
        session.execute("CREATE TABLE readable (a int)")
        readable = f"{target.dialect.quote(database)}.readable"
        session.execute(f"GRANT SELECT ON {readable} TO weak@localhost")
    place = replace(target.location, user="weak", password="weak")
    return type(target)(place).connect()
