"""Quotas: what servers say is left, and what users allow a minute and a day."""

import json
import math
import os
import subprocess
import threading
import time
from datetime import UTC, datetime

import pytest

from snapshots import locations
from snapshots.engine.delivery.quota import DayQuota
from snapshots.engine.lease.ledger_session import LedgerSession
from tests.support import snapshots_process
from tests.support.command import objects, snapshots
from tests.support.http_server import Handler, response, serving
from tests.support.processes import wait_for


class Limited(Handler):
    """Allows so many requests in a window, and says so in the way of `form`. It refuses the rest
    with a 429 that says nothing."""

    def __init__(self, form, most=5, seconds=2):
        self.rows = []
        self.refused = 0
        self._form = form
        self._most = most
        self._seconds = seconds
        self._ends = 0.0
        self._left = 0

    def on_request(self, request, connection):
        now = time.monotonic()
        if now >= self._ends:
            self._ends, self._left = now + self._seconds, self._most
        if not self._left:
            self.refused += 1
            return response(429)
        self._left -= 1
        self.rows.append(json.loads(request.body)["id"])
        # Rounded up: whoever is told of a moment too early comes back too early.
        reset = math.ceil((self._ends - now) * 100) / 100
        said = self._form(self._left, reset)
        return response(201, **said)


def older(left, reset):
    return {"ratelimit_remaining": str(left), "ratelimit_reset": f"{reset:.2f}"}


def list_of(left, reset):
    return {"ratelimit": f'"other";r=900;t=1, "mine";r={left};t={reset:.2f}'}


def seconds(left, reset):
    return {"x_ratelimit_remaining": str(left), "x_ratelimit_reset": f"{reset:.2f}"}


def moment(left, reset):
    at = time.time() + reset + 0.005
    return {"x_rate_limit_remaining": str(left), "x_rate_limit_reset": f"{at:.2f}"}


@pytest.fixture
def send(tmp_path):
    def send_(url, *more, rows=12):
        (tmp_path / "a.csv").write_text("id\n" + "".join(f"{n}\n" for n in range(rows)))
        given = ("send", "a.csv", "--to", url, "--json", "--progress", "none")
        return snapshots(*given, *more, cwd=tmp_path)

    return send_


@pytest.mark.parametrize("form", [older, list_of, seconds, moment])
def test_nothing_is_sent_before_the_server_has_requests_left_again(send, form):
    api = Limited(form)
    with serving(api) as running:
        done = send(running.url, "--concurrency", "1")
    (result,) = objects(done)
    assert result["loaded"] == 12
    assert sorted(api.rows) == list(range(12))
    assert api.refused == 0


class Never(Handler):
    """Takes three rows, and says that this was all for an hour."""

    def __init__(self):
        self.rows = []

    def on_request(self, request, connection):
        self.rows.append(json.loads(request.body)["id"])
        left = max(0, 3 - len(self.rows))
        return response(201, x_ratelimit_remaining=str(left), x_ratelimit_reset="3600")


def test_a_wait_that_is_too_long_ends_the_delivery_with_a_sentence(send, tmp_path):
    with serving(Never()) as running:
        done = send(running.url, "--concurrency", "1")
        assert done.returncode == 6
        (result,) = objects(done)
        assert (result["loaded"], result["ambiguous"]) == (3, 0)
        assert "no request is left for the next 3,6" in done.stdout + done.stderr
    # A delivery that needs no more requests does not care.
    with serving(Never()) as running:
        done = send(running.url, "--again", "--concurrency", "1", rows=3)
        assert done.returncode == 0, done.stdout


class Counting(Handler):
    def __init__(self, hold_from=None):
        self.rows = []
        self.times = []
        self.statuses = []
        self._hold_from = hold_from
        self.held = threading.Event()
        self.held.set()

    def on_request(self, request, connection):
        self.times.append(time.monotonic())
        if self.statuses:
            return response(self.statuses.pop(0))
        row = json.loads(request.body)["id"]
        self.rows.append(row)
        return response(201)


def test_no_more_than_a_minute_may_have(send, tmp_path):
    """The rest would begin a minute later: it is stopped before."""
    api = Counting()
    (tmp_path / "a.csv").write_text("id\n" + "".join(f"{n}\n" for n in range(20)))
    with serving(api) as running:
        given = ("send", "a.csv", "--to", running.url, "--progress", "none", "--per-minute", "7")
        environment = {**os.environ, "SNAPSHOTS_STATE_DIR": str(tmp_path / "state")}
        quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = snapshots_process.start(given, env=environment, cwd=tmp_path, **quiet)
        wait_for(lambda: len(api.rows) >= 7)
        time.sleep(1)
        process.terminate()
        process.communicate()
    assert sorted(api.rows) == list(range(7))


def quota_of(folder, url, most):
    return DayQuota(locations.target(f"sqlite:///{folder}/q.db"), url, most)


