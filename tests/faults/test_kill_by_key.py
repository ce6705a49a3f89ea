"""kill -9 at every step of publishing and undoing by key: whoever goes on does it once."""

import os
import signal

import pytest

import snapshots
from tests.faults.test_kill_publishing import (
    Reader,
    database_of,
    loading,
    nothing_left,
    sums,
)
from tests.support import snapshots_process
from tests.support.command import snapshots as command
from tests.support.processes import PATIENCE

OLD, NEW = range(1000, 4000), range(2000, 5000)
STEPS = [
    "staged:1", "after-claim:2", "before-commit:2", "undo-table-marked:1", "undo-table-made:1",
    "stage-indexed:1", "publishing:1", "duplicates:1", "publishing:2", "former-rows-kept:1",
    "deleted:1", "former-rows-kept:2", "updated:1", "published:1", "finishing:1", "finished:1",
    "cleaning:1", "cleaned:1",
]  # fmt: skip
UNDO_STEPS = [
    "undo-removed:1", "undo-restored:1", "undo-before-commit:1", "undone:1",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def prepared(database, tmp_path):
    """A table, and a file that changes, deletes and inserts rows, and has one key twice."""
    old = tmp_path / "old.csv"
    old.write_text("id,name\n" + "".join(f"{n},row {n}\n" for n in OLD))
    snapshots.load(old, database=database, table="t", primary_key=("id",))
    new = tmp_path / "new.csv"
    names = {n: f"row {n}" if n % 2 else f"new {n}" for n in NEW}
    lines = "".join(f"{n},{name}\n" for n, name in names.items())
    new.write_text(f"id,name\n{lines}2000,twice\n")
    return new


OPTIONS = ["--mode", "mirror", "--max-rejects", "1"]
OF_DELETING = {"deleted:1", "former-rows-kept:2"}
CASES = [("mirror", step) for step in STEPS]
CASES += [("upsert", step) for step in STEPS if step not in OF_DELETING]


@pytest.mark.parametrize(("mode", "step"), CASES)
def test_publishing(request, tmp_path, mode, step):
    database = database_of(request, CASES.index((mode, step)))
    path, state = prepared(database, tmp_path), tmp_path / "state"
    held = sorted({*OLD, *NEW}) if mode == "upsert" else NEW
    before, after = (3000, sum(OLD)), (len(held), sum(held))
    options = ["--mode", mode, "--max-rejects", "1"]
    with Reader(database) as reader:
        killed = loading(database, path, state, options, step)
        assert killed.returncode == -signal.SIGKILL, (step, killed.stderr.decode())
        assert sums(database) in (before, after)
        done = loading(database, path, state, options)
        published = step in ("finished:1", "cleaning:1", "cleaned:1")
        assert done.returncode == (5 if published else 3), done.stderr.decode()
    assert sums(database) == after
    assert reader.seen <= {before, after}, reader.seen
    record = next(one for one in snapshots.history(database) if one.import_id == 2)
    assert (record.state, record.loaded, record.rejected) == ("finished", 3000, 1)
    assert (record.inserted, record.updated, record.unchanged) == (1000, 1000, 1000)
    assert (record.deleted, record.kept) == ((0, 1000) if mode == "upsert" else (1000, 0))
    command("prune", "--keep-undo", "0", "--database", database, cwd=tmp_path)
    nothing_left(database)


@pytest.mark.parametrize("step", UNDO_STEPS)
def test_undoing(request, tmp_path, step):
    database = database_of(request, UNDO_STEPS.index(step))
    loading(database, prepared(database, tmp_path), tmp_path / "state", OPTIONS)
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SNAPSHOTS_")}
    killed = snapshots_process.run(
        ["undo", "2", "--database", database],
        env={**clean, "SNAPSHOTS_STATE_DIR": str(tmp_path / "state"), "SNAPSHOTS_FAULT": step},
        timeout=PATIENCE,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    if step == "undone:1":
        assert sums(database) == (3000, sum(OLD))
    else:
        assert sums(database) == (3000, sum(NEW))
        done = snapshots.undo(2, database=database)
        assert (done.removed, done.restored, done.undo_kept) == (1000, 2000, 0)
    assert sums(database) == (3000, sum(OLD))
    command("prune", "--keep-undo", "0", "--database", database, cwd=tmp_path)
    nothing_left(database)
