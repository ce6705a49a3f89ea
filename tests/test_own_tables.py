"""Tables that somebody else has made: what they can hold is loaded, and the rest is explained."""

import pytest

import snapshots
from snapshots import locations
from tests.cli.run import snapshots as command
from tests.ledger.older import execute


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def make(database, *statements):
    """Makes the database, and in it what the statements say."""
    session = locations.target(database).connect()
    try:
        for statement in statements:
            session.execute(statement)
    finally:
        session.close()


def load(database, tmp_path, text, *options, table="t"):
    """What the command says of an input with this text, and its rejects."""
    (tmp_path / "t.csv").write_text(text)
    done = command(
        "import", "t.csv", "--database", database, "--table", table, *options, cwd=tmp_path
    )
    found = [] if done.returncode != 3 else list(snapshots.rejects(1, database=database))
    return done, found


def test_the_zone_that_a_column_would_lose_is_named(database, tmp_path):
    kind = "timestamp" if database.startswith("postgres") else "datetime"
    make(database, f"CREATE TABLE t (id int, v {kind})")
    text = "id,v\n1,2024-01-05T10:00:00Z\n2,2024-01-05 10:00:00 +02:00\n3,2024-01-05 10:00:00\n"
    done, rejects = load(database, tmp_path, text)
    assert done.returncode == 3, done.stderr
    assert [(one.code, one.reason) for one in rejects] == [
        (
            "not_a_timestamp",
            '"2024-01-05T10:00:00Z" has a time zone, Z, and the column keeps none.',
        ),
        (
            "not_a_timestamp",
            '"2024-01-05 10:00:00 +02:00" has a time zone, +02:00, and the column keeps none.',
        ),
    ]


GENERATED = "CREATE TABLE t (id int, a int, Twice int GENERATED ALWAYS AS (a * 2) STORED)"


@pytest.mark.parametrize("policy", ["fail", "add", "ignore"])
def test_a_generated_column_in_the_input_is_left_to_the_database(database, policy, tmp_path):
    make(database, GENERATED)
    text = "id,a,twice\n1,2,4\n2,3,7\n"
    done, _ = load(database, tmp_path, text, "--columns-changed", policy)
    assert done.returncode == 0, done.stderr
    said = "column 'twice' is computed by the database: the input's values are left out"
    assert said in done.stderr
    assert sorted(execute(database, "SELECT * FROM t")) == [(1, 2, 4), (2, 3, 6)]


def test_a_generated_column_has_its_place_in_an_input_without_a_header(database, tmp_path):
    make(database, "CREATE TABLE t (id int, b int GENERATED ALWAYS AS (a * 2) STORED, a int)")
    done, _ = load(database, tmp_path, "1,4,2\n2,6,3\n", "--no-headers")
    assert done.returncode == 0, done.stderr
    assert sorted(execute(database, "SELECT id, a, b FROM t")) == [(1, 2, 4), (2, 3, 6)]
    done, _ = load(database, tmp_path, "3,4\n4,5\n", "--no-headers")
    assert done.returncode == 0, done.stderr
    assert len(execute(database, "SELECT * FROM t")) == 4


def test_generated_columns_alone_are_nothing_to_load(database, tmp_path):
    make(database, GENERATED)
    done, _ = load(database, tmp_path, "twice\n4\n", "--columns-changed", "ignore")
    assert done.returncode == 1
    assert "no column of the table" in done.stderr


TAKEN = {
    "postgresql": {
        "an index": ["CREATE TABLE z (a int)", "CREATE INDEX t ON z (a)"],
        "a sequence": ["CREATE SEQUENCE t"],
        "a materialized view": ["CREATE MATERIALIZED VIEW t AS SELECT 1 AS id"],
        "a type": ["CREATE TYPE t AS ENUM ('a')"],
    },
    "mysql": {"a sequence": ["CREATE SEQUENCE t"]},
    "sqlite": {"an index": ["CREATE TABLE z (a int)", "CREATE INDEX t ON z (a)"]},
}


@pytest.mark.parametrize("what", ["an index", "a sequence", "a materialized view", "a type"])
def test_a_name_that_something_else_has_is_refused_before_anything_is_made(
    database, what, tmp_path
):
    statements = TAKEN[database.partition(":")[0]].get(what)
    if statements is None:
        pytest.skip("no such thing, or with names of its own")
    make(database, *statements)
    for options in ([], ["--dry-run"]):
        done, _ = load(database, tmp_path, "id,name\n1,Ana\n", *options)
        assert done.returncode == 1
        assert f"No table of this name can be made: it is that of {what}." in done.stderr
        assert "--table" in done.stderr
        assert "resume" not in done.stderr
    done, _ = load(database, tmp_path, "id,name\n1,Ana\n", table="other")
    assert done.returncode == 0, done.stderr


def test_a_type_in_another_schema_has_its_own_name(postgres_url, tmp_path):
    make(
        postgres_url,
        "CREATE SCHEMA s",
        "CREATE TYPE s.t AS ENUM ('a')",
        "CREATE DOMAIN s.d AS int",
    )
    for table, code in (("t", 0), ("s.t", 1), ("s.d", 1), ("s.x", 0), ("nowhere.x", 1)):
        done, _ = load(postgres_url, tmp_path, "id,name\n1,Ana\n", "--again", table=table)
        assert done.returncode == code, (table, done.stderr)


def test_a_view_that_takes_no_rows_is_refused_before_anything_is_read(database, tmp_path):
    make(
        database,
        "CREATE TABLE b (id int, name varchar(9))",
        "CREATE VIEW v AS SELECT id, MAX(name) AS name FROM b GROUP BY id",
    )
    done, _ = load(database, tmp_path, "id,name\n1,Ana\n", table="v")
    assert done.returncode == 1
    assert "This is a view, and" in done.stderr
    assert "--table" in done.stderr
    assert "resume" not in done.stderr


def test_a_view_with_a_trigger_in_place_of_it_is_loaded_through_that(sqlite_url, tmp_path):
    make(
        sqlite_url,
        "CREATE TABLE b (id int, name text)",
        "CREATE VIEW v AS SELECT id, upper(name) AS name FROM b",
        "CREATE TRIGGER tr INSTEAD OF INSERT ON v BEGIN INSERT INTO b VALUES (new.id, new.name);"
        " END",
    )
    done, _ = load(sqlite_url, tmp_path, "id,name\n1,Ana\n2,Bo\n", table="v")
    assert done.returncode == 0, done.stderr
    assert execute(sqlite_url, "SELECT * FROM v") == [(1, "ANA"), (2, "BO")]


def test_a_trigger_in_place_of_something_else_takes_no_rows(sqlite_url, tmp_path):
    make(
        sqlite_url,
        "CREATE TABLE b (id int)",
        "CREATE VIEW v AS SELECT id FROM b",
        "CREATE TRIGGER tr INSTEAD OF DELETE ON v BEGIN INSERT INTO b VALUES (1); END",
    )
    done, _ = load(sqlite_url, tmp_path, "id\n1\n", table="v")
    assert (done.returncode, "INSTEAD OF INSERT" in done.stderr) == (1, True)
