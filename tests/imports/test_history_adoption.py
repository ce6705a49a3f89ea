"""An empty table that somebody else has made begins a history, or says why it cannot."""

import pytest

import snapshots
from snapshots import locations
from snapshots.model import TableName
from tests.imports.history_tables import intervals, written
from tests.ledger.older import execute

A, B = (f"{one}T00:00:00.000Z" for one in ("2023-01-01", "2023-06-03"))
KEYED = "CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(20) DEFAULT 'none')"
BARE = "CREATE TABLE t (id INTEGER, name VARCHAR(20))"


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def made(database, *statements):
    locations.target(database).connect().close()
    for statement in statements:
        execute(database, statement)


def loaded(path, database, rows, date, **options):
    return snapshots.load(
        written(path, rows), database=database, table="t", mode="history", as_of=date,
        max_deletes="100%", **options,
    )  # fmt: skip


def shape_of(database):
    target = locations.target(database)
    session = target.connect()
    try:
        return target.inspect(session, TableName("t"))
    finally:
        session.close()


@pytest.mark.parametrize(
    ("create", "key"),
    [(KEYED, ()), (KEYED, ("id",)), (BARE, ("id",)), (BARE.replace("name", "NAME"), ("id",))],
)
def test_an_empty_table_begins_a_history(database, tmp_path, create, key):
    made(database, create)
    one = loaded(tmp_path / "1.csv", database, {1: "a", 2: "b"}, "2023-01-01", primary_key=key)
    two = loaded(tmp_path / "2.csv", database, {1: "aa", 3: "c"}, "2023-06-03")
    assert (one.exit_code, two.exit_code) == (0, 0), (one.message, two.message)
    assert intervals(database) == [
        (1, "a", A, B), (1, "aa", B, None), (2, "b", A, B), (3, "c", B, None),
    ]  # fmt: skip
    assert shape_of(database).primary_key == ("id", "_valid_from")
    assert execute(database, "SELECT id, name FROM t_current ORDER BY id") == [
        (1, "aa"), (3, "c"),
    ]  # fmt: skip
    with pytest.raises(snapshots.SnapshotsError, match="keeps its history"):
        snapshots.load(tmp_path / "1.csv", database=database, table="t", again=True)


def test_a_table_that_an_import_has_left_empty(database, tmp_path):
    first = snapshots.load(written(tmp_path / "1.csv", {1: "a"}), database=database, table="t")
    assert first.exit_code == 0
    execute(database, "DELETE FROM t")
    done = loaded(tmp_path / "2.csv", database, {1: "a", 2: "b"}, "2023-01-01", primary_key=("id",))
    assert done.exit_code == 0, done.message
    assert intervals(database) == [(1, "a", A, None), (2, "b", A, None)]
    snapshots.undo(done.record.import_id, database=database)
    assert intervals(database) == []


REFUSED = [
    ([KEYED, "INSERT INTO t VALUES (1, 'a')"], "exists and keeps no history"),
    (["CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(20) UNIQUE)"], "another unique key"),
    ([KEYED, "CREATE UNIQUE INDEX of_name ON t (name)"], "another unique key, of_name"),
    (
        [KEYED, "CREATE TABLE c (t_id INTEGER, CONSTRAINT k FOREIGN KEY (t_id) REFERENCES t (id))"],
        "of table c refers to it",
    ),
    (
        ["CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(20), _valid_to INTEGER)"],
        "has a column _valid_to already",
    ),
    ([KEYED, "CREATE VIEW t_current AS SELECT 1 AS one"], "t_current"),
    ([BARE.replace(" t ", " b "), "CREATE VIEW t AS SELECT * FROM b"], "view|keeps no history"),
    (["CREATE TABLE t (id INTEGER, name VARCHAR(20) PRIMARY KEY)"], "primary key of table t is"),
]


