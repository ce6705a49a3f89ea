"""How much of a delivery is not in its ledger at any moment, whatever the API says."""

import json
import time
from collections import Counter

import psycopg
import pytest

from snapshots.engine.delivery.bookkeeper import WINDOW
from tests.faults.deliveries import CONCURRENCY, make_rows, serving, settled, start
from tests.faults.harness import wait_for
from tests.httpd import Handler, response

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
        for _ in range(4):
            goal = api.requests + 100
            wait_for(lambda: api.requests >= goal or process.poll() is not None, 60)
            if process.poll() is not None:
                break
            with psycopg.connect(postgres_url) as held:
                held.execute("LOCK TABLE snapshots_chunks IN EXCLUSIVE MODE")
                made = still(lambda: api.requests)
                durable = len(settled(postgres_url, rows))
                assert made - durable <= WINDOW * CONCURRENCY
        out, err = process.communicate(timeout=120)
        assert process.returncode == 3, (out, err)
        assert set(api.taken.values()) == {1}
