"""Somebody else writes into the table while rows are published by key."""

import os
import subprocess
from contextlib import contextmanager

import pytest

import snapshots
from tests.support import snapshots_process
from tests.support.processes import go_on, held
from tests.verify.loaded import execute


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


COLUMNS = "(id, name, _import_id, _line)"


@contextmanager
def publishing(database, tmp_path, step, mode):
    """A process that has stopped at a step of publishing. The table has rows 1 to 3."""
    path = tmp_path / "a.csv"
    path.write_text("id,name\n1,a\n2,b\n3,c\n")
    snapshots.load(path, database=database, table="t", mode=mode, primary_key=("id",))
    path = tmp_path / "b.csv"
    path.write_text("id,name\n1,a\n2,bb\n4,d\n")
    started = snapshots_process.start(
        ["import", path, "--database", database, "--table", "t", "--mode", mode],
        env={
            **os.environ,
            "SNAPSHOTS_STATE_DIR": str(tmp_path / "state"),
            "SNAPSHOTS_FAULT": f"{step}:stop",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        held(started)
        yield started
    finally:
        started.kill()
        started.communicate()


def goes_on(process):
    go_on(process)
    out, err = process.communicate(timeout=60)
    return process.returncode, f"{out}{err}"


@pytest.mark.parametrize("mode", ["upsert", "mirror"])
def test_before_the_rows_are_published(database, tmp_path, mode):
    """A row of the same key, a changed row, and one that the input lacks: the file counts."""
    with publishing(database, tmp_path, "stage-indexed:1", mode) as process:
        execute(
            database,
            f"INSERT INTO t {COLUMNS} VALUES (4, 'by hand', 0, 1), (7, 'new', 0, 2)",
            "UPDATE t SET name = 'by hand' WHERE id = 1",
        )
        code, said = goes_on(process)
    assert code == 0, said
    rows = execute(database, "SELECT id, name FROM t ORDER BY 1")
    others = [(3, "c"), (7, "new")] if mode == "upsert" else []
    assert rows == sorted([(1, "a"), (2, "bb"), (4, "d"), *others])
    record = snapshots.history(database)[-1]
    assert (record.inserted, record.updated, record.unchanged) == (0, 3, 0)
    assert (record.deleted, record.kept) == ((0, 2) if mode == "upsert" else (2, 0))
    undone = snapshots.undo(2, database=database)
    assert undone.undo_kept == 0
    rows = execute(database, "SELECT id, name FROM t ORDER BY 1")
    assert rows == [(1, "by hand"), (2, "b"), (3, "c"), (4, "by hand"), (7, "new")]


def test_a_row_of_the_same_key_between_two_statements(mysql_url, tmp_path):
    """No lock keeps others from writing there: it is published in another transaction."""
    with publishing(mysql_url, tmp_path, "updated:1", "upsert") as process:
        execute(mysql_url, f"INSERT INTO t {COLUMNS} VALUES (4, 'by hand', 0, 1)")
        code, said = goes_on(process)
    assert code == 0, said
    assert dict(execute(mysql_url, "SELECT id, name FROM t"))[4] == "d"
    record = snapshots.history(mysql_url)[-1]
    assert (record.inserted, record.updated, record.unchanged) == (0, 2, 1)
