"""How long it may still take: what a running import's chunks say of that, on every target."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from snapshots.engine.history.progress import LATEST, status
from snapshots.engine.lease import owner
from snapshots.engine.queue import commands
from snapshots.engine.queue.request import ImportRequest
from tests.support.worker_process import books

SIZE = 1_000_000
PLAN = json.dumps({"compressed": False, "dialect": {"encoding": "utf-8"}})


class Running:
    """An import of SIZE bytes that this process is loading; its chunks are made up."""

    def __init__(self, ledger):
        self.ledger = ledger
        self.number = commands.submit(ledger, ImportRequest(file="a.csv"), None, 9).entry.import_id
        self.end = 0
        self.take()
        ledger.session.execute(
            "UPDATE snapshots_imports SET size = ?, plan = ? WHERE id = ?", (SIZE, PLAN, 1)
        )

    def take(self):
        with self.ledger.writing():
            entry = self.ledger.entry(self.number)
            self.fence = self.ledger.take(entry, owner.this_process()).fence

    def committed(self, chunks, size, ago, each):
        """So many chunks, one after the other; the last of them so many seconds ago."""
        for n in reversed(range(chunks)):
            at = datetime.now(UTC) - timedelta(seconds=ago + n * each)
            start, self.end = self.end, self.end + size
            self.ledger.session.execute(
                "INSERT INTO snapshots_chunks (import_id, start_offset, end_offset, start_line,"
                " records, loaded, fence, committed_at) VALUES (?, ?, ?, 1, 10, 10, ?, ?)",
                (
                    *(self.number, start, self.end, self.fence),
                    at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                ),
            )

    @property
    def status(self):
        return status(self.ledger, self.ledger.entry(self.number))


@pytest.fixture
def running(database):
    with books(database) as opened:
        yield Running(opened.ledger)


def test_one_chunk_says_nothing(running):
    running.committed(1, 1000, 5, 0)
    assert (running.status.seconds_left, running.status.records_per_second) == (None, None)


def test_at_a_steady_pace(running):
    running.committed(101, 1000, 1, 1)
    assert running.status.seconds_left == pytest.approx((SIZE - 101_000) / 1000, rel=0.05)
    assert running.status.records_per_second == pytest.approx(10, rel=0.1)


def test_time_in_which_nobody_worked_does_not_count(running):
    running.committed(100, 1000, 600, 1)
    running.take()
    assert running.status.seconds_left == pytest.approx(900, rel=0.05), "as it was before"
    running.committed(11, 1000, 0, 1)
    assert running.status.seconds_left == pytest.approx(889, rel=0.05)
    assert running.status.pace.chunks == 109


def test_a_moment_says_little_of_a_long_time(running):
    """A checkpoint of the database makes the last chunks slow; there is an hour to go."""
    running.committed(100, 1000, 2 * LATEST, 10)
    running.committed(LATEST, 10, 1, 2)
    assert running.status.seconds_left == pytest.approx(9000, rel=0.2)
    assert running.status.records_per_second == pytest.approx(5, rel=0.1), "the rate is that of now"


def test_near_the_end_what_was_long_ago_says_little(running):
    """The server of the input has become ten times as slow, and all but the last part is there."""
    running.committed(90, 10_000, 1000, 0.1)
    running.committed(100, 900, 1, 9)
    assert running.status.seconds_left == pytest.approx(100, rel=0.1)


def test_what_is_to_be_cancelled_is_not_interrupted(running):
    running.committed(3, 1000, 1, 1)
    session = running.ledger.session
    session.execute("UPDATE snapshots_imports SET state = 'interrupted', wanted = 'cancel'")
    assert running.status.state == "running"
    assert list(running.ledger.unsettled()) == [running.number], "somebody is told how it ends"
    session.execute("UPDATE snapshots_imports SET wanted = NULL")
    assert running.status.state == "interrupted"
    assert not running.ledger.unsettled()
