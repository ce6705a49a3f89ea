"""The modes on DuckDB, which has no savepoints: what a table refuses becomes rejects all the same.

Most of these tests are those of the other targets.
"""

# ruff: noqa: F401 - tests are collected here by their names

import pytest

import snapshots
from snapshots import locations
from tests.imports.test_by_key import (
    test_a_key_that_is_declared_nowhere,
    test_rejects_delete_nothing,
)
from tests.imports.test_history_adoption import (
    test_a_dry_run_leaves_the_table_as_it_is,
    test_a_table_that_an_import_has_left_empty,
    test_an_empty_table_begins_a_history,
    test_rows_that_come_meanwhile_stop_it,
)
from tests.imports.test_many_refused import test_more_than_are_looked_for_one_by_one
from tests.imports.test_rename import (
    test_a_plain_table,
    test_rejected_records_keep_rows,
    test_rows_that_the_copy_refuses,
)
from tests.imports.test_replace import (
    first,
    second,
    test_a_table_without_lineage_is_replaced,
    test_an_append_that_the_table_refuses_in_part,
    test_an_atomic_append_of_many_chunks_is_published_at_its_end,
    test_one_reject_publishes_nothing_unless_it_is_allowed,
    test_rows_that_the_table_refuses_are_rejects_before_anything_is_published,
    test_the_rows_of_a_file_replace_those_of_the_one_before,
)
from tests.ledger.older import execute
from tests.support.command import snapshots as command


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def database(duckdb_url):
    return duckdb_url


LINES = {
    "name": lambda n: f"{n},a{n},1,1",
    "held": lambda n: f"{n},held,1,1",
    "twice": lambda n: f"{n},twice,1,1",
    "orphan": lambda n: f"{n},b{n},99,1",
    "size": lambda n: f"{n},c{n},1,-1",
    "shown": lambda n: f"{n},D{n % 5},1,1",
}
TABLE = (
    "CREATE TABLE p (id int PRIMARY KEY)",
    "INSERT INTO p VALUES (1)",
    "CREATE TABLE t (id int PRIMARY KEY, code varchar(20) UNIQUE, parent int, size int,"
    " _import_id bigint NOT NULL, _line bigint NOT NULL,"
    " CHECK (size > 0), FOREIGN KEY (parent) REFERENCES p (id))",
    "CREATE UNIQUE INDEX t_code ON t (lower(code))",
    "INSERT INTO t VALUES (-1, 'held', 1, 1, 0, 0)",
)


def made(database, *statements):
    locations.target(database).connect().close()
    for statement in statements:
        execute(database, statement)


def given(path, count):
    """Rows of each kind in turn."""
    kinds = list(LINES)
    lines = [LINES[kinds[n % len(kinds)]](n) for n in range(count)]
    path.write_text("id,code,parent,size\n" + "".join(f"{line}\n" for line in lines))
    return path


OPTIONS = {
    "append": {},
    "atomic": {"atomic": True},
    "replace": {"mode": "replace"},
    "upsert": {"mode": "upsert"},
}


