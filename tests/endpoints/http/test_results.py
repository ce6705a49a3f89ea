"""207: what became of each record is read from the body, and believed only if it adds up."""

import asyncio
import json
from typing import Any
from urllib.parse import quote

import pytest

from snapshots.endpoints.http import ApiKey, HttpEndpoint, HttpSettings, RecordPage
from snapshots.errors import TargetError
from tests.endpoints.http.delivering import Delivery, against, deliver, page
from tests.support.combocurve_server import ComboCurve
from tests.support.faulty_server import Faulty
from tests.support.http_server import Connection, Request, Running, as_json

SAID = ApiKey("a-key-of-tests", token="a-token-of-tests")


def wells(*sources: str) -> RecordPage:
    """Wells 0, 1, ... with these data sources."""
    records = [{"dataSource": s, "chosenID": str(n)} for n, s in enumerate(sources)]
    return RecordPage(
        [json.dumps(r).encode() for r in records], [f"k{n}" for n in range(len(records))]
    )


def put(api: ComboCurve, records: RecordPage, **settings: Any) -> Delivery:
    async def work(server: Running) -> Delivery:
        given = {"method": "PUT", "batch": 100, "auth": SAID, "results": "combocurve"} | settings
        target = HttpEndpoint(HttpSettings(f"{server.url}/v1/wells", **given))
        async with asyncio.timeout(60), target:
            verdicts = await target.deliver(records)
        return Delivery(verdicts, target.stats, api.pages, target.limit)

    return against(api, work)


def test_each_record_has_its_own_result() -> None:
    api = ComboCurve()
    done = put(api, wells("di", "wrong", "ihs", ""))
    assert done.outcomes == ["delivered", "rejected", "delivered", "rejected"]
    assert [v.status for v in done.verdicts] == [201, 400, 201, 400]
    assert "`wrong` is not a valid enum value" in done.verdicts[1].body
    assert [key for _, key in api.kept["wells"]] == ["0", "2"]
    assert len(api.pages) == 1


def test_every_record_may_fail_with_a_207() -> None:
    done = put(ComboCurve(), wells("wrong", "wrong"))
    assert done.outcomes == ["rejected", "rejected"]


def test_a_record_that_failed_for_now_is_sent_again_without_the_others() -> None:
    api = ComboCurve(flaky=0.5, seed=3)
    done = put(api, wells(*["di"] * 40))
    assert done.outcomes == ["delivered"] * 40
    sizes = [len(json.loads(request.body)) for request in api.pages]
    assert sizes[0] == 40
    assert sizes == sorted(sizes, reverse=True)
    assert len({request.key for request in api.pages}) == len(set(sizes))
    assert max(v.requests for v in done.verdicts) == len(sizes)
    assert min(v.requests for v in done.verdicts) == 1


def test_a_page_over_the_limit_is_halved() -> None:
    api = ComboCurve(batch_limit=3)
    done = put(api, wells(*["di"] * 10))
    assert done.outcomes == ["delivered"] * 10
    assert [len(json.loads(request.body)) for request in api.pages] == [2, 3, 2, 3]


def test_a_limit_of_writes_is_waited_for() -> None:
    api = ComboCurve(writes=2, window_seconds=0.8)
    done = put(api, wells(*["di"] * 5), batch=1, concurrency=4)
    assert done.outcomes == ["delivered"] * 5
    assert done.stats.throttled >= 2
    assert len(api.pages) == 5


def answer_of(**changes: Any) -> str:
    body = {"results": [{"code": 201}, {"code": 400}], "generalErrors": []}
    return quote(json.dumps(body | {"failedCount": 1, "successCount": 1} | changes))


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (answer_of(successCount=2, failedCount=0), "differ from its results"),
        (answer_of(failedCount=None), "differ from its results"),
        (answer_of(results=[{"code": 201}], failedCount=0), "1 results for 2 records"),
        (answer_of(results=[], successCount=2, failedCount=0), "0 results for 2 records"),
        (answer_of(results=[{"code": 201}, {}]), "a result has no code"),
        (answer_of(results="both"), "not an array"),
        (
            answer_of(
                results=[{"code": 201}] * 2, successCount=2, failedCount=0, generalErrors=[{}]
            ),
            "generalErrors",
        ),
        (quote("[]"), "not a JSON object"),
        (quote("so"), "not JSON"),
        ("[" * 20_000, "not JSON"),
        ("", "not JSON"),
    ],
)
def test_what_does_not_add_up_is_never_taken_for_delivered(answer: str, why: str) -> None:
    done = deliver(f"/status/207?body={answer}", page(1, 2), batch=2, results="combocurve")
    assert done.outcomes == ["undeliverable"] * 2
    assert why in done.verdicts[0].body
    assert len(done.received) == 1


def test_a_page_that_failed_as_a_whole_is_halved() -> None:
    general = {"results": [], "failedCount": 3, "successCount": 0}
    body = quote(json.dumps(general | {"generalErrors": [{"message": "no room"}]}))
    done = deliver(f"/status/207?body={body}", page(1, 2, 3), batch=3, results="combocurve")
    assert done.outcomes == ["rejected"] * 3
    assert "no room" in done.verdicts[0].body
    assert [r.body for r in done.received] == [b"[1,2,3]", b"[1]", b"[2,3]", b"[2]", b"[3]"]


@pytest.mark.parametrize("path", ["/short", "/stall", "/trickle", "/chunks"])
def test_results_that_do_not_end_are_an_ambiguous_answer(path: str) -> None:
    settings = {"batch": 2, "results": "combocurve", "timeout": 2}
    done = deliver(f"{path}?status=207&times=1", page(1, 2), **settings)
    assert done.outcomes == ["delivered"] * 2
    assert [v.ambiguous for v in done.verdicts] == [1, 1]
    assert len({r.key for r in done.received}) == 1


def test_results_that_never_end_settle_nothing() -> None:
    settings = {"batch": 2, "results": "combocurve", "timeout": 0.5, "retry_seconds": 2}
    done = deliver("/stall?status=207", page(1, 2), **settings)
    assert done.outcomes == ["undeliverable"] * 2
    assert "cut off" in done.verdicts[0].body
    assert done.verdicts[0].ambiguous == len(done.received) > 1


def test_results_that_nobody_was_told_to_read_stop_the_delivery() -> None:
    with pytest.raises(TargetError, match="a result for each record") as caught:
        deliver("/status/207?body=%7B%7D", page(1))
    assert "combocurve" in caught.value.hint


class Said(Faulty):
    """Says of each record what it is told to; of those that come alone, that they are taken."""

    def __init__(self, *codes: int) -> None:
        super().__init__()
        self._codes = codes

    def on_request(self, request: Request, connection: Connection) -> bytes | None:
        self.received.append(request)
        records = json.loads(request.body)
        codes = [self._codes[record] if len(self.received) == 1 else 201 for record in records]
        good = sum(code < 300 for code in codes)
        results = [{"code": code} for code in codes]
        counts = {"failedCount": len(codes) - good, "successCount": good}
        return as_json(207, {"results": results, "generalErrors": [], **counts})


def test_what_failed_for_now_behind_a_reject_is_not_sent_again_if_that_is_the_last() -> None:
    said = Said(503, 201, 400, 201, 503)
    settings = {"batch": 5, "results": "combocurve", "last": frozenset({"rejected"})}
    done = deliver("/", page(*range(5)), said, **settings)
    assert done.outcomes == ["delivered", "delivered", "rejected", "delivered", "unsent"]
    assert [request.body for request in said.received] == [b"[0,1,2,3,4]", b"[0]"]
