"""The queue is the ledger: many workers share it, and what a killed one leaves goes on."""

import signal
import time

import pytest

from snapshots import errors
from snapshots.engine.queue import commands
from snapshots.ledger import queue
from snapshots.time_limits import LEASE_SECONDS
from tests.support.input_files import rows
from tests.support.killed_imports import check, make_file
from tests.support.processes import BUSY, PATIENCE, go_on, held, wait_for
from tests.support.web_server import serving
from tests.support.worker_process import books, entry, submit, worker

FIELDS = {
    "fields": [
        {"name": "id", "type": "integer"},
        {"name": "name", "type": "string"},
        {"name": "amount", "type": "number"},
        {"name": "at", "type": "datetime"},
    ]
}


@pytest.fixture
def made(tmp_path):
    return make_file(tmp_path / "t.csv", 200_000)


def is_in(database, import_id, *states):
    return lambda: entry(database, import_id).state in states


def in_the_middle(database, folder):
    """A worker that stops itself in the middle of an import, and in no transaction."""
    return worker(database, folder, "after-commit:3:stop", SNAPSHOTS_LOADERS="1")


def test_a_queued_import_is_done(database, tmp_path):
    made = make_file(tmp_path / "t.csv", 3000)
    submitted = submit(database, file="t.csv", contract=FIELDS)
    assert (submitted.new, submitted.entry.state, submitted.entry.table) == (True, "queued", "t")
    with worker(database, tmp_path):
        wait_for(is_in(database, 1, "finished"))
    check(database, made)
    assert entry(database, 1).input == "t.csv"


def test_a_killed_workers_import_goes_on_elsewhere(database, tmp_path, made):
    submit(database, file="t.csv", contract=FIELDS)
    with worker(database, tmp_path, fault="before-commit:2") as killed:
        assert killed.wait(PATIENCE) == -signal.SIGKILL
    assert entry(database, 1).state == "running"
    with worker(database, tmp_path) as other:
        # Lease and look, from the start of the other worker.
        wait_for(is_in(database, 1, "finished"))
        assert other.poll() is None
    check(database, made)


def test_an_owner_elsewhere_that_falls_silent_is_fenced_off(database, tmp_path):
    made = make_file(tmp_path / "t.csv", 3000)
    submit(database, file="t.csv", contract=FIELDS)
    with books(database) as opened:
        ledger = opened.ledger
        with ledger.writing():
            lease = ledger.take(ledger.entry(1), "another-host:1:1")
        began = time.monotonic()
        with worker(database, tmp_path):
            wait_for(lambda: entry(database, 1).fence > lease.fence)
            # Ten seconds are promised from the start of a worker, which takes a while itself.
            assert LEASE_SECONDS - 1 < time.monotonic() - began < LEASE_SECONDS + 2 * BUSY
            with pytest.raises(errors.LostLease):
                ledger.require(opened.session, lease)
            wait_for(is_in(database, 1, "finished"))
    check(database, made)


def test_a_worker_that_is_stopped_queues_its_import_again(database, tmp_path, made):
    submit(database, file="t.csv", contract=FIELDS)
    with worker(database, tmp_path) as first:
        wait_for(is_in(database, 1, "running"))
        first.send_signal(signal.SIGTERM)
        assert first.wait(PATIENCE) == 143
    assert entry(database, 1).state in {"queued", "running", "finished"}
    with worker(database, tmp_path):
        wait_for(is_in(database, 1, "finished"))
    check(database, made)


@pytest.mark.parametrize("wish", ["cancel", "undo"])
def test_cancel_while_it_runs(database, tmp_path, wish):
    made = make_file(tmp_path / "t.csv", 300_000)
    submit(database, file="t.csv", contract=FIELDS, chunk_size=1 << 14)
    with in_the_middle(database, tmp_path) as process, books(database) as opened:
        held(process)
        commands.cancel(opened.ledger, 1, wish)
        go_on(process)
        wait_for(is_in(database, 1, "cancelled", "undone", "finished"))
        stopped = entry(database, 1)
        kept = rows(database, "SELECT COUNT(*) FROM t")
        assert stopped.state == ("undone" if wish == "undo" else "cancelled")
        if wish == "undo":
            assert kept == [(0,)]
            # Its account stays.
            assert stopped.removed == stopped.counts.loaded > 0
            return
        assert 0 < stopped.counts.loaded < len(made.good)
        assert kept == [(stopped.counts.loaded,)]
        commands.resume(opened.ledger, 1, None, 10)
        wait_for(is_in(database, 1, "finished"))
    check(database, made)


def test_cancel_what_waits_and_undo_what_was_stopped(database, tmp_path):
    make_file(tmp_path / "t.csv", 400_000)
    submit(database, file="t.csv", contract=FIELDS, chunk_size=1 << 14)
    with books(database) as opened:
        assert commands.cancel(opened.ledger, 1, "cancel").state == "cancelled"
        assert commands.cancel(opened.ledger, 1, "cancel").state == "cancelled"
        assert commands.resume(opened.ledger, 1, None, 10).state == "queued"
        with pytest.raises(errors.Forbids, match="is queued"):
            commands.resume(opened.ledger, 1, None, 10)
        with in_the_middle(database, tmp_path) as process:
            held(process)
            commands.cancel(opened.ledger, 1, "cancel")
            go_on(process)
            wait_for(is_in(database, 1, "cancelled"))
            undone = commands.cancel(opened.ledger, 1, "undo")
            assert (undone.state, undone.removed) == ("undone", undone.counts.loaded)
        assert rows(database, "SELECT COUNT(*) FROM t") == [(0,)]


