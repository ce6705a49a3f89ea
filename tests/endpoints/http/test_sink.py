"""The servers of the tests are what they say: others rely on it."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.sink import Refused, check

MOVIE = {"title": "The Kid", "year": 1921, "length": 68, "popularity": 33.5, "awards": "No"}


@contextmanager
def running(module: str, *options: str) -> Iterator[str]:
    """A server as a process of its own; its URL."""
    command = [sys.executable, "-m", f"tests.support.{module}", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
    assert process.returncode == 0


def ask(url: str, body: object = None, method: str = "POST", **headers: str) -> tuple[int, str]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"year": "1921"}, "year has the wrong type"),
        ({"year": 1921.5}, "year has the wrong type"),
        ({"length": "68"}, "length has the wrong type"),
        ({"title": 5}, "title has the wrong type"),
        ({"title": "", "year": 3}, "title is required"),
        ({"year": 1887}, "year must be between 1888 and 2026"),
        ({"year": 2027, "popularity": 101}, "year must be between 1888 and 2026"),
        ({"popularity": 100.01}, "popularity must be between 0 and 100"),
        ({"awards": "yes", "image": "a.gif"}, "awards must be Yes or No"),
        ({"image": ".png"}, "image must be a png, jpg or jpeg"),
        ({"director": "Ren\ufffd"}, "director contains invalid UTF-8"),
    ],
)
def test_the_rules_of_the_sink_in_their_order(change: dict[str, object], text: str) -> None:
    with pytest.raises(Refused, match=text):
        check(json.dumps(MOVIE | change).encode(), 2026)


def test_what_the_sink_takes() -> None:
    check(json.dumps(MOVIE | {"image": "kid.jpeg", "more": [1], "actor": None}).encode(), 2026)
    check(b'{"Title": "M", "YEAR": 1931}', 2026)
    with pytest.raises(Refused, match="title contains invalid UTF-8"):
        check(b'{"title": "M\xff", "year": 1931}', 2026)


def test_the_sink_as_a_process(tmp_path: Path) -> None:
    record = tmp_path / "taken.jsonl"
    with running("sink", "--fail-rate", "0", "--record", str(record)) as url:
        assert url.endswith("/movies")
        assert ask(url, MOVIE, **{"Idempotency-Key": "k1"}) == (201, "")
        assert ask(url, MOVIE | {"title": ""}) == (400, "title is required\n")
        assert ask(f"{url}/more", MOVIE)[0] == 404
        assert ask(url, method="GET") == (200, "[]")
        assert ask(url, method="DELETE")[0] == 405
        _, metrics = ask(url.replace("/movies", "/metrics"), method="GET")
    assert 'sink_post_total{status="201"} 1\n' in metrics
    assert 'sink_post_total{status="400"} 1\n' in metrics
    (line,) = record.read_text().splitlines()
    taken = json.loads(line)
    assert (taken["key"], taken["body"]) == ("k1", MOVIE)


def test_the_sink_fails_as_often_as_it_should() -> None:
    with running("sink", "--seed", "7") as url:
        statuses = [ask(url, MOVIE)[0] for _ in range(200)]
    assert set(statuses) == {201, 503}
    assert 20 <= statuses.count(503) <= 60


def test_the_look_alike_api_as_a_process() -> None:
    known = {"x-api-key": "k", "Authorization": "Bearer t"}
    json_too = known | {"Content-Type": "application/json"}
    well = {"dataSource": "di", "chosenID": "42"}
    limits = ("--batch-limit", "2", "--writes-per-minute", "3")
    with running("combocurve", *limits) as base:
        url = f"{base}/wells"
        assert ask(url, [well], "PUT", **{"x-api-key": "k"})[0] == 401
        assert ask(url, [well], "PUT", **known, **{"Content-Type": "text/csv"})[0] == 415
        assert ask(url, [well] * 3, "PUT", **json_too)[0] == 400
        status, text = ask(url, [well, {"dataSource": "di"}], "PUT", **json_too)
        answer = json.loads(text)
        assert (status, answer["successCount"], answer["failedCount"]) == (207, 1, 1)
        assert [result["code"] for result in answer["results"]] == [201, 400]
        assert ask(url, [{}], "PUT", **json_too)[0] == 207
        assert ask(url, [well], "PUT", **json_too)[0] == 429
        assert json.loads(ask(url, method="GET", **known)[1]) == [well]
