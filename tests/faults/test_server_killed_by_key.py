"""The server is killed while rows are published or undone by key, and comes back: it is done once.

The process holds still at a step of the transaction, so the server dies in the middle of it.
"""

import os
import signal
import subprocess

import pytest

import snapshots
from tests.faults.test_kill_by_key import NEW, OLD, OPTIONS, prepared
from tests.faults.test_kill_publishing import loading, nothing_left, sums
from tests.support import snapshots_process
from tests.support.command import snapshots as command
from tests.support.database_servers import MariaServer, PostgresServer
from tests.support.processes import PATIENCE, go_on, held

BEFORE, AFTER = (3000, sum(OLD)), (3000, sum(NEW))


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def beaten(server, tmp_path, step, words):
    """Runs a command up to a step, kills the server there and lets both come back."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SNAPSHOTS_")}
    process = snapshots_process.start(
        words,
        env={
            **clean,
            "SNAPSHOTS_STATE_DIR": str(tmp_path / "state"),
            "SNAPSHOTS_FAULT": f"{step}:stop",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        held(process)
        server.stop(signal.SIGKILL)
        server.start()
        go_on(process)
        process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("kind", [PostgresServer, MariaServer])
def test_the_server_is_killed_in_the_middle(kind, tmp_path):
    with kind() as server:
        # The state of the process is held at the first step, and not at the next try.
        for number, step in enumerate(("former-rows-kept:1", "updated:1", "finishing:1")):
            database = server.url(f"killed{number}")
            path, state = prepared(database, tmp_path), tmp_path / "state"
            given = ["--database", database, "--table", "t", "--chunk-size", "4000", *OPTIONS]
            beaten(server, tmp_path, step, ["import", path, *given])
            # It may have published by itself; else the same command does it.
            assert sums(database) in (BEFORE, AFTER), step
            done = loading(database, path, state, OPTIONS)
            assert done.returncode in (3, 5), done.stderr.decode()
            assert sums(database) == AFTER
            record = next(one for one in snapshots.history(database) if one.import_id == 2)
            changes = (record.inserted, record.updated, record.unchanged, record.deleted)
            assert (record.state, *changes) == ("finished", 1000, 1000, 1000, 1000)
        for number, step in enumerate(("undo-removed:1", "undo-before-commit:1")):
            database = server.url(f"killed{number}")
            beaten(server, tmp_path, step, ["undo", "2", "--database", database])
            assert sums(database) == AFTER
            assert snapshots.undo(2, database=database).restored == 2000
            assert sums(database) == BEFORE
            command("prune", "--keep-undo", "0", "--database", database, cwd=tmp_path)
            nothing_left(database)
