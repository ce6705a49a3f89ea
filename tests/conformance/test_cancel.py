"""What `Session.cancel` promises."""

import threading
import time

import pytest

from snapshots.errors import RefusedRows, SnapshotsError
from snapshots.model import TableName
from snapshots.targets.sql.writer_queue import turns_of
from tests.conformance.rows import built_on, column, contract, load
from tests.support.processes import PATIENCE, wait_for

SOON = 8.0
"""Seconds; it is at once, but other work may keep the thread waiting. Of itself the shortest wait
for a lock, that of SQLite, ends after 10 s."""
MADE = contract(column("a", "integer", bits=32), column("b", "integer", bits=32))
WAITS = {
    "update": lambda _, session: session.execute("UPDATE t SET b = 2 WHERE a = 1"),
    # Another transaction has added the row 2: to be refused or not is for its end to say.
    "load": lambda target, session: load(target, session, TableName("t"), MADE, [["2", "2"]]),
}


SOMEBODY_WAITS = {
    "postgres": "SELECT COUNT(*) FROM pg_locks WHERE NOT granted"
    " AND pg_backend_pid() = ANY(pg_blocking_pids(pid))",
    "mysql": "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"
    " AND trx_mysql_thread_id IN (SELECT id FROM information_schema.processlist"
    " WHERE db = DATABASE())",
}


def waits(target, session):
    """Whether the other session waits for this one's transaction."""
    if built_on(target) in {"sqlite", "duckdb"}:
        queue = turns_of(target.path)
        return queue._next - queue._serving > 1
    # MariaDB gives what it last saw of its transactions to whoever asks again within 0.1 s.
    time.sleep(0.2)
    return session.execute(SOMEBODY_WAITS[built_on(target)]) != [(0,)]


@pytest.mark.parametrize("what", WAITS)
def test_cancel_frees_a_statement_that_waits(target, session, what):
    session.execute("CREATE TABLE t (a integer PRIMARY KEY, b integer)")
    session.execute("INSERT INTO t VALUES (1, 0)")
    waiting, errors = target.connect(), []

    def wait():
        try:
            with waiting.transaction():
                WAITS[what](target, waiting)
        except BaseException as error:
            errors.append(error)

    with session.transaction():
        session.execute("UPDATE t SET b = 1 WHERE a = 1")
        session.execute("INSERT INTO t VALUES (2, 1)")
        thread = threading.Thread(target=wait)
        thread.start()
        wait_for(lambda: waits(target, session))
        assert thread.is_alive()
        before = time.monotonic()
        waiting.cancel()
        thread.join(PATIENCE)
        assert time.monotonic() - before < SOON
    (error,) = errors
    assert isinstance(error, SnapshotsError)
    assert not isinstance(error, RefusedRows)
    waiting.close()
    assert session.execute("SELECT a, b FROM t ORDER BY a") == [(1, 1), (2, 1)]


@pytest.mark.parametrize("closed", [False, True])
def test_cancel_of_nothing_never_raises(target, closed):
    session = target.connect()
    if closed:
        session.close()
    session.cancel()
    session.close()
