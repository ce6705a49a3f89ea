"""What `Session.cancel` promises."""

import threading
import time

import pytest

from snapshots.errors import RefusedRows, SnapshotsError
from snapshots.model import TableName
from tests.ports.rows import column, contract, load

SOON = 2.0
MADE = contract(column("a", "integer", bits=32), column("b", "integer", bits=32))
WAITS = {
    "update": lambda _, session: session.execute("UPDATE t SET b = 2 WHERE a = 1"),
    # Another transaction has added the row 2: to be refused or not is for its end to say.
    "load": lambda target, session: load(target, session, TableName("t"), MADE, [["2", "2"]]),
}


@pytest.mark.parametrize("what", WAITS)
def test_cancel_frees_a_statement_that_waits(target, session, what):
    session.execute("CREATE TABLE t (a integer PRIMARY KEY, b integer)")
    session.execute("INSERT INTO t VALUES (1, 0)")
    waiting, started, errors = target.connect(), threading.Event(), []

    def wait():
        started.set()
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
        started.wait(5)
        time.sleep(0.3)
        assert thread.is_alive()
        before = time.monotonic()
        waiting.cancel()
        thread.join(15)
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
