"""Rows that are lost, too many or moved; where they are; and tables of every kind."""

import pytest

from snapshots import locations
from snapshots.errors import UsageError
from tests.verify.loaded import execute, load, numbers, told, verify

TABLE = "CREATE TABLE t (id integer, name varchar(20), _import_id bigint, _line bigint)"


def test_a_deleted_row_an_added_one_and_one_of_another_import(database, tmp_path):
    execute(database, TABLE)
    import_id = load(database, numbers(tmp_path), chunk_size=2000)
    execute(
        database,
        "DELETE FROM t WHERE id = 10",
        f"INSERT INTO t (id, name, _import_id, _line) VALUES (5000, 'x', {import_id}, 10000)",
        "UPDATE t SET _import_id = 77 WHERE id = 500",
        "UPDATE t SET _line = 10001 WHERE id = 900",
    )
    report = verify(database, import_id)
    assert told(report) == [
        ("missing", 12, None, None, None),
        ("missing", 502, None, None, None),
        ("missing", 902, None, None, None),
        ("more", 10000, None, None, None),
        ("more", 10001, None, None, None),
    ]
    assert (report.equal, report.changed, report.missing, report.more) == (997, 0, 3, 2)
    assert report.exit_code == 8
    # What is missing is in chunks of the input, which are named.
    assert len(report.differing) == 3
    assert sum(one.missing for one in report.differing) == 3
    assert [one.start <= 0 for one in report.differing] == [True, False, False]


def test_a_line_that_is_there_twice(database, tmp_path):
    execute(database, TABLE)
    import_id = load(database, numbers(tmp_path))
    execute(
        database,
        f"INSERT INTO t (id, name, _import_id, _line) VALUES (3, 'name 3', {import_id}, 5)",
        f"INSERT INTO t (id, name, _import_id, _line) VALUES (3, 'name 3', {import_id}, NULL)",
    )
    report = verify(database, import_id)
    assert (report.equal, report.more) == (1000, 2)
    assert [(one.kind, one.line) for one in report.differences] == [("more", -1), ("more", 5)]


def test_imports_beside_each_other_in_one_table(database, tmp_path):
    first = load(database, numbers(tmp_path, 700))
    second = load(database, numbers(tmp_path, 300, "other.csv"))
    for import_id, rows in ((first, 700), (second, 300)):
        report = verify(database, import_id)
        assert (report.result, report.equal) == ("equal", rows)


def test_columns_that_are_left_out(database, tmp_path):
    import_id = load(database, numbers(tmp_path))
    execute(database, "UPDATE t SET name = 'x' WHERE id = 1")
    assert verify(database, import_id).exit_code == 8
    report = verify(database, import_id, left_out=("name",))
    assert (report.exit_code, report.equal, report.left_out) == (0, 1000, ("name",))
    with pytest.raises(UsageError, match="did not load a column 'nmae'"):
        verify(database, import_id, left_out=("nmae",))


def test_a_column_and_a_table_that_are_gone(database, tmp_path):
    import_id = load(database, numbers(tmp_path))
    execute(database, "ALTER TABLE t DROP COLUMN name")
    report = verify(database, import_id)
    assert (report.exit_code, report.equal) == (8, 1000)
    assert report.table == ["The table no longer has the column 'name'."]
    execute(database, "DROP TABLE t")
    report = verify(database, import_id)
    assert (report.exit_code, report.compared) == (8, False)
    assert report.table == ["The table t is gone."]


def test_a_type_that_was_changed_since(postgres_url, tmp_path):
    import_id = load(postgres_url, numbers(tmp_path))
    execute(postgres_url, "ALTER TABLE t ALTER COLUMN id TYPE numeric(20,3)")
    assert verify(postgres_url, import_id).result == "equal"
    execute(postgres_url, "UPDATE t SET id = 3.5 WHERE _line = 5")
    assert told(verify(postgres_url, import_id)) == [("changed", 5, "id", "3", "3.500")]


def test_what_triggers_do_is_a_difference_and_they_are_named(database, tmp_path):
    execute(database, TABLE)
    execute(database, *TRIGGERS[locations.target(database).name])
    import_id = load(database, numbers(tmp_path))
    report = verify(database, import_id)
    assert (report.exit_code, report.changed, report.triggers) == (8, 1, ("made_by_owner",))
    assert told(report) == [("changed", 9, "name", "name 7", "triggered")]
    assert verify(database, import_id, left_out=("name",)).exit_code == 0


TRIGGERS = {
    "postgres": (
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN IF NEW.id = 7 THEN NEW.name = 'triggered'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER made_by_owner BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
    ),
    "mysql": (
        "CREATE TRIGGER made_by_owner BEFORE INSERT ON t FOR EACH ROW"
        " SET NEW.name = IF(NEW.id = 7, 'triggered', NEW.name)",
    ),
    "sqlite": (
        "CREATE TRIGGER made_by_owner AFTER INSERT ON t WHEN NEW.id = 7"
        " BEGIN UPDATE t SET name = 'triggered' WHERE id = 7; END",
    ),
}


def test_a_partitioned_table_and_a_view(postgres_url, tmp_path):
    execute(
        postgres_url,
        "CREATE TABLE base (id integer, name text, _import_id bigint, _line bigint)"
        " PARTITION BY RANGE (id)",
        "CREATE TABLE low PARTITION OF base FOR VALUES FROM (0) TO (500)",
        "CREATE TABLE high PARTITION OF base FOR VALUES FROM (500) TO (1000)",
        "CREATE VIEW t AS SELECT * FROM base",
    )
    import_id = load(postgres_url, numbers(tmp_path))
    assert verify(postgres_url, import_id).equal == 1000
    execute(postgres_url, "UPDATE high SET name = 'x' WHERE id = 999")
    assert told(verify(postgres_url, import_id)) == [("changed", 1001, "name", "name 999", "x")]


def test_a_generated_column_is_named(database, tmp_path):
    kind = "GENERATED ALWAYS AS (id + 1) STORED"
    execute(
        database,
        f"CREATE TABLE t (id integer, name varchar(20), more integer {kind},"
        " _import_id bigint, _line bigint)",
    )
    report = verify(database, load(database, numbers(tmp_path)))
    assert (report.result, report.generated) == ("equal", ("more",))


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_file_of_sqlite_with_either_journal(sqlite_url, tmp_path, journal):
    import_id = load(sqlite_url, numbers(tmp_path), chunk_size=1000)
    execute(sqlite_url, f"PRAGMA journal_mode = {journal}")
    assert verify(sqlite_url, import_id).equal == 1000
