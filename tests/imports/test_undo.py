"""Undoing an import: its rows are gone, others stay, and the account tells of it."""

import os
import signal

import pytest

import snapshots
from snapshots import errors
from tests.ledger.older import execute
from tests.support import snapshots_process
from tests.support.command import objects
from tests.support.command import snapshots as command
from tests.support.processes import PATIENCE


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def numbered(path, numbers):
    path.write_text("id,name\n" + "".join(f"{n},row {n}\n" for n in numbers))
    return path


@pytest.fixture
def two(database, tmp_path):
    for name, numbers in (("one", range(5)), ("two", range(5, 9))):
        path = numbered(tmp_path / f"{name}.csv", numbers)
        snapshots.load(path, database=database, table="t")
    return database


def ids(database):
    return [row[0] for row in execute(database, "SELECT id FROM t ORDER BY 1")]


def test_only_its_rows_are_removed_and_its_account_stays(two, tmp_path):
    (tmp_path / "one.csv").write_text("id,name\n0,row 0\n")
    tried = command("undo", "2", "--dry-run", "--database", two, cwd=tmp_path)
    assert "4 rows would be removed from table t" in tried.stdout
    assert ids(two) == list(range(9))
    done = command("undo", "2", "--database", two, "--json", cwd=tmp_path)
    assert objects(done) == [
        {"import_id": 2, "table": "t", "loaded": 4, "removed": 4, "dry_run": False}
    ]
    assert ids(two) == list(range(5))
    (record,) = [one for one in snapshots.history(two) if one.import_id == 2]
    assert (record.state, record.loaded, record.removed) == ("undone", 4, 4)
    assert command("undo", "2", "--database", two, cwd=tmp_path).returncode == 1
    assert command("resume", "2", "--database", two, cwd=tmp_path).returncode == 1
    again = snapshots.load(tmp_path / "two.csv", database=two, table="t")
    assert (again.outcome, again.record.import_id) == ("finished", 3)
    assert ids(two) == list(range(9))


def test_rows_that_are_gone_are_not_counted_as_removed(two):
    execute(two, "DELETE FROM t WHERE id = 6")
    done = snapshots.undo(2, database=two)
    assert (done.loaded, done.removed) == (4, 3)
    assert ids(two) == list(range(5))


def test_rows_that_the_import_has_not_loaded_stop_it(two):
    execute(two, "INSERT INTO t (id, name, _import_id, _line) VALUES (77, 'x', 2, 999)")
    with pytest.raises(errors.UnaccountedRows):
        snapshots.undo(2, database=two)
    assert ids(two) == [*range(9), 77]
    assert [one.state for one in snapshots.history(two)] == ["finished", "finished"]


def test_what_cannot_be_undone_is_refused(two, tmp_path):
    path = numbered(tmp_path / "three.csv", range(20))
    snapshots.load(path, database=two, table="plain", lineage=False)
    with pytest.raises(errors.Forbids, match="no _import_id"):
        snapshots.undo(3, database=two)
    snapshots.load(path, database=two, table="t", mode="replace", again=True)
    with pytest.raises(errors.Forbids, match="has replaced the rows of table t, which were not"):
        snapshots.undo(4, database=two)
    with pytest.raises(errors.Forbids, match="Import 4 has replaced the rows of import 1"):
        snapshots.undo(1, database=two)
    with pytest.raises(errors.SnapshotsError, match="no import 9"):
        snapshots.undo(9, database=two)
    assert ids(two) == list(range(20))


def test_rows_that_others_refer_to_stay(database, tmp_path):
    path = numbered(tmp_path / "one.csv", range(5))
    snapshots.load(path, database=database, table="t", primary_key=("id",))
    execute(database, "CREATE TABLE child (of bigint, FOREIGN KEY (of) REFERENCES t (id))")
    execute(database, "INSERT INTO child VALUES (3)")
    with pytest.raises(errors.TargetError, match="cannot be removed from table t"):
        snapshots.undo(1, database=database)
    assert ids(database) == list(range(5))


def test_an_atomic_append_is_undone(database, tmp_path):
    snapshots.load(numbered(tmp_path / "one.csv", range(5)), database=database, table="t")
    many = numbered(tmp_path / "many.csv", range(10, 500))
    snapshots.load(many, database=database, table="t", atomic=True, chunk_size=1000)
    assert snapshots.undo(2, database=database).removed == 490
    assert ids(database) == list(range(5))


@pytest.mark.parametrize("step", ["undoing", "undo-removed", "undo-committed"])
def test_killed_it_has_undone_all_or_nothing(two, tmp_path, step):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SNAPSHOTS_")}
    killed = snapshots_process.run(
        ["undo", "2", "--database", two],
        env={**clean, "SNAPSHOTS_STATE_DIR": str(tmp_path / "state"), "SNAPSHOTS_FAULT": step},
        timeout=PATIENCE,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    whole = list(range(9))
    assert ids(two) == (whole[:5] if step == "undo-committed" else whole)
    done = command("undo", "2", "--database", two, cwd=tmp_path)
    assert done.returncode == (1 if step == "undo-committed" else 0)
    assert ids(two) == whole[:5]
    assert [(one.state, one.removed) for one in snapshots.history(two)][1] == ("undone", 4)
