"""Imports that are killed, stopped, cut off or taken over while rows are tried again."""

import os
import signal
import subprocess
import time
from contextlib import closing

import pytest

from snapshots import locations
from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.lease.takeover import session_name
from snapshots.time_limits import LEASE_SECONDS
from tests.imports.rows_with_parents import account, kind, people, written
from tests.ledger.older import execute
from tests.support import snapshots_process
from tests.support.command import snapshots as command
from tests.support.processes import wait_for


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


STEPS = [
    "retry-begun:1",
    "retry-loaded:1",
    "retry-moved:1",
    "retry-committed:2",
    "retry-committed:4",
    "retry-given-up:1",
    "finishing:1",
]


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_each_is_loaded_once(database, tmp_path, step):
    people(database)
    lines = [f"{n},{n + 1 if n % 50 else 201}" for n in range(1, 201)]
    path = written(tmp_path, [*lines, "201,", "202,999", "203,202", "201,"])
    arguments = ("import", path, "--database", database, "--chunk-size", "500B", "--table", "t",
                 "--max-rejects", "3")  # fmt: skip
    killed = command(*arguments, cwd=tmp_path, SNAPSHOTS_FAULT=step)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    ((number,),) = execute(database, "SELECT MAX(id) FROM snapshots_imports")
    account(database)
    done = command("resume", number, "--database", database, "--max-rejects", "3", cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    assert "204 records = 201 loaded + 3 rejected + 0 skipped" in done.stdout
    loaded, rejects = account(database)
    assert loaded == {n + 1: n for n in range(1, 202)}
    assert rejects == dict.fromkeys((203, 204, 205), "refused_by_target")
    again = command(*arguments, cwd=tmp_path)
    assert again.returncode == 5


def paused(path, database, folder, step):
    """An import that has stopped itself at a step."""
    environment = {**os.environ, "SNAPSHOTS_FAULT": f"{step}:stop"}
    process = snapshots_process.start(
        ["import", path, "--database", database, "--table", "t", "--chunk-size", "500B",
         "--json", "--progress", "none", "--max-rejects", "100%"],
        env={**environment, "SNAPSHOTS_STATE_DIR": str(folder / "state")},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    flags = os.WSTOPPED | os.WNOHANG | os.WNOWAIT
    wait_for(lambda: os.waitid(os.P_PID, process.pid, flags) is not None, 60)
    return process


def before_their_parents(folder):
    lines = [f"{n},{n + 1 if n % 50 else 201}" for n in range(1, 201)]
    return written(folder, [*lines, "201,", "202,999"])


def test_stopped_by_a_signal_it_goes_on_where_it_was(database, tmp_path):
    people(database)
    path = before_their_parents(tmp_path)
    process = paused(path, database, tmp_path, "retry-committed:1")
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGCONT)
    process.communicate(timeout=60)
    assert process.returncode == 143
    account(database)
    ((number, state),) = execute(database, "SELECT id, state FROM snapshots_imports")
    assert state == "interrupted"
    done = command("resume", number, "--database", database, cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    loaded, rejects = account(database)
    assert (len(loaded), rejects) == (201, {203: "refused_by_target"})


@pytest.mark.parametrize("step", ["retry-moved:1", "retry-given-up:1"])
@pytest.mark.parametrize("server", ["postgres", "mysql"])
def test_a_connection_that_is_lost_is_made_again(request, server, tmp_path, step):
    database = request.getfixturevalue(f"{server}_url")
    people(database)
    process = paused(before_their_parents(tmp_path), database, tmp_path, step)
    with closing(LedgerSession(locations.target(database), create=False)) as books:
        (entry,) = books.ledger.entries()
        assert books.ledger.session.end_named(session_name(entry)) > 0
    process.send_signal(signal.SIGCONT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 3, err
    loaded, rejects = account(database)
    assert (len(loaded), rejects) == (201, {203: "refused_by_target"})


@pytest.mark.parametrize("step", ["retry-moved:1", "retry-committed:2"])
def test_an_owner_that_was_taken_over_writes_nothing(database, tmp_path, step):
    if kind(database) == "sqlite" and "moved" in step:
        pytest.skip("nobody can take the lock of a SQLite file")
    people(database)
    process = paused(before_their_parents(tmp_path), database, tmp_path, step)
    with closing(LedgerSession(locations.target(database), create=False)) as books:
        (entry,) = books.ledger.entries()
        age = lambda: books.ledger.entry(entry.import_id).heartbeat_age  # noqa: E731
        wait_for(lambda: age() > LEASE_SECONDS, 60)
    done = command("resume", entry.import_id, "--database", database, cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    before = account(database)
    assert (len(before[0]), before[1]) == (201, {203: "refused_by_target"})
    process.send_signal(signal.SIGCONT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    assert "lost_lease" in out
    assert account(database) == before


@pytest.mark.parametrize("server", ["postgres", "mysql"])
def test_stopped_while_it_waits_for_a_lock(request, server, tmp_path):
    database = request.getfixturevalue(f"{server}_url")
    people(database)
    process = paused(before_their_parents(tmp_path), database, tmp_path, "retry-begun:2")
    session = locations.target(database).connect(create=False)
    with closing(session), session.transaction():
        session.execute("SELECT * FROM snapshots_rejects FOR UPDATE")
        process.send_signal(signal.SIGCONT)
        time.sleep(2)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode == 143
    ((number,),) = execute(database, "SELECT id FROM snapshots_imports")
    done = command("resume", number, "--database", database, cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    assert len(account(database)[0]) == 201
