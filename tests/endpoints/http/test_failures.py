"""Connections that end, hang or talk nonsense, and servers that are not there."""

import asyncio
import time
from typing import Any

import pytest

from snapshots.endpoints.http import Bearer, HttpEndpoint, HttpSettings
from snapshots.errors import CannotConnect, ConnectionLost, SnapshotsError, TargetError
from tests.endpoints.http.delivering import Delivery, against, deliver, page
from tests.support import other_protocols
from tests.support.database_servers import free_port
from tests.support.faulty_server import Faulty
from tests.support.http_server import Running


@pytest.mark.parametrize("path", ["/cut-before", "/cut-after", "/garbage", "/endless-head"])
def test_an_answer_that_was_lost_is_ambiguous_and_asked_for_again(path: str) -> None:
    done = deliver(f"{path}?times=2", page(1, 2))
    assert [(v.outcome, v.requests, v.ambiguous) for v in done.verdicts] == [
        ("delivered", 3, 2)
    ] * 2
    assert done.stats.ambiguous == 4
    assert done.stats.requests == {201: 2}
    assert sorted(r.key for r in done.received) == ["key-1"] * 3 + ["key-2"] * 3


def test_no_answer_in_time_is_ambiguous() -> None:
    done = deliver("/never?times=1", page(1), timeout=2)
    (verdict,) = done.verdicts
    assert (verdict.outcome, verdict.requests, verdict.ambiguous) == ("delivered", 2, 1)
    assert [r.key for r in done.received] == ["key-1"] * 2


def test_when_no_answer_ever_comes_a_record_is_undeliverable() -> None:
    done = deliver("/never", page(1), timeout=0.2, retry_seconds=3)
    (verdict,) = done.verdicts
    assert (verdict.outcome, verdict.status) == ("undeliverable", None)
    assert verdict.body == "no answer within 0.2 s"
    assert verdict.ambiguous == verdict.requests == len(done.received) > 1


def test_a_slow_answer_is_an_answer() -> None:
    done = deliver("/slow?seconds=0.5", page(1), timeout=20)
    assert [(v.outcome, v.requests) for v in done.verdicts] == [("delivered", 1)]


@pytest.mark.parametrize(("status", "outcome"), [(201, "delivered"), (422, "rejected")])
@pytest.mark.parametrize(
    "path", ["/short", "/until-close", "/huge", "/stall", "/trickle", "/chunks"]
)
def test_the_status_counts_where_the_body_does_not_end_well(
    path: str, status: int, outcome: str
) -> None:
    done = deliver(f"{path}?status={status}", page(1))
    (verdict,) = done.verdicts
    assert (verdict.outcome, verdict.status, verdict.requests) == (outcome, status, 1)
    assert (verdict.ambiguous, len(done.received)) == (0, 1)
    if path != "/chunks":
        assert bool(verdict.body) == (outcome == "rejected")
    assert len(verdict.body) <= 510


def test_words_before_the_answer_are_no_answer() -> None:
    done = deliver("/continue", page(1, 2), concurrency=1)
    assert [(v.outcome, v.requests) for v in done.verdicts] == [("delivered", 1)] * 2


def test_a_second_answer_is_not_taken_for_the_next_ones() -> None:
    done = deliver("/chatty", page(1, 2, 3), concurrency=1)
    assert [(v.outcome, v.status) for v in done.verdicts] == [("delivered", 201)] * 3


def test_connections_are_kept_and_used_again() -> None:
    async def work(server: Running) -> int:
        async with HttpEndpoint(HttpSettings(f"{server.url}/status/201", concurrency=4)) as target:
            await target.deliver(page(*range(100)))
            return len(server.connections)

    assert 1 <= against(Faulty(), work) <= 4


@pytest.mark.parametrize("status", [401, 403, 407])
def test_a_wrong_key_stops_everything(status: int) -> None:
    faulty = Faulty()
    with pytest.raises(CannotConnect, match=f"{status} who are you") as caught:
        deliver(f"/status/{status}?body=who%20are%20you", page(*range(100)), faulty, concurrency=2)
    assert "token" in caught.value.hint
    assert len(faulty.received) <= 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_stops_everything_and_is_not_followed(status: int) -> None:
    faulty = Faulty()
    with pytest.raises(CannotConnect, match="redirect to /status/201") as caught:
        deliver(f"/status/{status}?location=/status/201", page(1), faulty)
    assert "address" in caught.value.hint
    assert [r.path for r in faulty.received] == [f"/status/{status}"]