def test_a_day_has_its_requests_and_a_restart_changes_nothing(send, tmp_path):
    api = Counting()
    with serving(api) as running:
        done = send(running.url, "--per-day", "5")
        assert done.returncode == 6, done.stdout
        (result,) = objects(done)
        assert (result["loaded"], result["pending"]) == (5, 7)
        said = done.stdout + done.stderr
        assert "The 5 requests of this day are made; the next day begins at 00:00 UTC" in said
        again = snapshots("resume", "1", "--json", cwd=tmp_path)
        assert again.returncode == 6
        assert len(api.rows) == 5
        # Another delivery to the same server has the same day.
        other = send(f"{running.url}/other", "--per-day", "6", "--again")
        assert objects(other)[0]["loaded"] == 1
        assert len(api.rows) == 6
        more = snapshots("send", "a.csv", "--to", running.url, "--per-day", "100", "--json",
                         cwd=tmp_path)  # fmt: skip
        assert objects(more)[0]["loaded"] == 12, more.stdout


def test_retries_count_and_what_was_not_sent_does_not(send):
    api = Counting()
    api.statuses = [503, 503]
    with serving(api) as running:
        done = send(running.url, "--per-day", "10", "--concurrency", "1")
        assert objects(done)[0]["loaded"] == 8
        assert len(api.times) == 10
    done = send(running.url, "--per-day", "12", "--concurrency", "1", "--again",
                "--retry-seconds", "0.5")  # fmt: skip
    assert "cannot be reached" in done.stdout + done.stderr
    with serving(api, int(running.url.rpartition(":")[2])) as running:
        done = send(running.url, "--per-day", "12", "--concurrency", "1", "--again")
        assert objects(done)[0]["loaded"] == 2


def test_a_delivery_that_ends_with_the_quota_is_finished(send):
    api = Counting()
    with serving(api) as running:
        done = send(running.url, "--per-day", "12")
    assert done.returncode == 0, done.stdout
    assert len(api.rows) == 12


def test_killed_it_never_makes_more_than_the_day_has(tmp_path):
    api = Counting()
    (tmp_path / "a.csv").write_text("id\n" + "".join(f"{n}\n" for n in range(2000)))
    environment = {**os.environ, "SNAPSHOTS_STATE_DIR": str(tmp_path / "state")}
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with serving(api) as running:
        given = ("send", "a.csv", "--to", running.url, "--progress", "none", "--per-day", "1500",
                 "--json")  # fmt: skip
        for goal in (100, 400, 900):
            process = snapshots_process.start(given, env=environment, cwd=tmp_path, **quiet)
            wait_for(lambda g=goal, p=process: len(api.rows) >= g or p.poll() is not None)
            process.kill()
            process.communicate()
        done = snapshots(*given, cwd=tmp_path)
    assert done.returncode == 6, done.stderr
    # Each kill may have lost the hundredth part that was set aside, and no more.
    assert 1500 - 3 * 15 <= len(api.rows) <= 1500


def test_a_new_day_has_all_of_its_requests(tmp_path, monkeypatch):
    from snapshots.engine.delivery import quota

    target = locations.target(f"sqlite:///{tmp_path}/q.db")
    assert LedgerSession(target, create=True).ledger.exists()
    now = datetime(2024, 2, 29, 23, 59, 50, tzinfo=UTC)
    monkeypatch.setattr(quota, "_now", lambda: now)
    one, other = (DayQuota(target, f"https://API.example.org/{n}?x=1", 150) for n in (1, 2))
    assert [one.set_aside() for _ in range(3)] == [1, 1, 1]
    assert one.seconds_left() == 10
    large = DayQuota(target, "https://api.example.org/", 1000)
    assert large.set_aside() == 10
    large.give_back(7)
    taken = sum(iter(other.set_aside, 0))
    assert taken == 150 - 3 - 3
    assert one.set_aside() == 0
    now = datetime(2024, 3, 1, 0, 0, 1, tzinfo=UTC)
    assert one.set_aside() == 1
    assert DayQuota(target, "http://api.example.org/", 150).set_aside() == 1


def test_it_waits_for_the_next_day_if_that_is_soon(tmp_path, monkeypatch):
    """The clock stands two seconds before midnight until the day's requests are made."""
    import snapshots as package
    from snapshots.engine.delivery import quota

    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))
    api = Counting()
    start = datetime(2024, 2, 28, 23, 59, 58, tzinfo=UTC).timestamp()
    last = []

    def clock():
        if len(api.rows) >= 4 and not last:
            last.append(time.monotonic())
        passed = time.monotonic() - last[0] if last else 0
        return datetime.fromtimestamp(start + passed, UTC)

    monkeypatch.setattr(quota, "_now", clock)
    (tmp_path / "a.csv").write_text("id\n" + "".join(f"{n}\n" for n in range(6)))
    with serving(api) as running:
        place = f"sqlite:///{tmp_path}/x.db"
        result = package.send(tmp_path / "a.csv", running.url, database=place, per_day=4)
    assert result.counts.loaded == 6, result.message
    assert time.monotonic() - last[0] >= 2
