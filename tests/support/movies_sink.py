"""The movies sink: takes movies by POST, fails one time in five for no reason, and is strict.

    python -m tests.support.movies_sink --port 9009 --record accepted.jsonl

A POST to any single path segment is answered 503 at random before its body is read, 201, or 400
with one line of text. GET gives `[]`, `/metrics` counts the answers to POST by status, other
methods are 405. A read, a write or an idle connection ends after 2 s.

`--record` appends a line of JSON for each movie that was taken, before it is answered: its
idempotency key, when it came, and the body. Tests count duplicates there.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import time
from collections import Counter
from datetime import datetime
from typing import Any

from tests.support.http_server import Connection, Handler, Request, main, response

FAIL_RATE = 0.2
TIMEOUT_SECONDS = 2.0
FIRST_FILM = 1888
TEXTS = ("title", "subject", "actor", "actress", "director", "awards", "image")
NUMBERS = ("length", "popularity")
IMAGE = re.compile(r".+\.(png|jpg|jpeg)$")
SEGMENT = re.compile(r"/[^/]+")


class Refused(Exception):
    """The text is the body of the 400."""


class Sink(Handler):
    idle_seconds = TIMEOUT_SECONDS

    def __init__(
        self,
        fail_rate: float = FAIL_RATE,
        seed: int | None = None,
        record: str | None = None,
        this_year: int | None = None,
    ) -> None:
        self.posts: Counter[int] = Counter()
        self._fail_rate = fail_rate
        self._random = random.Random(seed)
        self._record = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_APPEND) if record else None
        self._this_year = this_year or datetime.now().year

    def on_head(self, request: Request, connection: Connection) -> bytes | None:
        if _is_movie(request) and self._random.random() < self._fail_rate:
            self.posts[503] += 1
            return response(503)
        return None

    def on_request(self, request: Request, connection: Connection) -> bytes:
        if request.method == "GET":
            return response(200, self._metrics() if request.path == "/metrics" else "[]")
        if request.method != "POST":
            return response(405)
        if not _is_movie(request):
            return response(404)
        try:
            check(request.body, self._this_year)
        except Refused as why:
            self.posts[400] += 1
            return response(400, f"{why}\n", content_type="text/plain; charset=utf-8")
        self._keep(request)
        self.posts[201] += 1
        return response(201)

    def _keep(self, request: Request) -> None:
        if self._record is not None:
            line = {"key": request.key, "at": time.time(), "body": json.loads(request.body)}
            os.write(self._record, json.dumps(line).encode() + b"\n")

    def _metrics(self) -> str:
        lines = ["# TYPE sink_post_total counter"]
        lines += [f'sink_post_total{{status="{s}"}} {n}' for s, n in sorted(self.posts.items())]
        return "\n".join(lines) + "\n"


def check(body: bytes, this_year: int) -> None:
    """The rules, in their order."""
    movie = _decode(body)
    if not movie["title"]:
        raise Refused("title is required")
    if not FIRST_FILM <= movie["year"] <= this_year:
        raise Refused(f"year must be between {FIRST_FILM} and {this_year}")
    if not 0 <= movie["popularity"] <= 100:
        raise Refused("popularity must be between 0 and 100")
    if movie["awards"] not in {"", "Yes", "No"}:
        raise Refused("awards must be Yes or No")
    if movie["image"] and not IMAGE.fullmatch(movie["image"]):
        raise Refused("image must be a png, jpg or jpeg")
    for name in TEXTS:
        if "\ufffd" in movie[name]:
            raise Refused(f"{name} contains invalid UTF-8")


def _decode(body: bytes) -> dict[str, Any]:
    """Into fixed types; what is missing or null is zero or empty, what is more is ignored."""
    try:
        given = json.loads(body.decode("utf-8", "replace"), parse_constant=_no_constant)
    except ValueError as error:
        raise Refused("invalid JSON") from error
    if not isinstance(given, dict):
        raise Refused("a movie is a JSON object")
    movie: dict[str, Any] = {"year": 0, **dict.fromkeys(NUMBERS, 0.0), **dict.fromkeys(TEXTS, "")}
    for written, value in given.items():
        name = written.lower()
        if name in movie and value is not None:
            right = str if name in TEXTS else (int if name == "year" else (int, float))
            if not isinstance(value, right) or isinstance(value, bool):
                raise Refused(f"{name} has the wrong type")
            movie[name] = value
    return movie


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _is_movie(request: Request) -> bool:
    return request.method == "POST" and SEGMENT.fullmatch(request.path) is not None


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Takes movies by POST.")
    parser.add_argument("--fail-rate", type=float, default=FAIL_RATE, help="share of 503s")
    parser.add_argument("--seed", type=int, help="of the 503s")
    parser.add_argument("--record", metavar="FILE", help="append what is taken to this file")
    return parser


if __name__ == "__main__":
    main(options(), lambda o: Sink(o.fail_rate, o.seed, o.record), path="/movies")
