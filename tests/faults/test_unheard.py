"""What a run may have sent without an answer, and what the next one makes of it."""

import json
import signal
from contextlib import closing

import pytest

from snapshots import locations
from snapshots.engine.delivery.group_commit import WINDOW
from snapshots.engine.lease.ledger_session import LedgerSession
from tests.support.http_server import response, serving
from tests.support.killed_deliveries import CONCURRENCY, Api, check, make_rows, start
from tests.support.processes import PATIENCE, finish, wait_for


class Recorded(Api):
    """Takes everything, and knows what it took twice."""

    def __init__(self):
        super().__init__(trouble=0)

    @property
    def twice(self):
        """Rows, however often they came."""
        return sum(times > 1 for times in self.taken.values())


@pytest.mark.parametrize("batch", [1, 10])
def test_what_a_takeover_may_send_twice_is_counted(database, tmp_path, batch):
    """Rows that were under way when it was killed, with the answers that were not written down."""
    rows = make_rows(tmp_path / "rows.csv", 6000)
    with serving(Recorded()) as running:
        api = running.handler
        for nth in (2, 4):
            fault = f"before-record:{nth}"
            process = start(database, rows, running.url + "/r", tmp_path, fault, batch=batch)
            process.communicate(timeout=PATIENCE)
            assert process.returncode == -signal.SIGKILL
        code, result, err = finish(start(database, rows, running.url + "/r", tmp_path, batch=batch))
        assert code == 3, (err, result)
        check(rows, api, result, kills=2, batch=batch)
        assert api.twice > 0
        assert api.twice <= result["ambiguous"] <= 2 * WINDOW * CONCURRENCY * batch


def test_what_a_stopped_run_left_without_an_answer_is_ambiguous_in_the_next(database, tmp_path):
    """It is known which rows those are, however many others are pending."""
    rows = make_rows(tmp_path / "rows.csv", 3000)
    with serving(Recorded()) as running:
        api = running.handler
        api.most = 200
        process = start(database, rows, running.url + "/r", tmp_path)
        wait_for(lambda: len(api._silent_to) == CONCURRENCY)
        process.send_signal(signal.SIGINT)
        code, result, err = finish(process)
        assert code == 130, (err, result)
        assert result["ambiguous"] == 0
        wait_for(lambda: not running.connections)
        api._silent_to.clear()
        api.go_on()
        code, result, err = finish(start(database, rows, running.url + "/r", tmp_path))
        assert code == 3, (err, result)
        check(rows, api, result, kills=0)
        assert (api.twice, result["ambiguous"]) == (0, CONCURRENCY)


class Conflicting(Recorded):
    """Takes each row once, and says of what it has that it is a conflict, until told otherwise."""

    says = 409

    def on_request(self, request, connection):
        row = json.loads(request.body)
        if row["amount"] != 666 and row["id"] in self.taken:
            return response(self.says, "it is there")
        return super().on_request(request, connection)


@pytest.mark.parametrize("status", [409, 422])
def test_what_a_takeover_sends_twice_is_not_rejected_for_being_there(database, tmp_path, status):
    """Of that alone it is unknown who put it there: other refusals are rejects."""
    rows = make_rows(tmp_path / "rows.csv", 1500)
    url = "/r"
    with serving(Conflicting()) as running:
        api = running.handler
        api.says = status
        process = start(database, rows, running.url + url, tmp_path, "before-record:3")
        process.communicate(timeout=PATIENCE)
        assert process.returncode == -signal.SIGKILL
        more = ("--retry-seconds", "0.5")
        code, result, err = finish(start(database, rows, running.url + url, tmp_path, more=more))
        assert code == 6, (err, result)
        assert f"HTTP {status}: it is there" in result["message"]
        assert result["rejects_by_code"].get("refused_by_target", 0) <= len(rows.refused)
        # They do not keep the others from it.
        assert 0 < result["pending"] <= WINDOW * CONCURRENCY
        assert api.twice == 0
        api.says = 201
        code, result, err = finish(start(database, rows, running.url + url, tmp_path))
        assert code == 3, (err, result)
        check(rows, api, result, kills=1)


def test_what_was_given_up_without_an_answer_is_ambiguous_in_the_next_run(database, tmp_path):
    """Though it is answered at once then."""

    class Mute(Recorded):
        """Never answers to one row."""

        mute = True

        def on_request(self, request, connection):
            if self.mute and json.loads(request.body)["id"] == 5:
                connection.cut()
                return None
            return super().on_request(request, connection)

    rows = make_rows(tmp_path / "rows.csv", 30)
    with serving(Mute()) as running:
        more = ("--retry-seconds", "0.5")
        code, result, err = finish(start(database, rows, running.url, tmp_path, more=more))
        assert (code, result["pending"], result["ambiguous"]) == (6, 1, 0), (err, result)
        running.handler.mute = False
        code, result, err = finish(start(database, rows, running.url, tmp_path))
        assert (result["pending"], result["ambiguous"]) == (0, 1), (err, result)


def test_the_next_run_may_send_more_at_once(database, tmp_path):
    """What the widest of the runs may have sent is counted."""
    rows = make_rows(tmp_path / "rows.csv", 6000)
    with serving(Recorded()) as running:
        api = running.handler
        kills = ((2, "before-record:1"), (32, "before-record:2"))
        for concurrency, fault in kills:
            process = start(database, rows, running.url, tmp_path, fault, concurrency=concurrency)
            process.communicate(timeout=PATIENCE)
            assert process.returncode == -signal.SIGKILL
        code, result, err = finish(start(database, rows, running.url, tmp_path, concurrency=2))
        assert code == 3, (err, result)
        assert 0 < api.twice <= result["ambiguous"] <= WINDOW * (2 + 32)


def test_the_plan_of_a_delivery_that_ended_says_nothing_of_it(sqlite_url, tmp_path):
    rows = make_rows(tmp_path / "rows.csv", 100)
    with serving(Recorded()) as running:
        _, result, err = finish(start(sqlite_url, rows, running.url, tmp_path))
        assert result["state"] == "finished", (err, result)
    with closing(LedgerSession(locations.target(sqlite_url), create=False)) as books:
        assert "unheard" not in json.loads(books.ledger.entry(1).plan)