def test_what_was_wanted_is_done_though_its_owner_was_killed_before(database, tmp_path):
    """After it had stopped loading: the import is interrupted, and the wish is still there."""
    make_file(tmp_path / "t.csv", 3000)
    submit(database, file="t.csv", contract=FIELDS)
    with worker(database, tmp_path):
        wait_for(is_in(database, 1, "finished"))
    with books(database) as opened:
        opened.ledger.session.execute(
            "UPDATE snapshots_imports SET state = 'interrupted', wanted = 'undo'"
        )
    with worker(database, tmp_path):
        wait_for(is_in(database, 1, "undone"))
    assert rows(database, "SELECT COUNT(*) FROM t") == [(0,)]
    assert entry(database, 1).wanted is None


def test_keys_and_the_bound(sqlite_url):
    first = submit(sqlite_url, "k", file="a.csv")
    again = submit(sqlite_url, "k", file="a.csv")
    assert (first.new, again.new, again.entry.import_id) == (True, False, first.entry.import_id)
    with pytest.raises(errors.KeyReused):
        submit(sqlite_url, "k", file="b.csv")
    with pytest.raises(errors.QueueFull):
        submit(sqlite_url, "l", bound=1, file="b.csv")
    submit(sqlite_url, "l", bound=2, file="b.csv")
    with books(sqlite_url) as opened:
        assert queue.waiting(opened.ledger) == 2


def test_what_cannot_be_loaded_fails_with_a_code(sqlite_url, tmp_path):
    (tmp_path / "a.csv").write_text("id\n1\n2\n")
    (tmp_path / "b.csv").write_bytes(b"PAR1")
    for name in ("a.csv", "gone.csv", "b.csv", "a.csv"):
        submit(sqlite_url, file=name)
    with worker(sqlite_url, tmp_path):
        wait_for(is_in(sqlite_url, 4, "finished"))
    found = [(e.state, e.error_code) for e in (entry(sqlite_url, n) for n in (1, 2, 3, 4))]
    assert found == [
        ("finished", None),
        ("failed", "input"),
        ("failed", "input"),
        ("finished", None),
    ]
    assert entry(sqlite_url, 4).same_as == 1
    with books(sqlite_url) as opened:
        assert commands.cancel(opened.ledger, 3, "cancel").state == "failed", "it is over, and why"


def test_two_workers_share_the_queue(postgres_url, tmp_path):
    for n in range(8):
        (tmp_path / f"f{n}.csv").write_text("id\n" + "".join(f"{n}{m}\n" for m in range(1000)))
        submit(postgres_url, file=f"f{n}.csv", table="t")
    with worker(postgres_url, tmp_path), worker(postgres_url, tmp_path):
        for n in range(1, 9):
            wait_for(is_in(postgres_url, n, "finished"))
    assert rows(postgres_url, "SELECT COUNT(*), COUNT(DISTINCT (_import_id, _line)) FROM t") == [
        (8000, 8000)
    ]


def test_rows_without_lineage_are_not_undone(sqlite_url, tmp_path):
    make_file(tmp_path / "t.csv", 300)
    submit(sqlite_url, file="t.csv", contract=FIELDS, lineage=False, max_rejects="0")
    with worker(sqlite_url, tmp_path), books(sqlite_url) as opened:
        wait_for(is_in(sqlite_url, 1, "failed"))
        assert entry(sqlite_url, 1).error_code == "over_budget"
        with pytest.raises(errors.Forbids, match="_import_id"):
            commands.cancel(opened.ledger, 1, "undo")
        commands.resume(opened.ledger, 1, "100%", 10)
        wait_for(is_in(sqlite_url, 1, "finished"))


def test_urls_of_strangers(sqlite_url, tmp_path):
    with serving() as web:
        _, url = web.put("/a.csv", b"id\n1\n2\n")
        for _ in range(2):
            submit(sqlite_url, url=url)
        with worker(sqlite_url, tmp_path):
            wait_for(is_in(sqlite_url, 2, "failed"))
        assert "may not read from" in entry(sqlite_url, 1).error
        assert web.requests == []
        submit(sqlite_url, url=url)
        with worker(sqlite_url, tmp_path, allow=f"127.0.0.1:{web.port}"):
            wait_for(is_in(sqlite_url, 3, "finished"))
    with pytest.raises(errors.UsageError, match="credentials"):
        submit(sqlite_url, url="https://ana:pw@example.org/a.csv")


@pytest.mark.parametrize("silent_at", [0, 1 << 20], ids=["at once", "while it is looked at"])
def test_cancel_while_its_server_keeps_silent(sqlite_url, tmp_path, silent_at):
    made = make_file(tmp_path / "t.csv", 40_000)
    with serving() as web, books(sqlite_url) as opened:
        thing, url = web.put("/t.csv", made.path.read_bytes(), stops_at=silent_at)
        submit(sqlite_url, url=url, contract=FIELDS)
        with worker(sqlite_url, tmp_path, allow=f"127.0.0.1:{web.port}"):
            wait_for(lambda: web.sent >= silent_at and web.requests)
            commands.cancel(opened.ledger, 1, "cancel")
            # Before the server is given up, which takes a minute of silence.
            wait_for(is_in(sqlite_url, 1, "cancelled"), 50)
            assert entry(sqlite_url, 1).error is None
            assert rows(sqlite_url, "SELECT COUNT(*) FROM snapshots_chunks") == [(0,)]
            thing.stops_at = None
            thing.go.set()
            commands.resume(opened.ledger, 1, "100%", 10)
            wait_for(is_in(sqlite_url, 1, "finished"))
    check(sqlite_url, made)
