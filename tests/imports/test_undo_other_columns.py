"""Undo by key of rows in tables with columns that files lack: triggers, defaults and people write
them. A row is undone if it is as the publish has left it, in all columns."""

import pytest

import snapshots
from tests.repair.files import edited, exported, replayed, written
from tests.verify.loaded import execute

FUNCTION = "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
LINEAGE = "_import_id bigint, _line bigint"
TABLES = {
    "postgresql": (
        "CREATE TABLE t (id int PRIMARY KEY, name varchar(9), note varchar(9),"
        " twice int GENERATED ALWAYS AS (id * 2) STORED,"
        " number int GENERATED ALWAYS AS IDENTITY, changed timestamptz DEFAULT clock_timestamp(),"
        f" revision int DEFAULT 0, {LINEAGE})",
        FUNCTION.format(
            body="new.changed := clock_timestamp(); new.revision := old.revision + 1; RETURN new;"
        ),
        "CREATE TRIGGER stamp BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION stamp()",
    ),
    "mysql": (
        "CREATE TABLE t (id int PRIMARY KEY, name varchar(9), note varchar(9),"
        " twice int GENERATED ALWAYS AS (id * 2) STORED,"
        " changed timestamp(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),"
        f" revision int DEFAULT 0, {LINEAGE})",
        "CREATE TRIGGER stamp BEFORE UPDATE ON t FOR EACH ROW SET new.revision = old.revision + 1",
    ),
    "sqlite": (
        "CREATE TABLE t (id int PRIMARY KEY, name text, note text,"
        " twice int GENERATED ALWAYS AS (id * 2) VIRTUAL, changed text DEFAULT (julianday('now')),"
        f" revision int DEFAULT 0, {LINEAGE})",
        "CREATE TRIGGER stamp AFTER UPDATE OF name ON t BEGIN UPDATE t SET"
        " changed = julianday('now'), revision = old.revision + 1 WHERE id = new.id; END",
    ),
}
FIRST = "id,name\n1,a\n2,b\n3,c\n4,d\n"
SECOND = "id,name\n1,a\n2,bb\n4,dd\n5,e\n6,f\n"
THIRD = "id,name\n1,x\n2,bbb\n4,dd\n5,ee\n6,f\n"


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def load(folder, database, text, **options):
    path = folder / "a.csv"
    path.write_text(text)
    done = snapshots.load(
        path,
        database=database,
        table="t",
        mode="mirror",
        columns_changed="ignore",
        again=True,
        keep_undo=9,
        **options,
    )
    assert done.exit_code in (0, 3), done.message
    return done.record.import_id


def table_of(database, folder, *, triggers=True):
    """A table with the rows of the first file."""
    create, *stamps = TABLES[database.partition(":")[0]]
    execute(database, create, *(stamps if triggers else ()))
    load(folder, database, FIRST)


def names(database):
    return execute(database, "SELECT id, name FROM t ORDER BY id")


FORMER = [(1, "a"), (2, "b"), (3, "c"), (4, "d")]


@pytest.mark.parametrize("triggers", [True, False])
def test_what_the_database_has_written_is_no_edit(database, tmp_path, triggers):
    table_of(database, tmp_path, triggers=triggers)
    before = execute(database, "SELECT id, changed, revision, note FROM t ORDER BY id")
    number = load(tmp_path, database, SECOND)
    would = snapshots.undo(number, database=database, dry_run=True)
    done = snapshots.undo(number, database=database)
    assert (done.removed, done.restored, done.undo_kept) == (2, 3, 0)
    assert (would.removed, would.restored, would.undo_kept) == (2, 3, 0)
    assert names(database) == FORMER
    after = execute(database, "SELECT id, changed, revision, note FROM t ORDER BY id")
    if triggers:
        # Rows 1 and 3 were not updated; the trigger sees the others twice.
        assert [row[2] for row in after] == [0, 2, 0, 2]
    else:
        assert after == before


@pytest.mark.parametrize("triggers", [True, False])
def test_what_somebody_has_written_is_kept(database, tmp_path, triggers):
    """Also in a column that the file lacks: of a changed row, of a new one."""
    table_of(database, tmp_path, triggers=triggers)
    number = load(tmp_path, database, SECOND)
    execute(database, "UPDATE t SET note = 'hand' WHERE id IN (2, 5)")
    done = snapshots.undo(number, database=database)
    assert (done.removed, done.restored, done.undo_kept) == (1, 2, 2)
    assert [one.row["note"] for one in done.kept_rows] == ["hand", "hand"]
    assert names(database) == [(1, "a"), (2, "bb"), (3, "c"), (4, "d"), (5, "e")]


@pytest.mark.parametrize("newest_first", [True, False])
def test_imports_are_undone_in_any_order(database, tmp_path, newest_first):
    table_of(database, tmp_path)
    imports = [load(tmp_path, database, SECOND), load(tmp_path, database, THIRD)]
    first, last = reversed(imports) if newest_first else imports
    undone = snapshots.undo(first, database=database)
    assert undone.undo_kept == (0 if newest_first else 1)
    undone = snapshots.undo(last, database=database)
    assert undone.undo_kept == 0
    assert names(database) == FORMER


def test_a_repaired_row_is_undone_with_its_import(database, tmp_path):
    table_of(database, tmp_path)
    number = load(tmp_path, database, f"{SECOND}x,g\n", max_rejects=1)
    rows = edited(exported(database, tmp_path, number), {7: {"id": "7"}})
    replayed(database, written(tmp_path, rows), number)
    assert names(database)[-1] == (7, "g")
    done = snapshots.undo(number, database=database)
    assert done.undo_kept == 0
    assert [row for row in names(database) if row[0] > 4] == []