@pytest.mark.parametrize(("statements", "why"), REFUSED)
def test_what_cannot_be_is_refused_before_anything_changes(database, tmp_path, statements, why):
    made(database, *statements)
    before = shape_of(database)
    with pytest.raises(snapshots.SnapshotsError, match=why) as refused:
        loaded(tmp_path / "1.csv", database, {1: "a"}, "2023-01-01", primary_key=("id",))
    assert "--table" in refused.value.hint
    assert shape_of(database) == before


def test_a_dry_run_leaves_the_table_as_it_is(database, tmp_path):
    made(database, KEYED)
    before = shape_of(database)
    done = loaded(tmp_path / "1.csv", database, {1: "a"}, "2023-01-01", dry_run=True)
    assert "1 would be inserted" in done.message
    assert shape_of(database) == before


def test_rows_that_come_meanwhile_stop_it(database):
    made(database, KEYED, "INSERT INTO t VALUES (1, 'a')")
    target = locations.target(database)
    before = shape_of(database)
    session = target.connect()
    with pytest.raises(snapshots.SnapshotsError, match="has rows by now"):
        target.add_intervals(session, TableName("t"), ("id",))
    session.close()
    assert shape_of(database) == before


def test_what_else_the_table_has_stays(database, tmp_path):
    made(
        database,
        "CREATE TABLE p (id INTEGER PRIMARY KEY)",
        "INSERT INTO p VALUES (1)",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(20) DEFAULT 'no, (no)' NOT NULL"
        " CHECK (name <> 'x'), p INTEGER DEFAULT 1, FOREIGN KEY (p) REFERENCES p (id))",
        "CREATE INDEX t_name ON t (name)",
    )
    assert loaded(
        tmp_path / "1.csv", database, {1: "a", 2: "b"}, "2023-01-01", columns_changed="ignore"
    ).exit_code == 0  # fmt: skip
    assert execute(database, "SELECT id, name, p FROM t ORDER BY id") == [(1, "a", 1), (2, "b", 1)]
    for column, value in (("name", "'x'"), ("name", "NULL"), ("p", "7")):
        with pytest.raises(Exception, match=r"(?i)check|constraint|null|foreign"):
            execute(database, f"UPDATE t SET {column} = {value}")


def test_sqlite_keeps_the_rest_of_its_create_table(sqlite_url, tmp_path):
    made(
        sqlite_url,
        """CREATE TABLE [t] ( -- versions, of (people)
          "id" INTEGER CONSTRAINT "a key" PRIMARY KEY ON CONFLICT ABORT AUTOINCREMENT, /* , ) */
          name TEXT COLLATE NOCASE DEFAULT ('a,b'), upper TEXT AS (upper(name)) STORED,
          CONSTRAINT "PRIMARY" CHECK (name <> 'PRIMARY KEY') -- the end
        ) STRICT""",
        "CREATE TABLE seen (id INTEGER)",
        "CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO seen VALUES (new.id); END",
        "CREATE VIEW v AS SELECT id FROM t",
    )
    assert loaded(tmp_path / "1.csv", sqlite_url, {1: "a"}, "2023-01-01").exit_code == 0
    assert execute(sqlite_url, "SELECT id, upper FROM t WHERE name = 'A'") == [(1, "A")]
    assert execute(sqlite_url, "SELECT id FROM seen UNION ALL SELECT id FROM v") == [(1,), (1,)]
    ((sql,),) = execute(sqlite_url, "SELECT sql FROM sqlite_schema WHERE name = 't'")
    assert sql.endswith("STRICT")
    assert '"id" INTEGER NOT NULL' in sql


def test_new_rows_get_the_defaults_of_columns_that_the_input_lacks(database, tmp_path):
    made(
        database,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(20), n INTEGER DEFAULT 5 NOT NULL)",
    )
    given = {"columns_changed": "ignore"}
    loaded(tmp_path / "1.csv", database, {1: "a", 2: "b"}, "2023-01-01", **given)
    execute(database, "UPDATE t SET n = 6 WHERE id = 1")
    done = loaded(tmp_path / "2.csv", database, {1: "aa", 2: "b", 3: "c"}, "2023-06-03", **given)
    assert (done.record.inserted, done.record.updated, done.record.unchanged) == (1, 1, 1)
    assert execute(database, "SELECT id, n FROM t_current ORDER BY id") == [(1, 6), (2, 5), (3, 5)]
    # A row that ended earlier is no former row of one that comes back.
    execute(database, "UPDATE t SET n = 7 WHERE id = 3")
    loaded(tmp_path / "3.csv", database, {1: "aa", 2: "b"}, "2023-07-01", **given)
    loaded(tmp_path / "4.csv", database, {1: "aa", 2: "b", 3: "c"}, "2023-08-01", **given)
    assert execute(database, "SELECT n FROM t_current WHERE id = 3") == [(5,)]


