"""The first answers are held back: what refuses whatever is sent is a wrong address, no reject."""

import json

import pytest

from tests.support.command import objects, snapshots
from tests.support.http_server import Handler, response, serving

WORDS = {
    404: "nothing exists at this address",
    405: "does not accept POST",
    415: "content type of JSON",
}


class Api(Handler):
    """Answers each request with what `say` gives: of its number, and of its rows."""

    def __init__(self, say):
        self.say = say
        self.requests = []
        self.taken = []

    def on_request(self, request, connection):
        body = json.loads(request.body)
        rows = [row["id"] for row in (body if isinstance(body, list) else [body])]
        self.requests.append(request)
        status = self.say(len(self.requests), rows)
        if status == 201:
            self.taken += rows
        headers = {"location": "/there"} if status < 400 else {"allow": "PUT"}
        return response(status, "so it is", **(headers if status != 201 else {}))


def send(running, folder, rows, *more):
    (folder / "a.csv").write_text("id\n" + "".join(f"{n}\n" for n in range(1, rows + 1)))
    return snapshots(
        "send", "a.csv", "--to", f"{running.url}/rows", "--progress", "none", "--json", *more,
        cwd=folder,
    )  # fmt: skip


def stopped(done, rows):
    """It stopped with 6, nothing is booked as rejected; what it said."""
    assert done.returncode == 6, (done.stdout, done.stderr)
    (result,) = objects(done)
    assert (result["loaded"], result["rejected"]) == (0, 0)
    assert rows is None or result["pending"] == rows
    assert result["rejects_by_code"] == {}
    return result


@pytest.mark.parametrize(
    ("status", "rows", "more"),
    [
        (404, 500, ()),
        (404, 1, ("--batch", 5)),
        (404, 500, ("--batch", 5)),
        (404, 3, ("--stop-on-error", "--ordered")),
        (405, 3, ()),
        (405, 100, ("--batch", 5)),
        (415, 2, ("--concurrency", 1)),
        (302, 100, ()),
        (308, 1, ("--ordered",)),
    ],
)
def test_what_refuses_whatever_is_sent_rejects_nothing(tmp_path, database, status, rows, more):
    with serving(Api(lambda _number, _rows: status)) as running:
        done = send(running, tmp_path, rows, *more, "--database", database)
        result = stopped(done, rows if rows < 4 else None)
        assert WORDS.get(status, "a redirect to /there") in result["message"]
        assert str(status) in result["message"]
        assert len(running.handler.requests) <= 12
        if status == 405:
            assert "PUT" in result["hint"]
        running.handler.say = lambda _number, _rows: 201
        again = send(running, tmp_path, rows, "--database", database, *more)
        assert again.returncode == 0, (again.stdout, again.stderr)
        assert sorted(running.handler.taken) == list(range(1, rows + 1))
        (result,) = objects(again)
        assert (result["loaded"], result["ambiguous"]) == (rows, 0)


@pytest.mark.parametrize("more", [(), ("--ordered",), ("--batch", 4)])
def test_where_others_are_taken_it_is_a_record_that_is_refused(tmp_path, database, more):
    """Also the first one, for which nothing was known yet."""
    missing = {1, 2, 40}

    def say(_number, rows):
        return 404 if missing & set(rows) else 201

    with serving(Api(say)) as running:
        done = send(running, tmp_path, 60, *more, "--database", database)
        assert done.returncode == 3, (done.stdout, done.stderr)
        (result,) = objects(done)
        assert (result["loaded"], result["rejected"], result["pending"]) == (57, 3, 0)
        assert set(running.handler.taken) == set(range(1, 61)) - missing
    rejects = objects(snapshots("rejects", 1, "--json", "--database", database, cwd=tmp_path))
    assert [one["line"] for one in rejects] == [2, 3, 41]
    assert {one["reason"] for one in rejects} == {"HTTP 404: so it is"}


@pytest.mark.parametrize("other", [400, 405, 422])
def test_other_refusals_are_no_wrong_address(tmp_path, other):
    with serving(Api(lambda number, _rows: 404 if number == 1 else other)) as running:
        done = send(running, tmp_path, 20, "--ordered", "--max-rejects", "100%")
        assert done.returncode == 3, (done.stdout, done.stderr)
        (result,) = objects(done)
        assert (result["rejected"], result["pending"]) == (20, 0)


def test_what_passes_in_between_says_nothing(tmp_path):
    """Neither for the address nor against it."""
    with serving(Api(lambda number, _rows: 503 if number % 2 else 404)) as running:
        stopped(send(running, tmp_path, 10, "--ordered"), 10)


def test_what_was_said_later_is_a_reject(tmp_path):
    with serving(Api(lambda number, _rows: 404 if number > 3 else 201)) as running:
        done = send(running, tmp_path, 10, "--ordered", "--max-rejects", "100%")
        assert done.returncode == 3
        (result,) = objects(done)
        assert (result["loaded"], result["rejected"]) == (3, 7)


def test_a_port_for_tls_that_answers_in_plain_rejects_nothing(tmp_path):
    """As nginx, Go's server and Apache do it."""
    for said in (
        "400 The plain HTTP request was sent to HTTPS port",
        "Client sent an HTTP request to an HTTPS server.",
        "You're speaking plain HTTP to an SSL-enabled server port.",
    ):

        class Tls(Api):
            words = said

            def on_request(self, request, connection):
                return response(400, self.words)

        with serving(Tls(None)) as running:
            result = stopped(send(running, tmp_path, 5, "--again"), 5)
            assert "expects TLS" in result["message"]
            assert "https://" in result["hint"]
