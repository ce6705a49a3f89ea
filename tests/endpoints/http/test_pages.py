"""Many records in a request: arrays, their keys, and the culprits in them."""

import json

import pytest

from snapshots.endpoints.http import RecordOutcome, RecordPage
from tests.endpoints.http.delivering import deliver, page
from tests.support.faulty_server import Faulty
from tests.support.http_server import Connection, Request, response


class Picky(Faulty):
    """Refuses a whole page that holds one of these records."""

    def __init__(self, *bad: int, status: int = 422) -> None:
        super().__init__()
        self._bad = set(bad)
        self._bad_status = status

    def on_request(self, request: Request, connection: Connection) -> bytes | None:
        self.received.append(request)
        bad = self._bad & set(json.loads(request.body))
        return response(self._bad_status, f"refused {sorted(bad)}") if bad else response(201)

    @property
    def taken(self) -> list[int]:
        bodies = [json.loads(request.body) for request in self.received]
        return sorted(n for body in bodies if not self._bad & set(body) for n in body)


def test_arrays_of_n() -> None:
    done = deliver("/status/201", page(*range(7)), batch=3, concurrency=1)
    assert [r.body for r in done.received] == [b"[0,1,2]", b"[3,4,5]", b"[6]"]
    assert done.outcomes == ["delivered"] * 7


def test_an_array_of_one_if_it_is_asked_for() -> None:
    assert [r.body for r in deliver("/status/201", page(5), body="array").received] == [b"[5]"]
    assert [r.body for r in deliver("/status/201", page(5)).received] == [b"5"]


def test_nothing_to_deliver() -> None:
    assert deliver("/status/201", page()).verdicts == []


def key_of(*records: int, other: bool = False) -> str:
    """The key of one request with these."""
    given = page(*records)
    bodies = [b"other"] * len(records) if other else given.bodies
    sent = deliver("/status/201", RecordPage(bodies, given.keys), body="array", batch=10).received
    return sent[0].headers["idempotency-key"]


def test_the_key_of_a_page_is_made_of_its_records() -> None:
    assert len({key_of(*records) for records in ((1, 2), (2, 1), (1,), (12,), (1, 2, 3))}) == 5
    assert key_of(1) == "key-1"
    assert key_of(1, 2) == key_of(1, 2, other=True)


@pytest.mark.parametrize("status", [400, 404, 409, 413, 422])
@pytest.mark.parametrize("bad", [{0}, {9}, {3, 4}, {0, 5, 9}, set(range(10)), set()])
def test_a_refused_page_is_halved_until_the_culprits_are_alone(bad: set[int], status: int) -> None:
    picky = Picky(*bad, status=status)
    done = deliver("/", page(*range(10)), picky, batch=10)
    assert done.outcomes == ["rejected" if n in bad else "delivered" for n in range(10)]
    assert all(done.verdicts[n].body == f"refused [{n}]" for n in bad)
    assert picky.taken == [n for n in range(10) if n not in bad]
    keys = [request.key for request in picky.received]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("status", [405, 415])
def test_a_page_that_was_not_refused_for_its_records_is_not_halved(status: int) -> None:
    done = deliver(f"/status/{status}", page(*range(10)), batch=10)
    assert done.outcomes == ["rejected"] * 10
    assert len(done.received) == 1


def test_a_server_that_breaks_on_a_record_delivers_the_others() -> None:
    picky = Picky(3, status=500)
    done = deliver("/", page(*range(8)), picky, batch=8, retry_seconds=0.3)
    assert done.outcomes == ["undeliverable" if n == 3 else "delivered" for n in range(8)]
    assert picky.taken == [0, 1, 2, 4, 5, 6, 7]


def test_a_server_that_is_down_is_not_asked_in_smaller_pages() -> None:
    done = deliver("/status/503", page(*range(8)), batch=8, retry_seconds=0.3)
    assert done.outcomes == ["undeliverable"] * 8
    assert {len(json.loads(r.body)) for r in done.received} == {8}
    assert len({r.key for r in done.received}) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_method_headers_and_path(method: str) -> None:
    given = {"content-type": "application/vnd.api+json", "X-Trace": "a b"}
    done = deliver("/status/201?q=a b&r=%20", page(1), method=method, headers=given)
    (request,) = done.received
    assert request.method == method
    assert request.target == "/status/201?q=a%20b&r=%20"
    assert request.headers["content-type"] == "application/vnd.api+json"
    assert request.headers["x-trace"] == "a b"
    assert request.headers["idempotency-key"] == "key-1"


def test_the_header_of_the_key_has_another_name_or_none() -> None:
    (request,) = deliver("/status/201", page(1), key_header="X-Once").received
    assert request.headers["x-once"] == "key-1"
    (request,) = deliver("/status/201", page(1), key_header="").received
    assert not any("key" in text for text in request.headers.values())


@pytest.mark.parametrize(
    ("last", "outcomes", "taken"),
    [
        ({"rejected"}, ["delivered"] * 3 + ["rejected"] + ["unsent"] * 6, [0, 1, 2]),
        ({"undeliverable"}, ["delivered"] * 3 + ["rejected"] + ["delivered"] * 6, None),
    ],
)
def test_nothing_of_a_page_is_sent_behind_a_record_that_is_to_be_the_last(
    last: set[RecordOutcome], outcomes: list[str], taken: list[int] | None
) -> None:
    picky = Picky(3)
    done = deliver("/", page(*range(10)), picky, batch=10, last=frozenset(last))
    assert done.outcomes == outcomes
    assert picky.taken == (taken or [n for n in range(10) if n != 3])


def test_nothing_of_a_page_is_sent_behind_a_fault_where_order_is_kept() -> None:
    picky = Picky(3, status=500)
    settings = {"batch": 10, "retry_seconds": 0.2, "last": frozenset({"undeliverable"})}
    done = deliver("/", page(*range(10)), picky, **settings)
    assert done.outcomes == ["delivered"] * 3 + ["undeliverable"] + ["unsent"] * 6
    assert picky.taken == [0, 1, 2]
