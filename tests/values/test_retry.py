"""The rule for trying again: how long pauses are, and when it is enough."""

import pytest

from snapshots.retry import Retries, RetryPolicy

EXACT = RetryPolicy(first_pause=0.5, longest_pause=4, jitter=(1, 1))


def test_pauses_double_up_to_the_longest():
    assert [EXACT.pause(n) for n in (1, 2, 3, 4, 5, 10**6)] == [0.5, 1, 2, 4, 4, 4]


@pytest.mark.parametrize("jitter", [(0.5, 1.0), (0.5, 1.5)])
def test_a_pause_is_not_always_the_same(jitter):
    policy = RetryPolicy(1, 60, jitter=jitter)
    pauses = {policy.pause(1) for _ in range(50)}
    assert len(pauses) > 1
    assert all(jitter[0] <= pause <= jitter[1] for pause in pauses)


def test_what_the_server_asks_for_is_heeded():
    assert EXACT.pause(1, asked=100) == 100
    assert EXACT.pause(5, asked=0.1) == 4


def test_failures_in_a_row_are_counted_and_progress_forgets_them():
    retries = Retries(RetryPolicy(1, 1, most_failures=3))
    for _ in range(5):
        retries.failed()
        retries.failed()
        assert retries.may_go_on()
        retries.progress()
        assert retries.began is None
    for _ in range(3):
        retries.failed()
    assert not retries.may_go_on()


def test_the_time_runs_from_the_first_failure(monkeypatch):
    now = 1000.0
    monkeypatch.setattr("snapshots.retry.time.monotonic", lambda: now)
    retries = Retries(RetryPolicy(1, 1, seconds=60))
    assert retries.may_go_on(10**9)
    retries.failed()
    now += 50
    retries.failed()
    assert retries.lasting() == 50
    assert retries.may_go_on(10)
    assert not retries.may_go_on(11)
    retries.narrow(5)
    assert not retries.may_go_on(6)
    retries.narrow(100)
    assert not retries.may_go_on(6)
    retries.progress()
    retries.failed()
    assert retries.may_go_on(60)


def test_a_server_that_asks_for_too_much_is_given_up():
    retries = Retries(RetryPolicy(1, 1, longest_asked=120))
    retries.failed()
    assert retries.may_go_on(asked=120)
    assert not retries.may_go_on(asked=121)
