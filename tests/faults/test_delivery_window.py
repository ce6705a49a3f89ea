"""How much of a delivery is not in its ledger at any moment, whatever the API says."""

import asyncio
import json
import random
import time
from collections import Counter

import psycopg
import pytest

from snapshots import locations
from snapshots.engine.delivery.group_commit import WINDOW
from tests.support.http_server import Handler, response, serving
from tests.support.killed_deliveries import CONCURRENCY, make_rows, settled, start
from tests.support.processes import BUSY, PATIENCE, wait_for

ANSWERS = 150
CHUNKED = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"


class Odd(Handler):
    """Answers in turn as it is told to; knows which rows it was sent."""

    def __init__(self, answers):
        self.taken = Counter()
        self.requests = 0
        self._answers = answers

    def on_request(self, request, connection):
        body = json.loads(request.body)
        for row in body if isinstance(body, list) else [body]:
            self.taken[row["id"]] += 1
        self.requests += 1
        return self._answers[self.requests % len(self._answers)]


def still(count, seconds=0.4):
    """What it counts, once that does not change any more."""
    while True:
        before = count()
        time.sleep(seconds)
        if count() == before:
            return before


@pytest.mark.parametrize(
    "answers",
    [[response(201)], [response(201), CHUNKED], [response(201)] * 19 + [response(400)]],
    ids=["plain", "odd", "refused"],
)
def test_no_more_than_the_window_is_sent_while_the_ledger_is_held_up(
    postgres_url, tmp_path, answers
):
    rows = make_rows(tmp_path / "rows.csv", 4000)
    with serving(Odd(answers)) as running:
        api = running.handler
        process = start(postgres_url, rows, running.url + "/rows", tmp_path)
        for goal in range(100, 2000, 500):
            wait_for(lambda goal=goal: api.requests >= goal)
            with psycopg.connect(postgres_url) as held:
                held.execute("LOCK TABLE snapshots_chunks IN EXCLUSIVE MODE")
                made = still(lambda: api.requests)
                durable = len(settled(postgres_url, rows))
                assert made - durable <= WINDOW * CONCURRENCY
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 3, (out, err)
        assert set(api.taken.values()) == {1}


class Halting(Handler):
    """Answers after some milliseconds, until it falls silent for a while."""

    def __init__(self):
        self.answered = set()
        self.left = ANSWERS
        self._held = []
        self._random = random.Random(5)

    def on_request(self, request, connection):
        row = json.loads(request.body)["id"]
        answer = CHUNKED if self._random.random() < 0.05 else response(201)
        seconds = 0.01 * self._random.random()
        self._loop = asyncio.get_running_loop()
        self._loop.call_later(seconds, self._answer, connection, row, answer)

    def _answer(self, connection, row, answer):
        if self.left == 0:
            self._held.append((connection, row, answer))
            return
        self.left -= 1
        self.answered.add(row)
        connection.transport.write(answer)

    def go_on(self):
        self.left = ANSWERS
        self._loop.call_soon_threadsafe(self._release)

    def _release(self):
        held, self._held = self._held, []
        for one in held:
            self._answer(*one)


def test_what_was_answered_is_written_down_though_nothing_follows(sqlite_url, tmp_path):
    """Neither another answer nor the end of a time-out is waited for."""
    rows = make_rows(tmp_path / "rows.csv", 3000)
    with serving(Halting()) as running:
        api = running.handler
        process = start(sqlite_url, rows, running.url + "/rows", tmp_path)
        try:
            for _ in range(15):
                wait_for(lambda: api.left == 0)
                wait_for(lambda: api.answered <= settled(sqlite_url, rows), 2 * BUSY)
                api.go_on()
        finally:
            process.kill()
            process.communicate()


def test_a_ledger_that_loses_what_it_had_committed_gets_it_again(database, tmp_path):
    """As a server does that is replaced by one that was a little behind."""
    rows = make_rows(tmp_path / "rows.csv", 4000)
    with serving(Odd([response(201)])) as running:
        api = running.handler
        process = start(database, rows, running.url + "/rows", tmp_path)
        wait_for(lambda: api.requests >= 200)
        session = locations.target(database).connect(create=False)
        session.execute("DELETE FROM snapshots_chunks")
        session.close()
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 3, (out, err)
        assert settled(database, rows) == set(api.taken) == set(rows.sendable)
        assert set(api.taken.values()) == {1}
