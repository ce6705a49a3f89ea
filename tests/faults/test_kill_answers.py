"""kill -9 of deliveries whose records have results of their own, ids that are kept, and tokens that
the API soon refuses."""

import json
import random
from collections import Counter, defaultdict

import pytest

from snapshots import locations
from tests.support.http_server import Handler, as_json, response, serving
from tests.support.killed_deliveries import (
    CONCURRENCY,
    WINDOW,
    Holding,
    Killer,
    make_rows,
)

BATCH = 20


class _Items(Handler):
    """Decides each row for itself, and gives it an id each time it comes. Now and then it refuses
    for a moment, or acts and cuts the connection."""

    def __init__(self):
        self.taken = Counter()
        self.keys = defaultdict(set)
        self.made = defaultdict(set)
        self.total = self.cuts = 0
        self._random = random.Random(9)

    def on_request(self, request, connection):
        if self._random.random() < 0.05:
            return response(503)
        results = [self._result(row, request) for row in json.loads(request.body)]
        self.total += 1
        if self._random.random() < 0.02:
            self.cuts += 1
            connection.cut()
            return None
        return as_json(200, results)

    def _result(self, row, request):
        if row["amount"] == 666:
            error = {"statusCode": "REQUIRED_FIELD_MISSING", "message": "an amount of evil"}
            return {"success": False, "errors": [error]}
        line = row["id"]
        self.taken[line] += 1
        self.keys[line].add(request.key)
        made = f"{line}-{self.taken[line]}"
        self.made[line].add(made)
        return {"success": True, "id": made, "errors": []}


class _Held(Holding, _Items):
    """The same, until it is told to be silent."""


class Results(_Held):
    """The same behind tokens, each of which is good for some requests."""

    def __init__(self):
        super().__init__()
        self.tokens = 0
        self._left = 0

    def on_request(self, request, connection):
        if request.path == "/token":
            self.tokens += 1
            self._left = 40
            return as_json(200, {"access_token": f"t{self.tokens}", "token_type": "Bearer"})
        known = request.headers.get("authorization") == f"Bearer t{self.tokens}"
        if not known or self._left <= 0:
            return response(401)
        self._left -= 1
        return super().on_request(request, connection)


def kept(database):
    session = locations.target(database).connect(create=False)
    try:
        rows = session.execute("SELECT line, answer FROM snapshots_answers WHERE import_id = 1")
    finally:
        session.close()
    return {line: json.loads(answer) for line, answer in rows}


def kill(database, folder, monkeypatch, *, records, kills):
    monkeypatch.setenv("THE_SECRET", "a-secret-of-tests")
    rows = make_rows(folder / "rows.csv", records)
    with serving(Results()) as running:
        more = (
            *("--results", "salesforce", "--keep", "/id"),
            *("--token-url", f"{running.url}/token", "--client-id", "me"),
            *("--client-secret", "${THE_SECRET}"),
        )
        killer = Killer(database, rows, running, folder, batch=BATCH, more=more)
        code, result = killer.run(kills, most=40)
        api = running.handler
    assert code == 3, result
    assert killer.kills == kills, "it was sent too fast to be killed so often"
    assert set(api.taken) == rows.good, "rows lost or too many"
    lost = result["ambiguous"]
    # A row is ambiguous once, however many processes were killed before they had its outcome.
    assert sum(times > 1 for times in api.taken.values()) <= lost
    # Each kill leaves a window of requests without an outcome, and each cut one request.
    assert lost <= (kills * WINDOW * CONCURRENCY + api.cuts) * BATCH
    twice = sum(times - 1 for times in api.taken.values())
    assert twice <= (kills * WINDOW * CONCURRENCY + api.cuts) * BATCH
    assert (result["state"], result["pending"]) == ("finished", 0)
    assert (result["loaded"], result["skipped"]) == (len(rows.good), rows.blank)
    assert result["rejects_by_code"] == rows.codes
    found = kept(database)
    assert set(found) == rows.good, "each row that was taken has its id, and no other"
    wrong = {line for line, made in found.items() if made not in api.made[line]}
    assert not wrong
    assert api.tokens > kills
    return twice


def test_killed_at_random_each_record_has_its_own_result_and_id(database, tmp_path, monkeypatch):
    kill(database, tmp_path, monkeypatch, records=8000, kills=5)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_killed_fifty_times(database, tmp_path, monkeypatch):
    twice = kill(database, tmp_path, monkeypatch, records=60_000, kills=50)
    print(f"{twice} rows were sent twice")
