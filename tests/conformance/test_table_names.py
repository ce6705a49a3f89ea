"""What a database calls a table, and how a session names tables."""

import re

import pytest

from snapshots.errors import ContractError
from snapshots.model import TableName
from snapshots.targets.sql.ddl import written
from tests.conformance.rows import FILES, built_on, column, contract
from tests.conformance.test_names import HOSTILE


def made(target, session, name):
    table = TableName(name)
    target.create_table(session, table, contract(column("n", "integer")), lineage=True)
    return table


@pytest.mark.parametrize("name", HOSTILE)
def test_a_table_is_known_by_what_is_written_of_it(target, session, name):
    try:
        target.dialect.quote(name)
    except ContractError:
        pytest.skip("the database can have no such name")
    assert target.known_as(session, TableName(name)) is None
    known = target.known_as(session, made(target, session, name))
    schema = "public" if built_on(target) == "postgres" else None
    assert (known.name, known.schema) == (name, schema)
    assert target.table_name(written(known)) == known
    assert target.known_as(session, known) == known
    assert target.tables(session) == [known]


def test_case_and_other_things_of_the_name(target, session):
    known = target.known_as(session, made(target, session, "Rides"))
    naming = target.naming(session)
    other = target.known_as(session, TableName("rIDES"))
    assert (other == known) == naming.ignores_case
    assert other in (known, None)
    view = "CREATE VIEW v AS SELECT 1 AS one"
    session.execute(view)
    assert target.known_as(session, TableName("v")).name == "v"
    assert [table.name for table in target.tables(session)] == ["Rides", "v"]
    session.execute("CREATE TABLE plain (n int)")
    session.execute("CREATE INDEX indexed ON plain (n)")
    if built_on(target) != "mysql":
        assert target.known_as(session, TableName("indexed")).name == "indexed"


def test_the_databases_own_tables(target, session):
    own = {
        "postgres": ["pg_catalog.pg_class", "information_schema.tables", "pg_toast.x"],
        "mysql": [],
        "sqlite": ["main.sqlite_master", "main.sqlite_sequence"],
        "duckdb": [],
    }
    system = target.naming(session).system
    for name in own[built_on(target)]:
        assert re.fullmatch(system, name)
    for name in ("public.pg_class", "main.sqlit", "a.information_schema"):
        assert not re.fullmatch(system, name)


def test_a_schema_is_that_of_a_name_alone(target, session, database):
    schema = target.naming(session).schema
    wanted = {"postgres": "public", "mysql": database.rpartition("/")[2]}
    assert schema == wanted.get(target.name, "main")
    assert target.table_name(f"{schema}.t").name == "t"


def test_since_when_the_server_is_there(target, session):
    up = target.uptime(session)
    assert (up is None) == (target.name in FILES)
    assert up is None or 0 <= up < 10 * 24 * 3600
