"""What the HTTP servers of the tests have in common: requests in, bytes out, over real sockets.

llhttp reads the requests. A server is a `Handler`; `Running` runs it in the loop of a test, and
`main` as a process of its own, which prints its URL and serves until it is ended.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qsl, urlsplit

import httptools

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator
    from types import TracebackType


@dataclass
class Request:
    method: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)
    """By their names in lower case."""
    body: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def key(self) -> str:
        return self.headers.get("idempotency-key", "")


def response(status: int, body: bytes | str = b"", **headers: str) -> bytes:
    """The bytes of an answer; `retry_after="3"` gives Retry-After: 3."""
    if isinstance(body, str):
        body = body.encode()
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = [f"HTTP/1.1 {status} {phrase}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-').title()}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def as_json(status: int, value: object, **headers: str) -> bytes:
    return response(status, json.dumps(value), content_type="application/json", **headers)


class Handler:
    """What a server does; one object for all its connections."""

    idle_seconds: float | None = None
    """A connection without a request for so long is closed; one with half a request as well."""

    def on_head(self, request: Request, connection: Connection) -> bytes | None:
        """An answer that does not wait for the body; the body is then read and forgotten."""
        return None

    def on_request(self, request: Request, connection: Connection) -> bytes | None:
        """The answer; None: nothing is sent, or `connection` was used directly."""
        raise NotImplementedError


class Connection(asyncio.Protocol):
    def __init__(self, handler: Handler, all_of_them: set[Connection]) -> None:
        self._handler = handler
        self._all = all_of_them
        self._parser = httptools.HttpRequestParser(self)
        self._timer: asyncio.TimerHandle | None = None
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._all.add(self)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._all.discard(self)
        if self._timer:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.transport.write(response(400, connection="close"))
            self.transport.close()

    def cut(self) -> None:
        """Ends the connection without a word."""
        self.transport.abort()

    def on_message_begin(self) -> None:
        self._target = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._early = False

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        method = self._parser.get_method().decode("ascii")
        self._request = Request(method, self._target.decode("latin-1"), self._headers)
        if answer := self._handler.on_head(self._request, self):
            self._early = True
            self.transport.write(answer)

    def on_body(self, body: bytes) -> None:
        if not self._early:
            self._body.append(body)

    def on_message_complete(self) -> None:
        self._wait()
        if self._early or self.transport.is_closing():
            return
        self._request.body = b"".join(self._body)
        if answer := self._handler.on_request(self._request, self):
            self.transport.write(answer)
        if not self._parser.should_keep_alive():
            self.transport.close()

    def _wait(self) -> None:
        if self._handler.idle_seconds is not None:
            if self._timer:
                self._timer.cancel()
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._handler.idle_seconds, self.transport.close)


class Running:
    """A server in the loop of a test."""

    def __init__(self, handler: Handler, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.handler = handler
        self.connections: set[Connection] = set()
        self._port = port
        self._tls = tls

    async def __aenter__(self) -> Running:
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Connection(self.handler, self.connections),
            "127.0.0.1",
            self._port,
            ssl=self._tls,
        )
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        for connection in list(self.connections):
            connection.cut()

    @property
    def url(self) -> str:
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self._port}"


@contextlib.contextmanager
def serving(handler: Handler, port: int = 0) -> Iterator[Running]:
    """The running server, in a thread of its own."""
    running, started = Running(handler, port), threading.Event()
    loop: asyncio.AbstractEventLoop
    ended: asyncio.Event

    async def serve() -> None:
        nonlocal loop, ended
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        async with running:
            started.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    started.wait()
    try:
        yield running
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()


def main(
    parser: argparse.ArgumentParser, make: Callable[[argparse.Namespace], Handler], path: str = ""
) -> None:
    """Serves until SIGTERM or Ctrl-C. The first line printed is the URL."""
    import uvloop

    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    chosen = parser.parse_args()

    async def serve() -> None:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        async with Running(make(chosen), chosen.port) as running:
            print(running.url + path, flush=True)
            await ended.wait()

    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(serve())
