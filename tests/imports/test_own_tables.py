"""Tables that somebody else has made: what they can hold is loaded, and the rest is explained."""

import json

import pytest

import snapshots
from snapshots import locations
from tests.ledger.older import execute
from tests.support.command import snapshots as command


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
    if done.returncode != 3:
        return done, []
    ((number,),) = execute(database, "SELECT MAX(id) FROM snapshots_imports")
    return done, list(snapshots.rejects(number, database=database))


def test_the_zone_that_a_column_would_lose_is_named(database, tmp_path):
    kind = "timestamp" if database.startswith("postgres") else "datetime"
    make(database, f"CREATE TABLE t (id int, v {kind})")
    text = "id,v\n1,2024-01-05T10:00:00Z\n2,2024-01-05 10:00:00 +02:00\n3,2024-01-05 10:00:00\n"
    done, rejects = load(database, tmp_path, text)
    assert done.returncode == 3, done.stderr
    assert [(one.code, one.reason) for one in rejects] == [
        (
            "not_a_timestamp",
            '"2024-01-05T10:00:00Z" has a time zone, Z, which the column does not store.',
        ),
        (
            "not_a_timestamp",
            '"2024-01-05 10:00:00 +02:00" has a time zone, +02:00, which the column does not'
            " store.",
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
    assert "no column of table t" in done.stderr


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
        assert f"The table cannot be created: {what} has this name." in done.stderr
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


def as_lowly(url):
    """The same database, for a user who owns nothing in it."""
    make(
        url,
        "DO $$ BEGIN CREATE ROLE lowly LOGIN PASSWORD 'lowly';"
        " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$",
        "GRANT ALL ON SCHEMA public TO lowly",
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO lowly",
    )
    return f"postgresql://lowly:lowly@{url.rpartition('@')[2]}"


def test_a_table_with_row_level_security_is_loaded(postgres_url, tmp_path):
    make(
        postgres_url,
        "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, name text, kind varchar(3)[])",
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY p ON t USING (true) WITH CHECK (id % 100 <> 2)",
    )
    lowly = as_lowly(postgres_url)
    rows = "".join(f"{n},name {n},{{a}}\n" for n in range(1, 301))
    done, rejects = load(lowly, tmp_path, f"id,name,kind\n{rows}")
    assert done.returncode == 3, done.stderr
    assert [(one.line, one.code) for one in rejects] == [
        (line, "refused_by_target") for line in (3, 103, 203)
    ]
    assert "policy" in rejects[0].reason
    assert execute(postgres_url, "SELECT COUNT(*), MAX(id) FROM t") == [(297, 300)]


def test_a_right_that_is_missing_is_no_reject(postgres_url, tmp_path):
    make(
        postgres_url,
        "CREATE TABLE t (id int)",
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY p ON t USING (true)",
    )
    lowly = as_lowly(postgres_url)
    make(postgres_url, "REVOKE INSERT ON t FROM lowly")
    done, _ = load(lowly, tmp_path, "id\n1\n")
    assert done.returncode == 1
    assert "permission denied" in done.stderr
    make(postgres_url, "GRANT INSERT ON t TO lowly", "REVOKE SELECT ON t FROM lowly")
    done = command("resume", "1", "--database", lowly, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert execute(postgres_url, "SELECT id FROM t") == [(1,)]


def test_a_view_of_one_table_is_loaded(database, tmp_path):
    if database.startswith("sqlite"):
        pytest.skip("SQLite's views take no rows")
    make(
        database,
        "CREATE TABLE b (id int PRIMARY KEY, name varchar(9), other int DEFAULT 7)",
        "CREATE VIEW v AS SELECT id, name FROM b WHERE id < 5 WITH CHECK OPTION",
    )
    done, rejects = load(database, tmp_path, "id,name\n1,Ana\n6,Bo\n1,Cy\n2,Di\n", table="v")
    assert done.returncode == 3, done.stderr
    assert [one.line for one in rejects] == [3, 4]
    assert sorted(execute(database, "SELECT * FROM b")) == [(1, "Ana", 7), (2, "Di", 7)]


def test_what_a_view_computes_is_left_out(postgres_url, tmp_path):
    make(
        postgres_url,
        "CREATE TABLE b (id int, name text)",
        "CREATE VIEW v AS SELECT id, name, upper(name) AS big FROM b",
    )
    done, _ = load(postgres_url, tmp_path, "id,name,big\n1,Ana,X\n", table="v")
    assert done.returncode == 0, done.stderr
    assert "column 'big' is computed by the database" in done.stderr
    assert execute(postgres_url, "SELECT * FROM v") == [(1, "Ana", "ANA")]


def test_a_view_with_a_rule_or_a_trigger_is_loaded_by_that(postgres_url, tmp_path):
    make(
        postgres_url,
        "CREATE TABLE b (id int, name text)",
        "CREATE VIEW v AS SELECT id, upper(name) AS name FROM b",
        "CREATE RULE r AS ON INSERT TO v DO INSTEAD INSERT INTO b VALUES (new.id, new.name)",
        "CREATE VIEW w AS SELECT id, upper(name) AS name FROM b",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN INSERT INTO b VALUES (new.id, new.name); RETURN new; END $$",
        "CREATE TRIGGER tr INSTEAD OF INSERT ON w FOR EACH ROW EXECUTE FUNCTION f()",
    )
    for view in ("v", "w"):
        done, _ = load(postgres_url, tmp_path, "id,name\n1,Ana\n", "--again", table=view)
        assert done.returncode == 0, done.stderr
    assert execute(postgres_url, "SELECT * FROM b") == [(1, "Ana")] * 2


def test_tables_partitioned_by_inheritance_are_loaded(postgres_url, tmp_path):
    make(
        postgres_url,
        "CREATE TABLE t (id int, n int, _import_id bigint, _line bigint)",
        "CREATE TABLE child (CHECK (n >= 0)) INHERITS (t)",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN INSERT INTO child VALUES (new.*); RETURN NULL; END $$",
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
    )
    done, rejects = load(postgres_url, tmp_path, "id,n\n1,5\n2,-6\n3,7\n")
    assert done.returncode == 3, done.stderr
    assert "3 records = 2 loaded + 1 rejected + 0 skipped" in done.stdout
    assert [one.line for one in rejects] == [3]
    assert execute(postgres_url, "SELECT id FROM child") == [(1,), (3,)]


def test_a_tinyint_that_holds_numbers_takes_numbers(mysql_url, tmp_path):
    make(mysql_url, "CREATE TABLE t (id int, st tinyint(1), u tinyint(1) unsigned)")
    text = "id,st,u\n1,0,255\n2,-128,2\n3,true,false\n4,128,0\n5,1,-1\n6,maybe,1\n7,,1\n8,127,9\n"
    done, rejects = load(mysql_url, tmp_path, text)
    assert done.returncode == 3, done.stderr
    assert [(one.line, one.column, one.code) for one in rejects] == [
        (5, "st", "out_of_range"),
        (6, "u", "out_of_range"),
        (7, "st", "not_a_boolean"),
    ]
    assert rejects[0].reason == '"128" is outside the range of the column (-128 to 127).'
    assert rejects[2].reason == '"maybe" is neither a number nor a word for true or false.'
    assert sorted(execute(mysql_url, "SELECT * FROM t")) == [
        (1, 0, 255),
        (2, -128, 2),
        (3, 1, 0),
        (7, None, 1),
        (8, 127, 9),
    ]


def test_a_tinyint_that_an_import_has_made_for_truths_takes_no_other_numbers(mysql_url, tmp_path):
    done, _ = load(mysql_url, tmp_path, "id,v\n1,true\n2,false\n")
    assert done.returncode == 0, done.stderr
    done, rejects = load(mysql_url, tmp_path, "id,v\n3,2\n4,1\n")
    assert [(one.line, one.code) for one in rejects] == [(2, "not_a_boolean")]
    assert sorted(execute(mysql_url, "SELECT id, v FROM t")) == [(1, 1), (2, 0), (4, 1)]


@pytest.mark.parametrize(
    ("kind", "codes"), [("boolean", ["not_a_boolean"]), ("integer", ["not_an_integer"])]
)
def test_a_contract_says_what_a_tinyint_holds(mysql_url, kind, codes, tmp_path):
    make(mysql_url, "CREATE TABLE t (id int, v tinyint(1))")
    fields = [{"name": "id", "type": "integer"}, {"name": "v", "type": kind}]
    (tmp_path / "c.json").write_text(json.dumps({"fields": fields}))
    done, rejects = load(mysql_url, tmp_path, "id,v\n1,2\n2,true\n3,1\n", "--contract", "c.json")
    assert done.returncode == 3, done.stderr
    assert [one.code for one in rejects] == codes
    kept = [(2, 1), (3, 1)] if kind == "boolean" else [(1, 2), (3, 1)]
    assert sorted(execute(mysql_url, "SELECT * FROM t")) == kept


@pytest.mark.parametrize("more", ["", ", e enum('x') DEFAULT 'x'"])
def test_a_time_is_also_a_span_of_time(mysql_url, more, tmp_path):
    """The other column makes the rows go by LOAD DATA."""
    make(mysql_url, f"CREATE TABLE t (id int, v time(3){more})")
    values = ["12:00", "838:59:59", "-01:00:00", "12:00:00.7005", "24:00:00", "9:05", "-838:59:59"]
    values += ["839:00:00", "-00:00:00.5", "100:00:00.25", "12:00:00Z", "-100:30"]
    text = "".join(f"{n},{value}\n" for n, value in enumerate(values))
    done, rejects = load(mysql_url, tmp_path, f"id,v\n{text}")
    assert done.returncode == 3, done.stderr
    assert [(one.line - 2, one.code) for one in rejects] == [
        (3, "loses_precision"),
        (5, "not_a_time"),
        (7, "out_of_range"),
        (10, "not_a_time"),
    ]
    assert sorted(execute(mysql_url, "SELECT id, CAST(v AS char) FROM t")) == [
        (0, "12:00:00.000"),
        (1, "838:59:59.000"),
        (2, "-01:00:00.000"),
        (4, "24:00:00.000"),
        (6, "-838:59:59.000"),
        (8, "-00:00:00.500"),
        (9, "100:00:00.250"),
        (11, "-100:30:00.000"),
    ]


def test_an_enum_names_the_column_and_what_it_takes(mysql_url, tmp_path):
    members = r"'a','4','b''c','d\\e','x\ny'"
    make(mysql_url, f"CREATE TABLE t (id int, v enum({members}))")
    values = ["a", "4", "1", '""', "A", "", "b'c", "d\\e", '"x\ny"']
    text = "".join(f"{n},{value}\n" for n, value in enumerate(values))
    done, rejects = load(mysql_url, tmp_path, f"id,v\n{text}")
    assert done.returncode == 3, done.stderr
    assert [(one.line, one.column, one.code) for one in rejects] == [
        (4, "v", "not_in_enum"),
        (5, "v", "not_in_enum"),
        (6, "v", "not_in_enum"),
    ]
    assert rejects[0].reason.startswith('"1" is not one of the allowed values: "4", "a", "b\'c"')
    assert sorted(execute(mysql_url, "SELECT * FROM t")) == [
        (0, "a"),
        (1, "4"),
        (5, None),
        (6, "b'c"),
        (7, "d\\e"),
        (8, "x\ny"),
    ]


def test_a_year_has_four_digits(mysql_url, tmp_path):
    make(mysql_url, "CREATE TABLE t (v year)")
    done, rejects = load(mysql_url, tmp_path, "v\n2024\n24\n1900\n0000\n2155\n2156\n0\n1901\n")
    assert done.returncode == 3, done.stderr
    assert [(one.line, one.column, one.code) for one in rejects] == [
        (line, "v", "out_of_range") for line in (3, 4, 7, 8)
    ]
    assert rejects[0].reason == '"24" is not a year of four digits from 1901 to 2155, or 0000.'
    assert sorted(execute(mysql_url, "SELECT v FROM t")) == [(0,), (1901,), (2024,), (2155,)]