def test_what_was_delivered_before_the_stop_is_not_forgotten() -> None:
    class Expiring(Faulty):
        """The key is good for three requests."""

        def _status(self, request: Any, connection: Any) -> bytes:
            if len(self.received) > 3:
                request.target = "/status/401"
            return super()._status(request, connection)

    async def work(server: Running) -> tuple[list[str], SnapshotsError]:
        target = HttpEndpoint(HttpSettings(f"{server.url}/status/201", concurrency=1))
        async with target:
            verdicts = await target.deliver(page(*range(6)))
            with pytest.raises(CannotConnect) as caught:
                await target.deliver(page(3, 4, 5))
            return [v.outcome for v in verdicts], caught.value

    outcomes, _ = against(Expiring(), work)
    assert outcomes == ["delivered"] * 3 + ["unsent"] * 3


def test_a_halt_ends_the_waiting() -> None:
    async def work(server: Running) -> tuple[list[str], float]:
        target = HttpEndpoint(HttpSettings(f"{server.url}/status/503?retry_after=200"))
        async with target:
            begin = time.monotonic()
            delivery = asyncio.create_task(target.deliver(page(1, 2)))
            while target.stats.throttled < 2:
                await asyncio.sleep(0.01)
            target.halt(TargetError("enough"))
            with pytest.raises(TargetError, match="Enough"):
                await delivery
            return time.monotonic() - begin

    assert against(Faulty(), work) < 60


def test_a_wait_longer_than_the_budget_stops_everything() -> None:
    with pytest.raises(TargetError, match=r"wait 3,600 s") as caught:
        deliver("/status/429?retry_after=3600", page(1, 2))
    assert (caught.value.retryable, caught.value.exit_code) == (True, 6)


def test_a_server_that_is_not_there() -> None:
    async def work() -> Delivery:
        settings = HttpSettings(f"http://127.0.0.1:{free_port()}/", retry_seconds=0.5)
        async with HttpEndpoint(settings) as target:
            return await target.deliver(page(1, 2))

    with pytest.raises(CannotConnect, match="cannot be reached: no connection") as caught:
        asyncio.run(work())
    assert caught.value.retryable


def test_a_server_that_speaks_something_else_is_reached() -> None:
    """Whether it speaks before the request is on its way, or after."""

    async def said(url: str) -> str:
        async with HttpEndpoint(HttpSettings(url, retry_seconds=0.2)) as target:
            try:
                (verdict,) = await target.deliver(page(1))
            except CannotConnect as error:
                return str(error)
            return verdict.body

    async def all_said(url: str) -> list[str]:
        return await asyncio.gather(*(said(url) for _ in range(8)))

    with other_protocols.speaking(other_protocols.ssh) as port:
        texts = asyncio.run(all_said(f"http://127.0.0.1:{port}/"))
    assert all(text.rstrip(".").endswith("it is SSH") for text in texts), texts
    assert not any("cannot be reached" in text for text in texts), texts


def test_a_server_that_comes_late() -> None:
    async def work() -> tuple[list[str], int]:
        port = free_port()
        target = HttpEndpoint(HttpSettings(f"http://127.0.0.1:{port}/status/201"))
        async with target:
            delivery = asyncio.create_task(target.deliver(page(1)))
            while not target.stats.unreached:
                await asyncio.sleep(0.01)
            async with Running(Faulty(), port):
                return [v.outcome for v in await delivery], target.stats.ambiguous

    assert asyncio.run(work()) == (["delivered"], 0)


def test_a_server_that_goes_away_for_good() -> None:
    async def work() -> None:
        async with Running(Faulty()) as server:
            target = HttpEndpoint(HttpSettings(f"{server.url}/status/201", retry_seconds=0.5))
            await target.deliver(page(1))
        async with target:
            await target.deliver(page(2))

    with pytest.raises(ConnectionLost, match="cannot be reached"):
        asyncio.run(work())


def test_no_secret_is_repeated() -> None:
    secret = "s3cr3t-t0ken"
    done = deliver(
        f"/status/422?body=bad+{secret}+and+other-s3cret",
        page(1),
        auth=Bearer(secret),
        headers={"X-Other-Key": "other-s3cret"},
    )
    assert done.verdicts[0].body == "bad *** and ***"
    settings = HttpSettings(
        "http://h/p?key=query-s3cret", auth=Bearer(secret), headers={"X-Other-Key": "other-s3cret"}
    )
    shown = f"{settings!r} {settings} {settings.display()}"
    assert "s3cr" not in shown
    assert settings.display() == "http://h/p"


def test_what_was_looked_up_is_hidden_wherever_it_stands() -> None:
    headers = {"Authorization": "Bearer t0ken-of-us", "X-Tenant": "tenant-9"}
    done = deliver(
        "/status/422?body=t0ken-of-us+of+tenant-9+and+k3y-of-us+in+path-of-us&api_key=k3y-of-us",
        page(1),
        headers=headers,
        place="http://h/${PATH}",
        looked_up=["path-of-us", "tenant-9"],
    )
    assert done.verdicts[0].body == "*** of *** and *** in ***"
    assert HttpSettings("http://h/path-of-us", place="http://h/${PATH}").display() == (
        "http://h/${PATH}"
    )
