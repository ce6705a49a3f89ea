"""One HTTP/1.1 connection. llhttp, by way of httptools, reads what comes back.

A client that sends records must know of each failure whether the request was sent: only then may
the server have taken them. General clients do not tell, and some send a PUT twice by themselves.
See docs/decisions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import httptools

MOST_HEAD = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """By their names in lower case."""
    body: bytes
    whole: bool
    """The body is all of it: cut off neither by the server nor by us."""


class NoAnswer(Exception):
    """A request without a status; the text says why."""

    def __init__(self, text: str, *, sent: bool) -> None:
        super().__init__(text)
        self.sent = sent
        """It may have reached the server."""


class Connection(asyncio.Protocol):
    """Carries one request at a time, and says whether it can carry another."""

    def __init__(self, most_body: int) -> None:
        self._most_body = most_body
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[Answer] | None = None
        self.idle_since = 0.0
        self.open = False

    async def ask(self, request: bytes, seconds: float) -> Answer:
        """Sends a request and gives its answer; NoAnswer if there is none by then."""
        loop = asyncio.get_running_loop()
        self._begin_message()
        answer: asyncio.Future[Answer] = loop.create_future()
        self._answer = answer
        self._transport.write(request)
        timer = loop.call_later(seconds, self._fail, f"no answer within {seconds:g} s")
        try:
            return await answer
        finally:
            timer.cancel()
            if not answer.done() or answer.cancelled():
                # Whoever asked has gone: what comes now would be taken for another's answer.
                self.close()
            self._answer = None
            self.idle_since = loop.time()

    def close(self) -> None:
        """Ends the connection at once."""
        if self.open:
            self.open = False
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the connection stands."""
        self._transport = cast("asyncio.Transport", transport)
        self.open = True

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes came, asked for or not."""
        if self._answer is None or self._answer.done():
            self.close()
            return
        if not self._has_head:
            self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail("the answer is not HTTP")
            return
        if not self._has_head and self._head_size > MOST_HEAD:
            self._fail("the answer's headers have no end")

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: it ended, by whomever."""
        self.open = False
        if self._has_head:
            # Without a length the end of the connection is the end of the body.
            sized = "content-length" in self._headers or "transfer-encoding" in self._headers
            self._finish(whole=exc is None and not sized)
        else:
            self._fail("the connection was cut before an answer came")

    def on_header(self, name: bytes, value: bytes) -> None:
        """The parser: one header."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """The parser: the status is certain from here on."""
        self._status = self._parser.get_status_code()
        self._has_head = True

    def on_body(self, body: bytes) -> None:
        """The parser: a piece of the body."""
        self._body.append(body)
        self._body_size += len(body)
        if self._body_size > self._most_body:
            self._finish(whole=False)
            self.close()

    def on_message_complete(self) -> None:
        """The parser: the answer is whole."""
        if self._status < 200:
            # Only a word in between, such as 100 Continue.
            self._begin_message()
            return
        keep = self._parser.should_keep_alive() and not self._transport.get_write_buffer_size()
        self._finish(whole=True)
        if not keep:
            self.close()

    def _begin_message(self) -> None:
        self._status = 0
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._head_size = self._body_size = 0
        self._has_head = False

    def _finish(self, *, whole: bool) -> None:
        if self._answer is not None and not self._answer.done():
            body = b"".join(self._body)[: self._most_body]
            self._answer.set_result(Answer(self._status, self._headers, body, whole))

    def _fail(self, text: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(NoAnswer(text, sent=True))
        self.close()