@pytest.mark.parametrize("options", OPTIONS)
def test_each_constraint_makes_rejects_in_every_mode(database, tmp_path, options):
    made(database, *TABLE)
    count = 900
    path = given(tmp_path / "a.csv", count)
    done = snapshots.load(
        path, database=database, table="t", max_rejects="100%", **OPTIONS[options]
    )
    kinds = list(LINES)
    good = {n for n in range(count) if kinds[n % len(kinds)] == "name"}
    # The first one of equal values is loaded.
    good |= {2, 5, 11, 17, 23, 29}
    wanted = {"refused_by_target": count - len(good)}
    assert (done.exit_code, done.rejects_by_code) == (3, wanted), (done.message, done.hint)
    held = {n for (n,) in execute(database, "SELECT id FROM t")}
    # A rejected record may be the row of before.
    assert held == {*good, -1}
    assert {one.line for one in snapshots.rejects(done.record.import_id, database=database)} == {
        n + 2 for n in range(count) if n not in good
    }
    assert (
        command(
            "verify", str(done.record.import_id), "--database", database, cwd=tmp_path
        ).returncode
        == 0
    )


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("backwards", [False, True])
def test_rows_that_refer_to_others_of_the_input(database, tmp_path, options, backwards):
    made(
        database,
        "CREATE TABLE t (id int PRIMARY KEY, of int, FOREIGN KEY (of) REFERENCES t (id),"
        " _import_id bigint NOT NULL, _line bigint NOT NULL)",
    )
    lines = ["1,", *(f"{n},{n // 2}" for n in range(2, 100)), "900,901", "901,902"]
    path = tmp_path / "a.csv"
    path.write_text("id,of\n" + "\n".join(lines[::-1] if backwards else lines) + "\n")
    done = snapshots.load(
        path, database=database, table="t", max_rejects="100%", **OPTIONS[options]
    )
    assert (done.exit_code, done.counts.loaded) == (3, 99), (done.message, done.hint)
    assert {one.raw for one in snapshots.rejects(done.record.import_id, database=database)} == {
        b"900,901",
        b"901,902",
    }
    assert execute(database, "SELECT COUNT(*), SUM(id) FROM t") == [(99, sum(range(100)))]


def test_one_of_two_rows_is_taken_where_the_first_is_refused(database, tmp_path):
    """Rows that are refused take no unique value from those behind them."""
    made(
        database,
        "CREATE TABLE t (id int PRIMARY KEY, a int UNIQUE, b int UNIQUE)",
        "INSERT INTO t VALUES (-1, -1, 7)",
    )
    path = tmp_path / "a.csv"
    # 2 is refused by the table, 3 takes its value; 5 by 4, and 6 takes its value.
    path.write_text("id,a,b\n2,1,7\n3,1,8\n4,2,9\n5,2,10\n6,3,10\n")
    for atomic in (True, False):
        done = snapshots.load(
            path, database=database, table="t", max_rejects="100%", atomic=atomic, again=True
        )
        assert done.counts.loaded == (3 if atomic else 0), (done.message, done.hint)
    held = execute(database, "SELECT id FROM t ORDER BY id")
    assert held == [(-1,), (3,), (4,), (6,)]


def test_a_table_is_renamed_with_all_that_it_has(database, tmp_path):
    made(
        database,
        "CREATE TABLE t (id int PRIMARY KEY, name varchar(9) DEFAULT 'none' CHECK (name <> ''),"
        " _import_id bigint NOT NULL, _line bigint NOT NULL)",
        "CREATE INDEX t_name ON t (name)",
        "CREATE VIEW v AS SELECT name FROM t",
        "COMMENT ON COLUMN t.name IS 'it''s a name'",
        "INSERT INTO t VALUES (1, 'old', 0, 0)",
    )
    path = tmp_path / "a.csv"
    path.write_text("id,name\n2,new\n3,more\n")
    asked = (
        "SELECT sql FROM duckdb_tables() WHERE table_name = 't' UNION ALL"
        " SELECT sql FROM duckdb_indexes() WHERE table_name = 't' UNION ALL"
        " SELECT comment FROM duckdb_columns() WHERE table_name = 't'"
    )
    before = execute(database, asked)
    options = {"database": database, "table": "t", "mode": "replace", "publish": "rename"}
    done = snapshots.load(path, **options)
    assert (done.exit_code, done.record.publish) == (0, "rename"), (done.message, done.hint)
    assert execute(database, asked) == before
    assert execute(database, "SELECT name FROM v ORDER BY 1") == [("more",), ("new",)]
    snapshots.undo(done.record.import_id, database=database)
    assert execute(database, "SELECT id, name FROM t") == [(1, "old")]


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("CREATE UNIQUE INDEX i ON t (name)", "index i may refuse rows"),
        (
            "CREATE TABLE c (of int, FOREIGN KEY (of) REFERENCES t (id))",
            "a foreign key of table c refers to it",
        ),
    ],
)
def test_a_table_that_cannot_be_renamed(database, tmp_path, statement, why):
    made(
        database,
        "CREATE TABLE t (id int PRIMARY KEY, name varchar(9),"
        " _import_id bigint NOT NULL, _line bigint NOT NULL)",
        statement,
    )
    path = tmp_path / "a.csv"
    path.write_text("id,name\n2,new\n")
    with pytest.raises(snapshots.SnapshotsError, match=why):
        snapshots.load(path, database=database, table="t", mode="replace", publish="rename")


