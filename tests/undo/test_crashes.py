"""A crash while an import is undone: it is undone, or it is as it was."""

import os
import signal
import subprocess
import sys
from contextlib import closing

import pytest

import snapshots
from snapshots import locations
from snapshots.engine.publishing.prune import prune as free
from snapshots.errors import AlreadyUndone, Forbids
from tests.verify.loaded import execute, load, numbers


def killed(database, folder, point, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "snapshots", *arguments, "--database", database],
        cwd=folder,
        env={**os.environ, "SNAPSHOTS_FAULT": point},
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def two_versions(database, tmp_path, publish):
    """The rows of the first one, which the second one has replaced."""
    load(database, numbers(tmp_path, 900, "a.csv"), mode="replace")
    rows = execute(database, "SELECT * FROM t ORDER BY id")
    load(database, numbers(tmp_path, 1000, "b.csv"), mode="replace", publish=publish)
    return rows


@pytest.mark.parametrize(
    "point", ["undo-removed", "undo-restored", "undo-before-commit", "undone", "undo-table-dropped"]
)
def test_kills_of_a_replacement(database, tmp_path, point):
    if point == "undo-table-dropped" and not database.startswith("mysql"):
        pytest.skip("the undo table is dropped in the transaction")
    former = two_versions(database, tmp_path, "copy" if point == "undo-removed" else "auto")
    killed(database, tmp_path, point, "undo", "2")
    over = {record.import_id: record.state for record in snapshots.history(database)}
    if over[2] == "finished":
        assert execute(database, "SELECT COUNT(*) FROM t") == [(1000,)]
        assert snapshots.undo(2, database=database).restored == 900
    else:
        with pytest.raises(AlreadyUndone):
            snapshots.undo(2, database=database)
    assert execute(database, "SELECT * FROM t ORDER BY id") == former
    prune(database)
    nothing_kept(database)


@pytest.mark.parametrize("point", ["pruning", "undo-table-dropped", "pruned"])
def test_kills_of_prune(database, tmp_path, point):
    two_versions(database, tmp_path, "auto")
    killed(database, tmp_path, point, "prune", "--keep-undo", "0")
    prune(database, keep_undo=0)
    nothing_kept(database)
    with pytest.raises(Forbids):
        snapshots.undo(2, database=database)
    assert execute(database, "SELECT COUNT(*) FROM t") == [(1000,)]


def prune(database, **options):
    free(locations.target(database), unfinished=False, say=lambda _: None, **options)


def nothing_kept(database):
    assert execute(database, "SELECT id FROM snapshots_imports WHERE undo_table IS NOT NULL") == []
    target = locations.target(database)
    with closing(target.connect()) as session:
        assert [one.name for one in target.tables(session) if "_undo_" in one.name] == []


@pytest.mark.parametrize(("point", "left"), [("undo-before-commit", 1000), ("undone", 0)])
def test_kills(database, tmp_path, point, left):
    load(database, numbers(tmp_path), chunk_size=2000)
    killed(database, tmp_path, point, "undo", "1")
    assert execute(database, "SELECT COUNT(*) FROM t") == [(left,)]
    (record,) = snapshots.history(database)
    assert (record.state, record.loaded) == ("finished" if left else "undone", 1000)
    if left:
        assert snapshots.undo(1, database=database).removed == 1000
    else:
        with pytest.raises(AlreadyUndone):
            snapshots.undo(1, database=database)
    assert execute(database, "SELECT COUNT(*) FROM t") == [(0,)]
