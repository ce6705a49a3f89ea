"""Makes requests by the kernel's client, which runs on a thread of its own.

The kernel keeps connections, limits and retries over closed ones, and takes note of plain
successes. A client that sends records must know of each failure whether the request was sent: only
then may the server have taken them. See docs/decisions/0009-hyper-in-the-kernel.md.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from snapshots._native import Heard, HttpClient
from snapshots.endpoints.http import answers, first_contact
from snapshots.endpoints.http.auth.upkeep import Upkeep
from snapshots.endpoints.http.page import RecordPage
from snapshots.endpoints.http.response import NoAnswer, Response, described
from snapshots.endpoints.http.settings import HttpSettings
from snapshots.errors import SnapshotsError, UsageError
from snapshots.time_limits import CONNECT_SECONDS

IDLE_SECONDS = 15.0
"""Seconds after which something on the way may have forgotten an idle connection."""
BODY_SECONDS = 1.0
"""Seconds that the rest of an answer is awaited if its status decides: it would only spare a
connection. Shorter than what a delivery waits that is to stop."""
LAST_REQUESTS_SECONDS = 1.0
"""Seconds for those that need no more, once a server has said that none is left for long."""
READ_BYTES = 64 * 1024
"""Bytes that are read of an answer that is only kept as a sentence."""
RESULTS_BYTES = 16 * 1024 * 1024
"""Bytes that are read of an answer with results."""
_KEPT = "/%:=&?~+!$,;'@()*[]"
"""Characters of a URL that need no quoting, or are quoting themselves."""


class Streamed(NamedTuple):
    """What came of rows that a stream has sent, and that were no plain success."""

    place: int
    start: int
    end: int
    answer: Response | NoAnswer


class News(NamedTuple):
    """What the kernel did since it was asked the last time."""

    successes: int
    """Requests that were plain successes."""
    due: bool
    """It is time to write down what was heard."""
    hungry: int | None
    """All rows of so many outboxes are on their way, and more are wanted."""


class Transport:
    """Sends requests to one server. For the tasks of one event loop."""

    def __init__(
        self,
        settings: HttpSettings,
        counted: Callable[[int, int, str | None], None],
        failed: Callable[[SnapshotsError], None],
    ) -> None:
        """`counted` gets a status, how many plain successes had it, and their method. `failed`
        gets an error of the authentication that nobody waits for."""
        self.listener: Callable[[News], None] = lambda _news: None
        """Is called with each news; must not raise."""
        self._settings = settings
        self._counted = counted
        self._most_body = RESULTS_BYTES if settings.body_decides else READ_BYTES
        self._started: HttpClient | None = None
        self._closed = False
        self._last_limit = settings.concurrency
        self._waiting: dict[int, asyncio.Future[Heard]] = {}
        self._number = 0
        self.auth = Upkeep(
            settings.auth, settings.retry_seconds, self._post, self._authorize, failed
        )
        self._failed = failed
        self._later: list[asyncio.TimerHandle] = []
        self._renewals = 0
        """Requests that wait for other headers, because theirs were refused."""

    def close(self) -> None:
        """Ends the connections, and whatever is under way."""
        self._closed = True
        self.auth.close()
        for timer in self._later:
            timer.cancel()
        if self._started is not None:
            started, self._started = self._started, None
            self._last_limit = started.limit
            asyncio.get_running_loop().remove_reader(started.fileno())
            started.close()
            if self._settings.quota is not None:
                self._settings.quota.give_back(started.budget or 0)

    @property
    def client(self) -> HttpClient:
        """The kernel's client; starts it if need be. Not to be used once it is closed."""
        if self._started is None:
            assert not self._closed  # noqa: S101 - for whoever changes this
            try:
                self._started = HttpClient(_spec(self._settings, self._most_body))
            except ValueError as error:
                raise UsageError(str(error), place=self._settings.display()) from error
            asyncio.get_running_loop().add_reader(self._started.fileno(), self.take)
        return self._started

    async def look(self) -> first_contact.Spoken:
        """Returns what the server speaks, found out without sending a record."""
        settings = self._settings
        if settings.route.proxy_for(settings.url) is not None:
            return "unknown"
        parts = urlsplit(settings.url)
        tls = settings.route.context() if parts.scheme == "https" else None
        port = parts.port or (443 if tls else 80)
        return await first_contact.look(parts.hostname or "", port, tls, _path(settings.url))

    async def send(self, page: RecordPage) -> Response | None:
        """Sends one request, once it may begin, and returns its answer; None: it was halted.

        Raises NoAnswer if no status came, and CannotConnect if nothing can be sent at all.
        """
        await self.auth.ready()
        begin, path = self.client.send, page.paths[0] if page.paths else None
        heard = await self._heard(
            lambda number: begin(number, page.bodies, page.keys, page.method, path)
        )
        return None if heard.failure == "halted" else self._answer(heard)

    async def stream(self) -> Streamed | None:
        """Sends opened rows until an answer is unusual; None if there are no more to be sent.

        Raises CannotConnect if nothing can be sent at all.
        """
        await self.auth.ready()
        heard = await self._heard(self.client.stream)
        if heard.rows is None or heard.failure == "halted":
            return None
        try:
            return Streamed(*heard.rows, self._answer(heard))
        except NoAnswer as failure:
            return Streamed(*heard.rows, failure)

    @property
    def limit(self) -> int:
        """How many requests may be under way."""
        return self._last_limit if self._started is None else self._started.limit

    def end(self) -> None:
        """Lets streams end once all that was opened is sent."""
        if self._started is not None:
            self._started.end()

    def stop(self) -> None:
        """Lets streams take no more rows, whatever was opened."""
        if self._started is not None:
            self._started.stop()

    def allow(self, requests: int) -> None:
        """Lets so many more requests be streamed."""
        if self._started is not None:
            self._started.allow(requests)

    def give_up(self, text: str) -> None:
        """Stops waiting for answers, because of what the text says."""
        if self._started is not None:
            self._started.give_up(text)

    def halt(self) -> None:
        """Lets no request begin any more."""
        self.auth.close()
        if not self._closed:
            self.client.halt()

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        settings = HttpSettings(
            url, headers=headers, key_header="", concurrency=1, route=self._settings.route,
            timeout=self._settings.timeout, whole_body=True,
        )  # fmt: skip
        transport = Transport(settings, lambda *_: None, lambda _: None)
        try:
            answer = await transport.send(RecordPage([body], [""]))
        finally:
            transport.close()
        assert answer is not None  # noqa: S101 - nobody halts it
        return answer

    def take(self) -> None:
        """Learns what happened. Whoever waits for an answer goes on when the loop comes round."""
        if self._started is None:
            return
        events, successes, due, hungry, held, pause, short = self._started.take()
        for method, status, times in successes:
            self._counted(status, times, method)
        for heard in events:
            waiting = self._waiting.pop(heard.number, None)
            if waiting is not None and not waiting.done():
                waiting.set_result(heard)
        if held:
            # Whoever waits for it is asked first whether anything more may be sent.
            asyncio.get_running_loop().call_soon(self._resume)
        if pause > self._settings.retry_seconds:
            # A delivery that is at its end needs no more requests.
            self._fail_later(answers.none_left(self._settings, pause))
        if short:
            self._grant()
        if successes or due or hungry is not None:
            self.listener(News(sum(times for *_, times in successes), due, hungry))

    def _grant(self) -> None:
        """Lets more requests begin that the day's quota has, or waits for the next day."""
        quota = self._settings.quota
        if quota is None or self._started is None:
            return
        try:
            granted = quota.set_aside()
        except SnapshotsError as error:
            self._failed(error)
            return
        if granted:
            self._started.grant(granted)
        elif (seconds := quota.seconds_left()) > self._settings.retry_seconds:
            self._failed(answers.quota_used(self._settings, quota, seconds))
        else:
            self._later.append(asyncio.get_running_loop().call_later(seconds, self._grant))

    def _fail_later(self, error: SnapshotsError) -> None:
        loop = asyncio.get_running_loop()
        self._later.append(loop.call_later(LAST_REQUESTS_SECONDS, self._failed, error))

    async def renew(self, proof: int) -> None:
        """Lets no request begin until there are other headers than those that were refused."""
        self._renewals += 1
        try:
            await self.auth.renew(proof)
        finally:
            self._renewals -= 1
            self._resume()

    def _resume(self) -> None:
        if self._started is not None and not self._renewals:
            self._started.resume()

    def _authorize(self, headers: Mapping[str, str]) -> None:
        self.client.authorize(list(headers.items()))

    async def _heard(self, begin: Callable[[int], None]) -> Heard:
        self._number += 1
        waiting: asyncio.Future[Heard] = asyncio.get_running_loop().create_future()
        self._waiting[self._number] = waiting
        begin(self._number)
        return await waiting

    def _answer(self, heard: Heard) -> Response:
        if heard.failure == "no answer":
            text = f"{heard.text}: {described(heard.body)}" if heard.body else heard.text
            raise NoAnswer(text, sent=heard.sent, reached=bool(heard.body))
        if heard.failure:
            raise answers.unreachable(self._settings, heard.failure, heard.text)
        answer = Response(
            heard.status, dict(heard.headers), heard.body, heard.complete, heard.proof
        )
        return answer.unpacked(self._most_body)


