"""Rows of other tables, and of the same one, that refer to the rows of an import."""

import pytest

import snapshots
from snapshots.errors import Forbids, SnapshotsError
from tests.verify.loaded import execute, load

KEY = "id int PRIMARY KEY, name varchar(20), _import_id bigint, _line bigint"


def two_imports(database, folder):
    """Their numbers: rows 1 to 3 are of the first, rows 4 to 6 of the second."""
    found = []
    for name, numbers in (("a", (1, 2, 3)), ("b", (4, 5, 6))):
        path = folder / f"{name}.csv"
        path.write_text("id,name\n" + "".join(f"{n},{name}\n" for n in numbers))
        found.append(load(database, path))
    return found


def children(database, on_delete, *referred):
    execute(
        database,
        "CREATE TABLE child (n int PRIMARY KEY, t_id int, CONSTRAINT k FOREIGN KEY (t_id)"
        f" REFERENCES t (id) {on_delete})",
        *(f"INSERT INTO child VALUES ({10 + n}, {n})" for n in referred),
    )


def rows(database, table="t"):
    return execute(database, f"SELECT COUNT(*) FROM {table}")[0][0]


def undo(database, import_id, **options):
    return snapshots.undo(import_id, database=database, **options)


def test_rows_that_are_referred_to_stay(database, tmp_path):
    execute(database, f"CREATE TABLE t ({KEY})")
    first, _ = two_imports(database, tmp_path)
    children(database, "", 1, 5)
    (referring,) = undo(database, first, dry_run=True).referring
    assert (referring.table, referring.rows, referring.on_delete) == ("child", 1, "refuse")
    with pytest.raises(Forbids, match="child"):
        undo(database, first, allow_cascade=True)
    assert (rows(database), snapshots.history(database)[0].state) == (6, "finished")
    execute(database, "DELETE FROM child WHERE t_id = 1")
    assert undo(database, first).removed == 3
    assert (rows(database), rows(database, "child")) == (3, 1)


@pytest.mark.parametrize("action", ["CASCADE", "SET NULL"])
def test_rows_that_would_go_along_are_asked_about(database, tmp_path, action):
    execute(database, f"CREATE TABLE t ({KEY})")
    first, _ = two_imports(database, tmp_path)
    children(database, f"ON DELETE {action}", 1, 2, 5)
    (referring,) = undo(database, first, dry_run=True).referring
    assert (referring.rows, referring.on_delete) == (2, action.lower())
    with pytest.raises(Forbids) as raised:
        undo(database, first)
    assert "--allow-cascade" in raised.value.hint
    assert rows(database, "child") == 3
    assert undo(database, first, allow_cascade=True).removed == 3
    assert rows(database, "child WHERE t_id IS NOT NULL") == 1
    assert rows(database, "child") == (1 if action == "CASCADE" else 3)


def test_rows_that_refer_to_each_other(database, tmp_path):
    own = "boss int, CONSTRAINT own FOREIGN KEY (boss) REFERENCES t (id)"
    execute(database, f"CREATE TABLE t (id int PRIMARY KEY, {KEY.partition(', ')[2]}, {own})")
    path = tmp_path / "a.csv"
    # Not in the order in which they could be deleted one by one.
    path.write_text("id,name,boss\n1,a,\n2,b,1\n3,c,2\n4,d,4\n5,e,1\n")
    first = load(database, path)
    path = tmp_path / "b.csv"
    path.write_text("id,name,boss\n6,f,\n7,g,6\n")
    second = load(database, path)
    assert undo(database, first).removed == 5
    assert rows(database) == 2
    execute(database, "INSERT INTO t (id, name, boss) VALUES (8, 'by hand', 7)")
    with pytest.raises(Forbids, match="1 row of table t"):
        undo(database, second)
    assert rows(database) == 3


def test_a_trigger_that_keeps_rows(database, tmp_path):
    kind = database.partition(":")[0]
    execute(database, f"CREATE TABLE t ({KEY})")
    first, _ = two_imports(database, tmp_path)
    if kind.startswith("postgres"):
        execute(
            database,
            "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
            "CREATE TRIGGER kept BEFORE DELETE ON t FOR EACH ROW WHEN (OLD.id = 2)"
            " EXECUTE FUNCTION keep()",
        )
    elif kind.startswith("sqlite"):
        execute(
            database,
            "CREATE TRIGGER kept BEFORE DELETE ON t WHEN OLD.id = 2"
            " BEGIN SELECT RAISE(ABORT, 'kept'); END",
        )
    else:
        execute(
            database,
            "CREATE TRIGGER kept BEFORE DELETE ON t FOR EACH ROW"
            " IF OLD.id = 2 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'kept'; END IF",
        )
    with pytest.raises(SnapshotsError):
        undo(database, first)
    assert (rows(database), snapshots.history(database)[0].state) == (6, "finished")
