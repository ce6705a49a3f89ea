"""A stopped owner that wakes up when another has taken over says so, whatever it was doing: who
takes over ends its sessions, and a lost connection is not what became of the import.

Each moment is one of the points at which a process stops itself, in a database of its own, so that
one lease is waited out for all of them together.
"""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from snapshots import locations
from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.sources.base import STREAM_BYTES
from snapshots.time_limits import LEASE_SECONDS, RETRY_SECONDS
from tests.conftest import fresh
from tests.faults.test_owners import stop
from tests.support import killed_deliveries
from tests.support.http_server import serving
from tests.support.killed_imports import check, make_file, schema_file, start
from tests.support.processes import PATIENCE, finish, go_on, held, wait_for
from tests.support.sync_process import Service
from tests.support.worker_process import entry, submit, worker

INSIDE = {"after-claim", "mid-write", "before-commit", "finishing", "adopting"}
"""Within a transaction. Of a SQLite file nobody can have the lock while its owner is stopped."""


@pytest.fixture(params=["postgres", "mysql", "sqlite"])
def databases(request):
    """Gives the URL of another fresh database each time it is called; `kind` tells of what kind."""
    made = []

    def another():
        made.append(fresh(request.param, request))
        return next(made[-1])

    another.kind = request.param
    yield another
    for one in made:
        next(one, None)


def possible(kind, moments):
    return [one for one in moments if kind != "sqlite" or one.partition(":")[0] not in INSIDE]


@dataclass
class Owner:
    """A process that works, or does not."""

    moment: str
    database: str
    process: Any
    what: Any

    @property
    def silent(self):
        """For longer than its lease. Nothing is written for that: it may hold locks."""
        with closing(LedgerSession(locations.target(self.database), create=False)) as books:
            return books.ledger.entry(1).heartbeat_age > LEASE_SECONDS

    def wake(self):
        go_on(self.process)


@contextmanager
def owners(some):
    """All of them, stopped where they are to stop and silent for longer than their leases."""
    some = list(some)
    try:
        for owner in some:
            held(owner.process)
        for owner in some:
            wait_for(lambda owner=owner: owner.silent)
        yield some
    finally:
        for owner in some:
            if owner.process.poll() is None:
                owner.process.kill()
                owner.process.wait()


def says_that_it_was_taken_over(owner, code=1):
    left, result, err = finish(owner.process)
    assert (left, result["error"]["code"]) == (code, "lost_lease"), (owner.moment, err, result)
    assert result["error"]["message"] == "Another process took over import 1.", result
    assert "resume" not in err, (owner.moment, err)


IMPORTS = [
    "begun:1",
    "before-claim:3",
    "after-claim:3",
    "mid-write:3",
    "before-commit:3",
    "after-commit:3",
    "before-finish:1",
    "finishing:1",
]


def importing(databases, folder, moment, **how):
    folder = folder / moment.replace(":", "-")
    folder.mkdir(exist_ok=True)
    made = make_file(folder / "t.csv", 20_000)
    database = databases()
    process = load(database, made, folder, f"{moment}:stop", **how)
    return Owner(moment, database, process, made)


def load(database, made, folder, fault="", **how):
    return start(database, made, schema_file(folder), folder, fault, "32KB", **how)


def take_over(owner, folder, **how):
    code, result, err = finish(load(owner.database, owner.what, folder, **how))
    assert (code, result["import_id"]) == (3, 1), (owner.moment, err, result)


def test_an_import_that_another_has_finished(databases, tmp_path):
    moments = possible(databases.kind, IMPORTS)
    with owners(importing(databases, tmp_path, moment) for moment in moments) as stopped:
        for owner in stopped:
            take_over(owner, tmp_path)
            owner.wake()
            says_that_it_was_taken_over(owner)
            check(owner.database, owner.what)


def test_an_import_that_another_is_at_work_on(databases, tmp_path):
    moments = possible(databases.kind, ["begun:1", "before-claim:3", "before-commit:3"])
    with owners(importing(databases, tmp_path, moment) for moment in moments) as stopped:
        for owner in stopped:
            process = load(owner.database, owner.what, tmp_path, "before-claim:3:stop")
            held(process)
            owner.wake()
            says_that_it_was_taken_over(owner)
            go_on(process)
            code, result, err = finish(process)
            assert (code, result["import_id"]) == (3, 1), (owner.moment, err, result)
            check(owner.database, owner.what)


