"""An import that kills one worker after the other is given up; what else ends a worker is not."""

import signal
from contextlib import closing

import pytest

from snapshots import locations
from snapshots.engine.queue import commands
from snapshots.engine.queue.lost_workers import lives_lost
from tests.ledger.older import execute
from tests.service.test_queue import FIELDS, is_in
from tests.support.input_files import rows
from tests.support.killed_imports import check, make_file
from tests.support.processes import PATIENCE, held, wait_for
from tests.support.service_process import served
from tests.support.web_server import serving
from tests.support.worker_process import books, entry, submit, worker

LOST = ("failed", "worker_lost")


@pytest.fixture
def made(tmp_path):
    return make_file(tmp_path / "t.csv", 3000)


def killed(database, folder, fault):
    with worker(database, folder, fault=fault, SNAPSHOTS_LOADERS="1") as process:
        assert process.wait(PATIENCE) == -signal.SIGKILL


def state(database):
    found = entry(database, 1)
    return found.state, found.error_code


def is_no_new_server(database):
    """Waits until the server's start is no reason why a worker lost its database: servers count
    the seconds that they are up in whole ones."""

    def long_up():
        with closing(locations.target(database).connect(create=True)) as session:
            up = locations.target(database).uptime(session)
        return up is None or up > 5

    wait_for(long_up)


def count(database):
    return entry(database, 1).workers_lost


@pytest.mark.parametrize("fault", ["planned", "created", "before-commit"])
def test_three_workers_in_a_row_die_of_it(database, tmp_path, made, fault):
    submit(database, file="t.csv", contract=FIELDS)
    for lost in range(3):
        assert state(database) == (("queued", None) if lost == 0 else ("running", None))
        # The table is there after the first time.
        point = fault if lost == 0 or fault != "created" else "before-commit"
        killed(database, tmp_path, f"{point}:1")
        assert count(database) == lost
    (tmp_path / "after.csv").write_text("id\n1\n")
    submit(database, file="after.csv")
    with worker(database, tmp_path) as living:
        wait_for(is_in(database, 1, "failed"))
        wait_for(is_in(database, 2, "finished"))
        assert living.poll() is None
    assert state(database) == LOST
    assert "3 workers in a row died" in entry(database, 1).error
    with books(database) as opened:
        commands.resume(opened.ledger, 1, None, 10)
    assert count(database) == 0
    with worker(database, tmp_path):
        wait_for(is_in(database, 1, "finished"))
    lines = [line for (line,) in rows(database, "SELECT _line FROM t")]
    assert sorted(lines) == sorted(made.good)


def test_a_service_that_is_killed_counts_as_well(database, tmp_path, made):
    for lost in range(3):
        fault = {"SNAPSHOTS_FAULT": "before-commit:1"}
        with served(database, tmp_path, "--rate-limit", "0", **fault) as client:
            if lost == 0:
                client.submit(file="t.csv", contract=FIELDS)
            assert client.process.wait(PATIENCE) == -signal.SIGKILL
    with served(database, tmp_path, "--rate-limit", "0") as client:
        failed = client.wait(1)
        assert (failed["state"], failed["error"]["code"]) == LOST
        metrics = client.get("/metrics").data.decode()
        assert 'outcome="failed"} 1.0' in metrics
    assert rows(database, "SELECT COUNT(*) FROM snapshots_chunks") == [(0,)]


def test_a_committed_chunk_begins_the_count_anew(database, tmp_path):
    made = make_file(tmp_path / "t.csv", 20_000)
    submit(database, file="t.csv", contract=FIELDS, chunk_size=1 << 16)
    killed(database, tmp_path, "before-commit:1")
    killed(database, tmp_path, "before-commit:1")
    killed(database, tmp_path, "before-commit:2")
    assert count(database) == 0
    for lost in range(3):
        killed(database, tmp_path, "before-commit:1")
        assert count(database) == lost
        chunks = rows(database, "SELECT COUNT(*) FROM snapshots_chunks")
        assert chunks == [(1,)]
    loaded = rows(database, "SELECT COUNT(*) FROM t")
    with worker(database, tmp_path):
        wait_for(is_in(database, 1, "failed"))
    assert state(database) == LOST
    # What is loaded stays, and is told.
    told = "SELECT loaded, records - loaded - rejected - skipped FROM snapshots_imports"
    assert rows(database, told) == [(*loaded[0], 0)]
    with books(database) as opened:
        commands.resume(opened.ledger, 1, None, 10)
    with worker(database, tmp_path):
        wait_for(is_in(database, 1, "finished"))
    check(database, made)


def test_an_orderly_stop_begins_the_count_anew(database, tmp_path, made):
    is_no_new_server(database)
    with serving() as web:
        thing, url = web.put("/t.csv", made.path.read_bytes())
        allow = f"127.0.0.1:{web.port}"
        submit(database, url=url, contract=FIELDS)
        for _ in range(2):
            with worker(database, tmp_path, fault="planned:1", allow=allow) as process:
                assert process.wait(PATIENCE) == -signal.SIGKILL
        asked = len(web.requests)
        thing.stops_at = 1 << 14
        with worker(database, tmp_path, allow=allow) as stopped:
            wait_for(lambda: len(web.requests) > asked)
            assert count(database) == 2
            stopped.send_signal(signal.SIGTERM)
            assert stopped.wait(PATIENCE) == 143
        assert (state(database), count(database)) == (("queued", None), 0)
        thing.stops_at = None
        thing.go.set()
        with worker(database, tmp_path, fault="planned:1", allow=allow) as process:
            assert process.wait(PATIENCE) == -signal.SIGKILL
        with worker(database, tmp_path, allow=allow):
            wait_for(is_in(database, 1, "finished", "failed"))
    assert state(database) == ("finished", None)
    check(database, made)


def test_a_database_that_was_away_begins_the_count_anew(own_server, tmp_path, made):
    """Its worker dies as well, with the machine for instance: that says nothing of the import."""
    database = own_server.url()
    submit(database, file="t.csv", contract=FIELDS)
    for _ in range(4):
        with worker(database, tmp_path, fault="before-commit:1:stop") as process:
            held(process)
            own_server.kill()
            process.kill()
            process.wait()
        own_server.start()
        assert count(database) == 0
    with worker(database, tmp_path):
        wait_for(is_in(database, 1, "finished"))
    check(database, made)


def test_a_worker_that_lives_is_not_lost(database, tmp_path, made):
    """Its process is there, and was silent for longer than its lease."""
    submit(database, file="t.csv", contract=FIELDS)
    long_ago = "UPDATE snapshots_imports SET workers_lost = 2, heartbeat_at = ?"
    with worker(database, tmp_path, fault="planned:1:stop") as process, books(database) as opened:
        held(process)
        execute(database, long_ago, "2020-01-01T00:00:00.000Z")
        assert lives_lost(opened.ledger, opened.ledger.entry(1)) == 0
        process.kill()
        process.wait()
        if locations.target(database).name == "sqlite":
            assert lives_lost(opened.ledger, opened.ledger.entry(1)) == 3
        else:
            # Its server has begun after that.
            assert lives_lost(opened.ledger, opened.ledger.entry(1)) == 0


def test_a_wish_is_done_all_the_same(database, tmp_path, made):
    submit(database, file="t.csv", contract=FIELDS)
    for _ in range(3):
        killed(database, tmp_path, "before-commit:1")
    with books(database) as opened:
        commands.cancel(opened.ledger, 1, "undo")
    with worker(database, tmp_path):
        wait_for(is_in(database, 1, "cancelled", "failed"))
    assert state(database) == ("cancelled", None)
