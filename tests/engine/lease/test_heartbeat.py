"""The owner of an import looks four times a second: what it asks for must be small."""

import threading
from contextlib import closing

import pytest

from snapshots import locations
from snapshots.engine.lease import heartbeat, owner
from snapshots.engine.lease.heartbeat import Heartbeat
from snapshots.engine.queue import commands
from snapshots.engine.queue.request import ImportRequest
from snapshots.ledger.record import Ledger
from tests.support.processes import wait_for


@pytest.fixture
def ledger(database):
    target = locations.target(database)
    with closing(target.connect()) as session:
        ledger = Ledger(target, session)
        ledger.make()
        yield ledger


@pytest.fixture
def lease(ledger):
    entry = commands.submit(ledger, ImportRequest(file="a.csv"), None, 9).entry
    with ledger.writing():
        return ledger.take(entry, owner.this_process())


@pytest.fixture
def sent(monkeypatch, ledger):
    """The statements of all sessions from now on."""
    sent = []
    execute = type(ledger.session).execute

    def noted(session, sql, params=()):
        sent.append(sql)
        return execute(session, sql, params)

    monkeypatch.setattr(type(ledger.session), "execute", noted)
    return sent


def test_it_reads_three_columns_of_one_row(ledger, lease, sent):
    with Heartbeat(ledger.target, lease, threading.Event()) as kept:
        wait_for(lambda: len(sent) > 4)
    assert not kept.stop.is_set()
    looks = [sql for sql in sent if "FROM snapshots" in sql]
    assert len(set(looks)) == 1
    columns = looks[0].partition(" FROM snapshots_imports WHERE id = ")[0]
    assert columns.startswith("SELECT wanted, fence, heartbeat_at, ")
    assert columns.endswith(" AS now_at")


def test_the_owner_that_is_silent_is_heard_of(ledger, lease, sent, monkeypatch):
    monkeypatch.setattr(heartbeat, "HEARTBEAT_SILENCE_SECONDS", -1.0)
    with Heartbeat(ledger.target, lease, threading.Event()):
        wait_for(lambda: any(sql.startswith("UPDATE snapshots_imports SET heart") for sql in sent))


@pytest.mark.parametrize("wish", ["cancel", "undo"])
def test_a_wish_stops_it(ledger, lease, wish):
    with Heartbeat(ledger.target, lease, threading.Event()) as kept:
        commands.cancel(ledger, lease.import_id, wish)
        wait_for(kept.stop.is_set)


def test_who_is_taken_over_stops(ledger, lease):
    with Heartbeat(ledger.target, lease, threading.Event()) as kept:
        with ledger.writing():
            ledger.take(ledger.entry(lease.import_id), "another")
        wait_for(kept.stop.is_set)