def test_whatever_else_has_gone_wrong_meanwhile(databases, tmp_path):
    """The input is not what it was any more; too much of it is wrong; the user wants it to stop."""
    changed = importing(databases, tmp_path, "before-claim:2")
    wanted = importing(databases, tmp_path, "after-commit:2")
    wrong = importing(databases, tmp_path, "before-end:1", SNAPSHOTS_MAX_REJECTS="0")
    with owners([changed, wrong, wanted]):
        take_over(changed, tmp_path)
        loaded = changed.what.path.read_bytes()
        os.truncate(changed.what.path, len(loaded) // 2)
        changed.wake()
        says_that_it_was_taken_over(changed)
        # What was loaded is compared with what the file was then.
        changed.what.path.write_bytes(loaded)
        check(changed.database, changed.what)
        take_over(wrong, tmp_path)
        wrong.wake()
        says_that_it_was_taken_over(wrong)
        check(wrong.database, wrong.what)
        take_over(wanted, tmp_path)
        wanted.process.send_signal(signal.SIGINT)
        wanted.wake()
        says_that_it_was_taken_over(wanted, 130)
        check(wanted.database, wanted.what)


def test_who_waits_for_input_learns_it_too(databases, tmp_path):
    """From its heartbeat; on SQLite, where chunks are the heartbeats, from the next chunk."""
    made = make_file(tmp_path / "t.csv", 24_000, padding="x" * 900)
    data = made.path.read_bytes()
    some = len(data) - (2 << 20)
    assert some > STREAM_BYTES, "less than it looks at before it begins"
    heartbeats = databases.kind != "sqlite"
    database, stream = databases(), replace(made, path="-")
    outlet, inlet = os.pipe()
    fault = "heartbeat:1:stop" if heartbeats else ""
    process = load(database, stream, tmp_path, fault, stdin=outlet)
    os.close(outlet)
    with os.fdopen(inlet, "wb", buffering=0) as giving, ThreadPoolExecutor(1) as giver:
        given = giver.submit(giving.write, data[:some])
        if not heartbeats:
            given.result(PATIENCE)
            stop(process, database, "sqlite_url", inside=False)
        with owners([Owner("waiting", database, process, stream)]) as (owner,):
            with made.path.open("rb") as again:
                take_over(owner, tmp_path, stdin=again)
            if not heartbeats:
                giver.submit(giving.write, data[some:])
            owner.wake()
            says_that_it_was_taken_over(owner)
    check(database, made)


@pytest.mark.soak
def test_stopped_for_longer_than_a_lost_connection_is_waited_for(own_server, tmp_path):
    """While it waited for its database, which came back; and in a transaction."""
    made = make_file(tmp_path / "t.csv", 20_000)
    waiting, inside = own_server.url("waiting"), own_server.url("inside")
    some = [
        Owner(name, url, load(url, made, tmp_path, fault, progress="plain"), made)
        for name, url, fault in (
            ("inside", inside, "before-commit:3:stop"),
            ("waiting", waiting, "before-claim:3:stop"),
        )
    ]
    for owner in some:
        held(owner.process)
    own_server.kill()
    some[1].wake()
    while "retrying for up to" not in some[1].process.stderr.readline():
        assert some[1].process.poll() is None
    some[1].process.send_signal(signal.SIGSTOP)
    own_server.start()
    time.sleep(RETRY_SECONDS + 5)
    with owners(some):
        for owner in some:
            take_over(owner, tmp_path)
            owner.wake()
            says_that_it_was_taken_over(owner)
            check(owner.database, made)


DELIVERIES = [
    "begun:1",
    "before-record:2",
    "after-record:2",
    "heartbeat:1",
    "before-finish:1",
    "finishing:1",
]


class Slow(killed_deliveries.Api):
    """Answers, so that heartbeats are given before it has answered all."""

    def on_request(self, request, connection):
        answer = super().on_request(request, connection)
        time.sleep(0.01)
        return answer


def test_a_delivery(databases, tmp_path):
    rows = killed_deliveries.make_rows(tmp_path / "rows.csv", 600)
    with ExitStack() as stack:

        def delivering(moment):
            api = Slow if moment.startswith("heartbeat") else killed_deliveries.Api
            running = stack.enter_context(serving(api(trouble=0)))
            database = databases()
            url = running.url + "/r"
            process = killed_deliveries.start(database, rows, url, tmp_path, f"{moment}:stop")
            return Owner(moment, database, process, running)

        moments = possible(databases.kind, DELIVERIES)
        for owner in stack.enter_context(owners(map(delivering, moments))):
            url = owner.what.url + "/r"
            code, result, err = finish(killed_deliveries.start(owner.database, rows, url, tmp_path))
            assert (code, result["import_id"]) == (3, 1), (owner.moment, err, result)
            owner.wake()
            says_that_it_was_taken_over(owner)
            killed_deliveries.check(rows, owner.what.handler, result, kills=2)


WORKERS = [
    "planned:1",
    "adopting:1",
    "before-claim:3",
    "before-commit:3",
    "before-finish:1",
    "finishing:1",
]


def test_a_worker_of_the_service(databases, tmp_path):
    """It says so, and takes the next import."""
    made = make_file(tmp_path / "t.csv", 5000)
    make_file(tmp_path / "next.csv", 100)
    with ExitStack() as stack:

        def working(moment):
            database = databases()
            submit(database, file="t.csv", contract=_fields(), chunk_size=1 << 15)
            fault = f"{moment}:stop"
            return Owner(
                moment,
                database,
                stack.enter_context(worker(database, tmp_path, fault, progress="plain")),
                made,
            )

        moments = possible(databases.kind, WORKERS)
        for owner in stack.enter_context(owners(map(working, moments))):
            database = owner.database
            with worker(database, tmp_path):
                wait_for(_finished(database, 1))
            check(database, made)
            owner.wake()
            submit(database, file="next.csv", table="next")
            wait_for(_finished(database, 2))
            owner.process.send_signal(signal.SIGTERM)
            owner.process.wait(PATIENCE)
            err = owner.process.stderr.read()
            assert "nother process took over import 1" in err, (owner.moment, err)
            assert "resume" not in err, (owner.moment, err)
            assert "queue cannot be read" not in err, (owner.moment, err)


def _fields():
    kinds = {"id": "integer", "name": "string", "amount": "number", "at": "datetime"}
    return {"fields": [{"name": name, "type": kind} for name, kind in kinds.items()]}


def _finished(database, import_id):
    return lambda: entry(database, import_id).state == "finished"


def test_an_import_of_sync(databases, tmp_path):
    """It says so, and finds the file imported the next time that it looks."""
    moments = possible(databases.kind, ["begun:1", "before-claim:3", "before-commit:3"])
    with ExitStack() as stack:

        def syncing(moment):
            folder = tmp_path / moment.replace(":", "-") / "drops"
            folder.mkdir(parents=True)
            made = make_file(folder / "t.csv", 20_000)
            options = ("--table", "t", "--contract", str(schema_file(folder.parent)))
            database = databases()
            one = Service(
                database, folder, *options, "--chunk-size", "32KB", SNAPSHOTS_FAULT=f"{moment}:stop"
            )
            return Owner(moment, database, stack.enter_context(one).process, (one, made, options))

        for owner in stack.enter_context(owners(map(syncing, moments))):
            service, made, options = owner.what
            other = folder_beside(service)
            with Service(owner.database, other, *options, "--chunk-size", "32KB") as successor:
                successor.wait_ended("t.csv")
            check(owner.database, made)
            owner.wake()
            service.wait_ended("t.csv")
            codes = [one["error"]["code"] for one in service.said("deferred")]
            assert codes == ["lost_lease"], service.said()
            assert not service.said("waiting"), service.said()
            assert service.terminate() == 0


def folder_beside(service):
    """The same folder by another way, so that what is said of it is elsewhere."""
    beside = service.folder.parent / "beside"
    beside.mkdir()
    link = beside / "drops"
    link.symlink_to(service.folder)
    return link