def test_versions_by_other_modes_are_no_versions_of_the_history(database, tmp_path):
    path = written(tmp_path / "1.csv", {1: "a"})
    snapshots.load(
        path, database=database, table="t", mode="replace", as_of="2024-01-01", primary_key=("id",)
    )
    execute(database, "DELETE FROM t")
    done = loaded(tmp_path / "2.csv", database, {1: "a"}, "2023-01-01")
    assert done.exit_code == 0, done.message
    assert intervals(database) == [(1, "a", A, None)]
    done = loaded(tmp_path / "3.csv", database, {1: "b"}, "2023-06-03")
    assert intervals(database) == [(1, "a", A, B), (1, "b", B, None)]


def test_the_index_has_its_name_for_itself(database, tmp_path):
    made(database, KEYED, "CREATE TABLE o (id INTEGER)", "CREATE INDEX t_current_key ON o (id)")
    if not locations.target(database).dialect.partial_indexes:
        assert loaded(tmp_path / "1.csv", database, {1: "a"}, "2023-01-01").exit_code == 0
        return
    with pytest.raises(snapshots.SnapshotsError, match="t_current_key"):
        loaded(tmp_path / "1.csv", database, {1: "a"}, "2023-01-01")


def test_a_table_without_lineage_is_corrected_and_undone(database, tmp_path):
    made(database, KEYED)
    loaded(tmp_path / "1.csv", database, {1: "a", 2: "b"}, "2023-01-01")
    first = intervals(database)
    two = loaded(tmp_path / "2.csv", database, {1: "aa", 2: "b"}, "2023-06-03")
    second = intervals(database)
    corrected = loaded(tmp_path / "3.csv", database, {1: "c", 2: "b"}, "2023-06-03")
    assert corrected.record.updated == 1
    with pytest.raises(snapshots.SnapshotsError, match=r"lineage|kept"):
        snapshots.undo(corrected.record.import_id, database=database)
    assert intervals(database) == [(1, "a", A, B), (1, "c", B, None), (2, "b", A, None)]
    assert second != first
    four = loaded(tmp_path / "4.csv", database, {1: "d"}, "2023-07-01")
    before = [(1, "a", A, B), (1, "c", B, None), (2, "b", A, None)]
    snapshots.undo(four.record.import_id, database=database)
    assert intervals(database) == before
    versions = snapshots.log("t", "1", database=database)
    assert [one["import_id"] for one in versions] == [None, None]
    assert two.exit_code == 0


def test_an_empty_table_of_a_schema_with_odd_names(postgres_url, tmp_path):
    made(
        postgres_url,
        'CREATE SCHEMA "s.""x"',
        'CREATE TABLE "s.""x"."the t" (id int GENERATED ALWAYS AS IDENTITY, "a ""k" text,'
        ' name text, CONSTRAINT "odd "" key" PRIMARY KEY (id, "a ""k"))',
    )
    for date, name in (("2023-01-01", "a"), ("2023-06-03", "b")):
        path = tmp_path / f"{date}.csv"
        path.write_text(f'id,"a ""k",name\n1,x,{name}\n2,y,z\n')
        done = snapshots.load(path, database=postgres_url, table='"s.""x"."the t"', mode="history")
        assert done.exit_code == 0, done.message
    found = execute(postgres_url, 'SELECT id, name FROM "s.""x"."the t_current" ORDER BY id')
    assert found == [(1, "b"), (2, "z")]
