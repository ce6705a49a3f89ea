"""Who may write: a stopped process that wakes up again, and a second loader of the same import."""

import random
import signal
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from snapshots import locations
from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.errors import TargetError
from snapshots.ledger.record import Lease
from snapshots.time_limits import LEASE_SECONDS
from tests.support.killed_imports import check, make_file, schema_file, start
from tests.support.processes import finish, go_on, held, let_end, wait_for


@pytest.fixture
def made(tmp_path):
    return make_file(tmp_path / "t.csv", 300_000)


def _loading(database, made, tmp_path, fault="before-claim:4:stop", **variables):
    """An import that has stopped itself in the middle."""
    state = tmp_path / "state"
    process = start(database, made, schema_file(tmp_path), state, fault, "32KB", **variables)
    held(process)
    return process


def _wait_out_the_lease(database):
    """Nothing is written for that: who is stopped may hold the lock of the import's row."""
    with closing(LedgerSession(locations.target(database), create=False)) as books:
        wait_for(lambda: books.ledger.entry(1).heartbeat_age > LEASE_SECONDS)


_FRESH_SECONDS = 0.2
"""MariaDB gives what it last saw of its transactions to whoever asks again within 0.1 s."""

_IN_TRANSACTION = {
    "postgres_url": "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND state <> 'idle'",
    "mysql_url": "SELECT COUNT(*) FROM information_schema.innodb_trx"
    " WHERE trx_mysql_thread_id <> CONNECTION_ID()",
}


_WRITE_LOCK = " 120 120"
"""The byte of a SQLite file's shared memory that is locked by who writes."""

knows_locks = pytest.mark.skipif(
    not Path("/proc/locks").exists(), reason="Linux tells who holds a lock"
)


def _writes_to_sqlite(process):
    locks = Path("/proc/locks").read_text().splitlines()
    return any(f" WRITE {process.pid} " in lock and _WRITE_LOCK in lock for lock in locks)


def stop(process, database, url, *, inside):
    """In the middle of a transaction, where it holds locks on the import, or in none."""
    session = None if url == "sqlite_url" else locations.target(database).connect()
    until = time.monotonic() + 60
    try:
        while time.monotonic() < until and process.poll() is None:
            process.send_signal(signal.SIGSTOP)
            if session is None:
                found = _writes_to_sqlite(process)
            else:
                time.sleep(_FRESH_SECONDS)
                found = session.execute(_IN_TRANSACTION[url]) != [(0,)]
            if found == inside:
                return
            process.send_signal(signal.SIGCONT)
            time.sleep(random.uniform(0, 0.02))
        pytest.fail("it never was as it should be, or it ended")
    finally:
        if session is not None:
            session.close()


@pytest.mark.parametrize(
    ("url", "inside"),
    [
        pytest.param("postgres_url", True, id="postgres, in a transaction"),
        pytest.param("mysql_url", True, id="mysql, in a transaction"),
        pytest.param("sqlite_url", False, id="sqlite, in none", marks=knows_locks),
        pytest.param("postgres_url", False, id="postgres, in none", marks=pytest.mark.soak),
        pytest.param("mysql_url", False, id="mysql, in none", marks=pytest.mark.soak),
    ],
)
def test_a_zombie_writes_nothing(url, inside, request, made, tmp_path):
    """Stopped for longer than its lease, and woken when another has taken over and finished. The
    locks that it held went with its sessions, which the other has ended."""
    database = request.getfixturevalue(url)
    # Of several workers one would be in a transaction at any time.
    process = _loading(database, made, tmp_path, SNAPSHOTS_WORKERS="1")
    try:
        stop(process, database, url, inside=inside)
        _wait_out_the_lease(database)
        code, result, err = finish(
            start(database, made, schema_file(tmp_path), tmp_path / "state", chunk_size="32KB")
        )
        assert (code, result["import_id"]) == (3, 1), err
    finally:
        process.send_signal(signal.SIGCONT)
    code, result, err = finish(process)
    assert code == 1, (err, result)
    assert result["error"]["code"] == "lost_lease", result
    check(database, made)


def test_a_second_loader_is_told(database, made, tmp_path):
    # Of several workers one might be in a transaction, in which nobody gives a heartbeat for it.
    process = _loading(database, made, tmp_path, SNAPSHOTS_WORKERS="1")
    second = start(database, made, schema_file(tmp_path), tmp_path / "state", chunk_size="32KB")
    with closing(LedgerSession(locations.target(database), create=False)) as books:
        entry = books.ledger.entry(1)
        lease = Lease(1, entry.fence, entry.owner)
        while second.poll() is None:
            books.ledger.heartbeat(lease)
            time.sleep(0.1)
    code, result, err = finish(second)
    assert code == 1, (err, result)
    assert result["error"]["code"] == "import_busy", result
    assert str(process.pid) in result["error"]["message"]
    go_on(process)
    code, result, err = finish(process)
    assert code == 3, (err, result)
    check(database, made)


_OTHERS = {
    "postgres_url": "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
    "mysql_url": "SELECT id FROM information_schema.processlist WHERE db = DATABASE()"
    " AND id <> CONNECTION_ID()",
}
_END = {"postgres_url": "SELECT pg_terminate_backend({})", "mysql_url": "KILL CONNECTION {}"}


@pytest.mark.parametrize("url", ["postgres_url", "mysql_url"])
def test_sessions_that_are_ended_by_an_administrator(url, request, made, tmp_path):
    """All at once, five times, while the server goes on."""
    database = request.getfixturevalue(url)
    process = _loading(database, made, tmp_path, "before-claim:30:stops")
    killer = locations.target(database).connect()
    ended = 0
    try:
        for _ in range(5):
            held(process)
            for (number,) in killer.execute(_OTHERS[url]):
                with suppress(TargetError):  # it may have ended by itself
                    killer.execute(_END[url].format(number))
                    ended += 1
            go_on(process)
    finally:
        killer.close()
    assert ended >= 5
    code, result, err = let_end(process)
    assert code == 3, (err, result)
    check(database, made)


@pytest.mark.soak
@knows_locks
@pytest.mark.parametrize("then", ["killed", "woken"])
def test_who_is_stopped_while_it_writes_keeps_a_sqlite_file(sqlite_url, made, tmp_path, then):
    """Nobody can take the lock from it: it is said who may hold it. Once that is gone, or awake,
    all goes on."""
    process = _loading(sqlite_url, made, tmp_path)
    stop(process, sqlite_url, "sqlite_url", inside=True)
    busy = "import_busy"
    while busy == "import_busy":
        code, result, err = finish(start(sqlite_url, made, schema_file(tmp_path), tmp_path))
        busy = result["error"]["code"]
    assert (code, busy) == (1, "target"), (err, result)
    assert f":{process.pid}:" in result["error"]["hint"], result
    if then == "woken":
        process.send_signal(signal.SIGCONT)
        code, result, err = finish(process)
    else:
        process.kill()
        process.communicate()
        code, result, err = finish(start(sqlite_url, made, schema_file(tmp_path), tmp_path))
    assert (code, result["import_id"]) == (3, 1), (err, result)
    check(sqlite_url, made)