def quoted(part: str) -> str:
    """A part of a URL, in which what must not be there as it is is quoted."""
    return quote(part, safe=_KEPT)


def _path(url: str) -> str:
    """The path without the query, which may hold a key."""
    return quoted(urlsplit(url).path or "/")


def sent_url(settings: HttpSettings, path: str | None = None) -> str:
    """The URL as it is sent. `path`: the path and query of one record."""
    parts = urlsplit(settings.url)
    authority = parts.netloc.encode("idna").decode("ascii")
    if path is None:
        path = _path(settings.url) + (f"?{quoted(parts.query)}" if parts.query else "")
    return f"{parts.scheme}://{authority}{path}"


def _spec(settings: HttpSettings, most_body: int) -> str:
    """What the kernel must know, as `HttpClient` takes it."""
    parts, address = urlsplit(settings.url), sent_url(settings)
    proxy = settings.route.proxy_for(settings.url)
    headers = {
        "Host": urlsplit(address).netloc,
        "User-Agent": f"snapshots/{version('snapshots')}",
        "Accept": "application/json, */*;q=0.5",
        "Accept-Encoding": "gzip",
        "Content-Type": settings.form.content_type,
        # Only a proxy that passes on requests it can read is to see it.
        **(
            {"Proxy-Authorization": proxy.authorization}
            if proxy and proxy.authorization and proxy.scheme.startswith("http")
            and parts.scheme == "http" and not settings.http2
            else {}
        ),
        **settings.headers,
    }  # fmt: skip
    spec = {
        "method": settings.method,
        "url": address,
        "headers": list(headers.items()),
        "key_header": settings.key_header,
        "framing": settings.form.framing._asdict(),
        "timeout": settings.timeout,
        "connect_seconds": CONNECT_SECONDS,
        "body_seconds": BODY_SECONDS,
        "idle_seconds": IDLE_SECONDS,
        "most_body": most_body,
        "body_decides": sorted(settings.body_decides),
        "concurrency": settings.concurrency,
        "rate": settings.rate,
        "per_minute": settings.per_minute,
        "budget": None if settings.quota is None else 0,
        "window": settings.window,
        "first": settings.first,
        "http2": settings.http2,
        "proxy": proxy and f"{proxy.display}/",
        "proxy_auth": proxy and proxy.credentials,
        "proxy_authorization": proxy and proxy.authorization,
        "ca": settings.route.ca,
        "cert": settings.route.cert,
        "key": settings.route.cert_key,
    }
    return json.dumps(spec)
