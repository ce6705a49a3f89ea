"""What is refused after an answer was lost: the record may have been taken before."""

import json

import pytest

from tests.endpoints.http.delivering import deliver, page
from tests.support.faulty_server import Faulty
from tests.support.http_server import Connection, Request, as_json, response

STATUSES_OF_WHAT_IS_THERE = [402, 404, 409, 410, 412, 418, 422, 423, 424, 499]
STATUSES_OF_THE_REQUEST = [400, 405, 406, 411, 413, 414, 415, 431]


class Forgetful(Faulty):
    """Takes what it gets first and says nothing; then it answers with these statuses in turn, the
    last one for ever."""

    def __init__(self, *statuses: int) -> None:
        super().__init__()
        self._statuses = statuses

    def on_request(self, request: Request, connection: Connection) -> bytes | None:
        self.received.append(request)
        if len(self.received) == 1:
            connection.cut()
            return None
        at = min(len(self.received) - 2, len(self._statuses) - 1)
        return response(self._statuses[at], "it is there")


@pytest.mark.parametrize("status", STATUSES_OF_WHAT_IS_THERE)
def test_what_speaks_of_what_is_there_is_tried_again_and_pending_in_the_end(status: int) -> None:
    api = Forgetful(status)
    done = deliver("/", page(1), api, retry_seconds=1)
    (verdict,) = done.verdicts
    assert (verdict.outcome, verdict.status) == ("undeliverable", status)
    assert verdict.body == "it is there"
    assert (verdict.ambiguous, verdict.requests) == (1, len(api.received))
    assert len(api.received) > 2
    assert {request.key for request in api.received} == {"key-1"}


@pytest.mark.parametrize("status", [409, 422])
def test_it_is_delivered_as_soon_as_that_is_said(status: int) -> None:
    api = Forgetful(status, status, 201)
    (verdict,) = deliver("/", page(1), api).verdicts
    assert (verdict.outcome, verdict.requests, verdict.ambiguous) == ("delivered", 4, 1)


@pytest.mark.parametrize("status", STATUSES_OF_THE_REQUEST)
def test_what_speaks_of_the_request_would_have_been_said_before_as_well(status: int) -> None:
    (verdict,) = deliver("/", page(1), Forgetful(status)).verdicts
    assert (verdict.outcome, verdict.status, verdict.requests) == ("rejected", status, 2)


@pytest.mark.parametrize("lost", [408, 429, 500, 503])
def test_after_an_answer_a_refusal_is_certain(lost: int) -> None:
    class Answering(Forgetful):
        def on_request(self, request: Request, connection: Connection) -> bytes | None:
            self.received.append(request)
            return response(lost if len(self.received) == 1 else 409)

    (verdict,) = deliver("/", page(1), Answering()).verdicts
    assert (verdict.outcome, verdict.status, verdict.requests) == ("rejected", 409, 2)


@pytest.mark.parametrize("lost", [502, 504])
def test_what_a_gateway_has_no_answer_to_may_have_been_taken(lost: int) -> None:
    class Gateway(Forgetful):
        def on_request(self, request: Request, connection: Connection) -> bytes | None:
            self.received.append(request)
            return response(lost if len(self.received) == 1 else self._statuses[0])

    (verdict,) = deliver("/", page(1), Gateway(409), retry_seconds=1).verdicts
    assert (verdict.outcome, verdict.status, verdict.ambiguous) == ("undeliverable", 409, 1)
    (verdict,) = deliver("/", page(1), Gateway(400)).verdicts
    assert (verdict.outcome, verdict.ambiguous) == ("rejected", 0)
    (verdict,) = deliver("/", page(1), Gateway(201)).verdicts
    assert (verdict.outcome, verdict.ambiguous) == ("delivered", 0)


def test_a_page_that_may_have_been_taken_is_not_sent_in_parts() -> None:
    api = Forgetful(409)
    done = deliver("/", page(1, 2, 3), api, batch=3, retry_seconds=1)
    assert done.outcomes == ["undeliverable"] * 3
    assert len({request.key for request in api.received}) == 1


class Taken(Faulty):
    """Loses its first answer; then each record has a result, of which one is a conflict."""

    def on_request(self, request: Request, connection: Connection) -> bytes | None:
        self.received.append(request)
        if len(self.received) == 1:
            connection.cut()
            return None
        codes = [409 if record == 2 else 201 for record in json.loads(request.body)]
        good = codes.count(201)
        counts = {"failedCount": len(codes) - good, "successCount": good}
        results = [{"code": code} for code in codes]
        return as_json(207, {"results": results, "generalErrors": [], **counts})


def test_of_a_record_with_its_own_result_the_same_is_true() -> None:
    settings = {"batch": 3, "results": "combocurve", "retry_seconds": 1}
    done = deliver("/", page(1, 2, 3), Taken(), **settings)
    assert done.outcomes == ["delivered", "undeliverable", "delivered"]
    assert done.verdicts[1].status == 409


def test_a_page_that_failed_as_a_whole_is_pending_if_it_may_have_been_taken() -> None:
    class Whole(Taken):
        def on_request(self, request: Request, connection: Connection) -> bytes | None:
            if not self.received:
                return super().on_request(request, connection)
            self.received.append(request)
            counts = {"failedCount": 2, "successCount": 0}
            return as_json(207, {"results": [], "generalErrors": [{"message": "x"}], **counts})

    api = Whole()
    settings = {"batch": 2, "results": "combocurve", "retry_seconds": 1}
    done = deliver("/", page(1, 2), api, **settings)
    assert done.outcomes == ["undeliverable"] * 2
    assert len({request.key for request in api.received}) == 1
    assert len(api.received) > 2
