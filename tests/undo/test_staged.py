"""Undoing imports whose rows were published all at once, or wait for that."""

import os
import signal
import subprocess
import sys
from contextlib import closing

import pytest

import snapshots
from snapshots import locations
from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.queue import worker
from snapshots.errors import Forbids
from snapshots.ledger.record import Lease
from tests.verify.loaded import execute, load, numbers


def undo(database, import_id, **options):
    return snapshots.undo(import_id, database=database, **options)


def stages(database):
    rows = execute(database, "SELECT COUNT(*) FROM snapshots_imports WHERE stage IS NOT NULL")
    return rows[0][0]


def test_an_append_all_at_once(database, tmp_path):
    first = load(database, numbers(tmp_path, 10, "a.csv"))
    second = load(database, numbers(tmp_path, 20, "b.csv"), atomic=True)
    assert undo(database, second).removed == 20
    assert execute(database, "SELECT COUNT(*), MIN(_import_id) FROM t") == [(10, first)]


@pytest.mark.parametrize("mode", [("--mode", "replace"), ("--atomic",)])
def test_rows_that_wait_to_be_published(database, tmp_path, mode):
    load(database, numbers(tmp_path, 10, "a.csv"))
    path = numbers(tmp_path, 3000, "b.csv")
    arguments = ("import", "--table", "t", "--chunk-size", "4000", "--database", database, *mode)
    killed = subprocess.run(
        [sys.executable, "-m", "snapshots", *arguments, str(path)],
        env={**os.environ, "SNAPSHOTS_FAULT": "before-commit:3"},
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert stages(database) == 1
    number = max(one.import_id for one in snapshots.history(database))
    assert undo(database, number, dry_run=True).removed == 0
    assert undo(database, number).removed == 0
    assert (stages(database), execute(database, "SELECT COUNT(*) FROM t")) == (0, [(10,)])
    (again,) = (one for one in snapshots.history(database) if one.import_id == number)
    assert again.state == "undone"
    load(database, path)
    assert execute(database, "SELECT COUNT(*) FROM t") == [(3010,)]


def test_a_replacement(database, tmp_path):
    first = load(database, numbers(tmp_path, 10, "a.csv"), mode="replace")
    second = load(database, numbers(tmp_path, 9, "b.csv"), mode="replace", keep_undo=0)
    with pytest.raises(Forbids, match="replaced 10 rows"):
        undo(database, second)
    assert execute(database, "SELECT COUNT(*) FROM t") == [(9,)]
    with pytest.raises(Forbids, match="later version"):
        undo(database, first, dry_run=True)


@pytest.mark.parametrize(("options", "state", "left"), [
    ({"atomic": True}, "undone", 10), ({"mode": "replace"}, "undone", 10),
    ({"mode": "replace", "keep_undo": 0}, "finished", 9),
])  # fmt: skip
def test_a_wish_that_comes_after_the_rows_were_published(database, tmp_path, options, state, left):
    load(database, numbers(tmp_path, 10, "a.csv"))
    number = load(database, numbers(tmp_path, 9, "b.csv"), **options)
    execute(database, f"UPDATE snapshots_imports SET wanted = 'undo' WHERE id = {number}")
    with closing(LedgerSession(locations.target(database), create=False)) as opened:
        entry = opened.ledger.entry(number)
        worker._undo(opened.ledger, Lease(number, entry.fence, "nobody"), entry)
        now = opened.ledger.entry(number)
    assert (now.state, now.wanted) == (state, None)
    assert execute(database, "SELECT COUNT(*) FROM t") == [(left,)]