def test_what_an_empty_table_has_stays_when_its_history_begins(database, tmp_path):
    made(
        database,
        "CREATE TABLE t (id int PRIMARY KEY, name varchar(9) DEFAULT 'none', size int,"
        " CHECK (size > 0))",
        "CREATE INDEX t_name ON t (name)",
        "COMMENT ON TABLE t IS 'of things'",
    )
    path = tmp_path / "a.csv"
    path.write_text("id,name,size\n1,a,1\n2,b,-1\n")
    done = snapshots.load(
        path, database=database, table="t", mode="history", lineage=False, max_rejects=1
    )
    assert (done.exit_code, done.counts.rejected) == (3, 1), (done.message, done.hint)
    assert execute(database, "SELECT id, name FROM t_current") == [(1, "a")]
    ((sql,),) = execute(database, "SELECT sql FROM duckdb_tables() WHERE table_name = 't'")
    assert "DEFAULT('none')" in sql
    assert "CHECK((size > 0))" in sql
    indexes = "SELECT index_name FROM duckdb_indexes() WHERE table_name = 't'"
    assert execute(database, indexes) == [("t_name",)]
    assert execute(database, "SELECT comment FROM duckdb_tables() WHERE table_name = 't'") == [
        ("of things",)
    ]


def test_a_row_that_others_refer_to_is_updated(database, tmp_path):
    """DuckDB would refuse it if a column with an index was set, even to the value that it has."""
    made(
        database,
        "CREATE TABLE t (id int PRIMARY KEY, place int UNIQUE, boss int, name varchar(9),"
        " FOREIGN KEY (boss) REFERENCES t (id))",
        "INSERT INTO t VALUES (1, 10, NULL, 'a')",
        "INSERT INTO t VALUES (2, 20, 1, 'b'), (3, 30, 1, 'c')",
    )
    path = tmp_path / "a.csv"
    path.write_text("id,place,boss,name\n1,10,,aa\n2,20,4,b\n3,31,1,cc\n4,40,1,d\n")
    done = snapshots.load(path, database=database, table="t", mode="upsert")
    assert done.exit_code == 0, (done.message, done.hint)
    assert (done.record.updated, done.record.inserted) == (3, 1)
    assert execute(database, "SELECT id, place, boss, name FROM t ORDER BY id") == [
        (1, 10, None, "aa"), (2, 20, 4, "b"), (3, 31, 1, "cc"), (4, 40, 1, "d"),
    ]  # fmt: skip


@pytest.mark.parametrize("columns", ["id int PRIMARY KEY, name text", "id int, name text"])
@pytest.mark.parametrize("mode", ["upsert", "mirror"])
def test_all_columns_besides_the_key_have_an_index(database, tmp_path, columns, mode):
    """Nothing is left for the update of what has no index."""
    made(
        database,
        f"CREATE TABLE t ({columns})",
        "CREATE INDEX by_name ON t (name)",
        "INSERT INTO t VALUES (1, 'a'), (2, 'b')",
    )
    path = tmp_path / "a.csv"
    path.write_text("id,name\n1,a\n2,B\n3,c\n")
    done = snapshots.load(path, database=database, table="t", mode=mode, primary_key=("id",))
    assert done.exit_code == 0, (done.message, done.hint)
    assert (done.record.updated, done.record.inserted, done.record.unchanged) == (1, 1, 1)
    assert execute(database, "SELECT id, name FROM t ORDER BY id") == [
        (1, "a"), (2, "B"), (3, "c"),
    ]  # fmt: skip
