"""A server that answers as the ComboCurve API does, and keeps what it was sent.

    python -m tests.support.combocurve_server --port 9020 --writes-per-minute 200 --batch-limit 100

PUT and POST to /v1/wells and /v1/daily-productions, with `x-api-key` and `Authorization: Bearer`:

- 401 without both, 415 without JSON, 400 for a body that is none or holds too many records;
- 429 with `Retry-After` for more writes in a window (a minute) than are allowed;
- else 207, with a result for each record, even where every record failed.

GET on the same paths gives what was kept, /writes the number of requests that were let in.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from typing import Any

from tests.support.http_server import Connection, Handler, Request, as_json, main

SOURCES = {"aries", "di", "ihs", "internal", "other", "phdwin"}
REQUIRED = {
    "wells": ("dataSource", "chosenID"),
    "daily-productions": ("dataSource", "chosenID", "date"),
}
BATCH_LIMIT = 100
WRITES_PER_MINUTE = 200
WINDOW_SECONDS = 60.0


class ComboCurve(Handler):
    def __init__(
        self,
        *,
        batch_limit: int = BATCH_LIMIT,
        writes: int = WRITES_PER_MINUTE,
        window_seconds: float = WINDOW_SECONDS,
        flaky: float = 0.0,
        seed: int | None = None,
        key: str | None = None,
        token: str | None = None,
    ) -> None:
        self.kept: dict[str, dict[tuple[str, ...], dict[str, Any]]] = {n: {} for n in REQUIRED}
        """Each record by what makes it unique: a PUT of the same takes its place."""
        self.pages: list[Request] = []
        """The requests that were let in."""
        self._batch_limit = batch_limit
        self._writes = writes
        self._window_seconds = window_seconds
        self._window_ends = 0.0
        self._left = 0
        self._flaky = flaky
        self._random = random.Random(seed)
        self._key = key
        self._token = token

    def on_request(self, request: Request, connection: Connection) -> bytes:
        if request.path == "/writes":
            return as_json(200, len(self.pages))
        resource = request.path.removeprefix("/v1/")
        if resource not in REQUIRED:
            return as_json(404, _general("NotFoundError", f"no {request.path}"))
        if not self._is_known(request):
            return as_json(401, {"message": "Unauthorized", "code": 401})
        if request.method == "GET":
            return as_json(200, list(self.kept[resource].values()))
        if request.method not in {"PUT", "POST"}:
            return as_json(405, _general("MethodNotAllowed", request.method))
        return self._write(request, resource)

    def _is_known(self, request: Request) -> bool:
        key = request.headers.get("x-api-key", "")
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return (
            scheme == "Bearer"
            and (token == self._token if self._token else bool(token))
            and (key == self._key if self._key else bool(key))
        )

    def _write(self, request: Request, resource: str) -> bytes:
        if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
            return as_json(415, _general("UnsupportedMediaType", "send application/json"))
        if (wait := self._throttle()) is not None:
            return as_json(429, {"message": "Too Many Requests"}, retry_after=str(math.ceil(wait)))
        try:
            records = json.loads(request.body)
        except ValueError:
            return as_json(400, _general("SyntaxError", "the body is not JSON"))
        records = records if isinstance(records, list) else [records]
        if len(records) > self._batch_limit:
            text = f"at most {self._batch_limit} records, not {len(records)}"
            return as_json(400, _general("PayloadTooLarge", text))
        self.pages.append(request)
        results = [self._take(resource, at, record) for at, record in enumerate(records)]
        failed = sum("errors" in result for result in results)
        return as_json(
            207,
            {
                "results": results,
                "generalErrors": [],
                "failedCount": failed,
                "successCount": len(results) - failed,
            },
        )

    def _throttle(self) -> float | None:
        """Seconds to wait, if the writes of this window are used up."""
        now = time.monotonic()
        if now >= self._window_ends:
            self._window_ends = now + self._window_seconds
            self._left = self._writes
        if not self._left:
            return self._window_ends - now
        self._left -= 1
        return None

    def _take(self, resource: str, at: int, record: Any) -> dict[str, Any]:
        if not isinstance(record, dict):
            return _failed(400, at, "", "TypeError", "a record is an object")
        for name in REQUIRED[resource]:
            if record.get(name) in {None, ""}:
                text = f"Missing required field: `{name}`"
                return _failed(400, at, name, "RequiredFieldError", text)
        if record["dataSource"] not in SOURCES:
            text = f"`{record['dataSource']}` is not a valid enum value"
            return _failed(400, at, "dataSource", "ValidatorError", text)
        if self._random.random() < self._flaky:
            return _failed(503, at, "", "ServiceUnavailable", "try again")
        identity = tuple(str(record[name]) for name in REQUIRED[resource])
        known = identity in self.kept[resource]
        self.kept[resource][identity] = record
        status = {"status": "Updated", "code": 200} if known else {"status": "Created", "code": 201}
        return {**status, "chosenID": record["chosenID"]}


def _failed(code: int, at: int, field: str, name: str, message: str) -> dict[str, Any]:
    error = {"name": name, "message": message, "location": f"[{at}]{field and '.' + field}"}
    return {"status": name, "code": code, "errors": [error]}


def _general(name: str, message: str) -> dict[str, Any]:
    return {"generalErrors": [{"name": name, "message": message}]}


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Answers as the ComboCurve API does.")
    parser.add_argument("--batch-limit", type=int, default=BATCH_LIMIT)
    parser.add_argument("--writes-per-minute", type=int, default=WRITES_PER_MINUTE)
    parser.add_argument("--window-seconds", type=float, default=WINDOW_SECONDS)
    parser.add_argument("--flaky", type=float, default=0.0, help="share of records answered 503")
    parser.add_argument("--seed", type=int, help="of those")
    return parser


if __name__ == "__main__":
    main(
        options(),
        lambda o: ComboCurve(
            batch_limit=o.batch_limit,
            writes=o.writes_per_minute,
            window_seconds=o.window_seconds,
            flaky=o.flaky,
            seed=o.seed,
        ),
        path="/v1",
    )
