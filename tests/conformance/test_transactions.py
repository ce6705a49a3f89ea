"""What `Session.transaction` and `Session.savepoint` promise."""

import datetime

import pytest

from snapshots.errors import RefusedRows, SnapshotsError, TargetError
from tests.conformance.rows import column, contract, count, load, on, table

ONE = contract(column("a", "integer", bits=32), column("b"), primary_key=("a",))


class Boom(Exception):
    pass


def fails_in(block, step, error=None):
    """Takes a step in a transaction or savepoint, and then fails in it."""

    error = error or Boom()

    def run():
        with block:
            step()
            raise error

    with pytest.raises(type(error)):
        run()


def test_a_transaction_is_durable_for_others(target, session):
    t = table(target, session, ONE)
    with session.transaction():
        load(target, session, t, ONE, [["1", "x"]])
    other = target.connect()
    assert other.execute("SELECT a, b FROM t") == [(1, "x")]
    other.close()


@pytest.mark.parametrize("error", [Boom, KeyboardInterrupt, SnapshotsError])
def test_an_error_undoes_it_and_is_not_hidden(target, session, error):
    t = table(target, session, ONE)
    fails_in(
        session.transaction(),
        lambda: load(target, session, t, ONE, [["1", "x"]]),
        error("boom"),
    )
    assert count(session, target) == 0
    with session.transaction():
        session.execute("INSERT INTO t (a) VALUES (?)", (2,))
    assert count(session, target) == 1


@on("postgres", "mysql", "sqlite", "toy")
def test_a_savepoint_undoes_its_block_and_only_that(target, session):
    t = table(target, session, ONE)
    with session.transaction():
        load(target, session, t, ONE, [["1", "x"]])
        fails_in(session.savepoint(), lambda: load(target, session, t, ONE, [["2", "x"]]))
        with session.savepoint():
            load(target, session, t, ONE, [["3", "x"]])
            fails_in(session.savepoint(), lambda: load(target, session, t, ONE, [["4", "x"]]))
            load(target, session, t, ONE, [["5", "x"]])
    assert session.execute("SELECT a FROM t ORDER BY a") == [(1,), (3,), (5,)]


@on("duckdb")
def test_where_no_block_can_be_undone_the_transaction_ends(target, session):
    t = table(target, session, ONE)
    with pytest.raises(TargetError, match="rolled the transaction back"):
        _writes_behind_a_failed_block(target, session, t)
    assert count(session, target) == 0


def _writes_behind_a_failed_block(target, session, t):
    with session.transaction():
        load(target, session, t, ONE, [["1", "x"]])
        fails_in(session.savepoint(), lambda: count(session, target))
        fails_in(session.savepoint(), lambda: load(target, session, t, ONE, [["2", "x"]]))
        session.execute("INSERT INTO t (a) VALUES (3)")


def test_after_a_refusal_the_transaction_goes_on(target, session):
    t = table(target, session, ONE)
    with session.transaction():
        load(target, session, t, ONE, [["1", "x"]])
        with pytest.raises(RefusedRows), session.savepoint():
            load(target, session, t, ONE, [["2", "x"], ["1", "again"], ["3", "x"]])
        load(target, session, t, ONE, [["4", "x"]])
    assert session.execute("SELECT a, b FROM t ORDER BY a") == [(1, "x"), (4, "x")]


def test_a_rollback_that_fails_does_not_hide_the_error(target, session):
    fails_in(session.transaction(), session.close)


def test_closing_rolls_back_and_never_raises(target, session):
    table(target, session, ONE)
    other = target.connect()
    transaction = other.transaction()
    transaction.__enter__()
    other.execute("INSERT INTO t (a) VALUES (?)", (1,))
    other.close()
    other.close()
    assert count(session, target) == 0


def test_statements_outside_a_transaction_commit_by_themselves(target, session):
    table(target, session, ONE)
    session.execute("INSERT INTO t (a, b) VALUES (?, ?)", (1, "it's 100 % \\ ?"))
    session.executemany("INSERT INTO t (a, b) VALUES (?, ?)", [(n, None) for n in range(2, 50)])
    other = target.connect()
    assert count(other, target) == 49
    assert other.execute("SELECT b FROM t WHERE a = ?", (1,)) == [("it's 100 % \\ ?",)]
    assert other.execute("SELECT SUM(a) FROM t") == [(sum(range(1, 50)),)]
    other.close()


def test_values_of_the_ledger_come_back_as_they_were(target, session):
    binary = {"postgres": "bytea", "mysql": "longblob"}.get(target.name, "BLOB")
    real = "double precision"
    session.execute(f"CREATE TABLE v (i bigint, f {real}, s text, b {binary})")
    row = (2**63 - 1, 0.1, "a\tb\n'\"\\%?é😀", bytes(range(256)))
    session.execute("INSERT INTO v VALUES (?, ?, ?, ?)", row)
    session.executemany("INSERT INTO v VALUES (?, ?, ?, ?)", [(None,) * 4])
    assert session.execute("SELECT * FROM v ORDER BY i IS NULL") == [row, (None,) * 4]


def test_now_is_utc_in_iso_8601(target, session):
    ((text,),) = session.execute(f"SELECT {target.dialect.now}")
    then = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")
    assert len(text) == len("2026-01-31T12:34:56.789Z")
    assert abs(datetime.datetime.now(datetime.UTC) - then) < datetime.timedelta(seconds=5)
