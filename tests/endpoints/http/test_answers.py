"""Each answer of docs/reference/answers.md, by a real server."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import quote

import pytest

from tests.endpoints.http.delivering import deliver, page


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_2xx_is_delivered(status: int) -> None:
    done = deliver(f"/status/{status}", page(1, 2, 3))
    assert [(v.outcome, v.status, v.body, v.requests) for v in done.verdicts] == [
        ("delivered", status, "", 1)
    ] * 3
    assert sorted(r.body for r in done.received) == [b"1", b"2", b"3"]
    assert done.stats.requests == {status: 3}


@pytest.mark.parametrize("status", [400, 404, 405, 409, 410, 413, 415, 418, 422, 451])
def test_other_4xx_is_rejected_with_status_and_body(status: int) -> None:
    done = deliver(f"/status/{status}?body=year%20is%0Awrong", page(1))
    (verdict,) = done.verdicts
    assert (verdict.outcome, verdict.status) == ("rejected", status)
    assert verdict.body == "year is wrong"
    assert len(done.received) == 1


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_what_may_pass_is_tried_again(status: int) -> None:
    done = deliver(f"/status/{status}?times=2", page(1))
    (verdict,) = done.verdicts
    assert (verdict.outcome, verdict.status, verdict.requests) == ("delivered", 201, 3)
    assert verdict.ambiguous == 0
    assert {r.key for r in done.received} == {"key-1"}
    assert done.stats.requests == {status: 2, 201: 1}
    assert done.stats.retries == 2
    assert done.stats.throttled == (2 if status in {429, 503} else 0)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_when_the_budget_is_spent_a_record_is_undeliverable(status: int) -> None:
    done = deliver(f"/status/{status}?body=busy", page(1), retry_seconds=3)
    (verdict,) = done.verdicts
    assert (verdict.outcome, verdict.status, verdict.body) == ("undeliverable", status, "busy")
    assert verdict.requests == len(done.received) > 1


@pytest.mark.parametrize("status", [429, 503, 500])
@pytest.mark.parametrize("date", [False, True], ids=["seconds", "date"])
def test_retry_after_is_honoured(status: int, date: bool) -> None:
    # A date has whole seconds: it may ask for up to one less.
    asked = format_datetime(datetime.now(UTC) + timedelta(seconds=3), usegmt=True) if date else "1"
    begin = time.monotonic()
    done = deliver(f"/status/{status}?times=1&retry_after={quote(asked)}", page(1))
    assert done.outcomes == ["delivered"]
    assert time.monotonic() - begin > 0.95


@pytest.mark.parametrize("value", ["soon", "-1", "Sat, 99 Foo 2026 00:00:00 GMT", ""])
def test_a_retry_after_that_means_nothing_is_ignored(value: str) -> None:
    done = deliver(f"/status/503?times=1&retry_after={quote(value)}", page(1))
    assert done.outcomes == ["delivered"]
