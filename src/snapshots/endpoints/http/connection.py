"""One HTTP/1.1 connection. llhttp, through httptools, reads the answers.

A client that sends records must know of each failure whether the request was sent: only then may
the server have taken them. General clients do not tell, and some send a PUT twice by themselves.
See docs/decisions/0009-own-http-connection.md.

`stream` writes the next request where the answer arrives, as long as all goes well, and wakes no
task. Most often it asks nobody: a request stream has the next request. Without TLS, a poller reads
the answers and writes the requests of all connections that are ready.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

import httptools

from snapshots._native import plain_success

if TYPE_CHECKING:
    from snapshots._native import ConnectionPoller, RequestStream

MOST_HEAD = 64 * 1024
BODY_SECONDS = 1.0
"""Seconds that the rest of an answer is awaited if its status decides: it would only spare a
connection. Shorter than what a delivery waits that is to stop."""
FINAL = 200
"""The lowest status of a final answer; lower ones are interim."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer to a request."""

    status: int
    headers: Mapping[str, str]
    """The headers, by their names in lower case."""
    body: bytes
    complete: bool
    """The body is complete: neither the server nor we have cut it off."""


class NoAnswer(Exception):
    """A request got no status; the text says why."""

    def __init__(self, text: str, *, sent: bool) -> None:
        super().__init__(text)
        self.sent = sent
        """The request may have reached the server."""


Onward: TypeAlias = Callable[[int], bytes | None]
"""Gets the status of a plain success and returns the next request, or None if there is none for
now."""


class RequestConnection(asyncio.Protocol):
    """Carries one request at a time, and says whether it can carry another."""

    def __init__(
        self,
        most_body: int,
        poller: ConnectionPoller[RequestConnection] | None,
        body_decides: frozenset[int] = frozenset(),
    ) -> None:
        """`poller`: that of all connections of this event loop that are not encrypted.
        `body_decides`: statuses that mean nothing without the complete body."""
        self._most_body = most_body
        self._body_decides = body_decides
        self._poller = poller
        self._number = 0
        self._parser = httptools.HttpResponseParser(self)
        self._loop = asyncio.get_running_loop()
        self._now = self._loop.time
        self._answer: asyncio.Future[Response | None] | None = None
        self._onward: Onward | None = None
        self._request_stream: RequestStream | None = None
        self._asked_at = 0.0
        self._rest: asyncio.TimerHandle | None = None
        self._ended_early = "the server closed the connection before anything was sent"
        self.idle_since = 0.0
        self.open = False
        self._begin_message()

    async def stream(
        self,
        request: bytes,
        seconds: float,
        onward: Onward | None = None,
        request_stream: RequestStream | None = None,
    ) -> Response | None:
        """Sends a request, and after each plain success the one that `request_stream` or `onward`
        gives.

        Returns the first answer that is anything else, or None when `onward` gives no request.
        Without `onward` it returns the first answer, whatever it is. An answer counts from the end
        of its headers on, and is not complete if its body does not end. Raises NoAnswer if none
        came within `seconds`.
        """
        if not self.open:
            # Nothing was asked: whatever came was not an answer.
            raise NoAnswer(self._ended_early, sent=False)
        self._begin_message()
        answer: asyncio.Future[Response | None] = self._loop.create_future()
        self._answer, self._onward = answer, onward
        self._lend(request_stream)
        self._write(request)
        self._timer = self._loop.call_later(seconds, self._look, seconds)
        try:
            return await answer
        finally:
            self._timer.cancel()
            self._forget_rest()
            self._answer = self._onward = None
            self._lend(None)
            if not answer.done() or answer.cancelled():
                # Whoever asked has gone: what comes now would be taken for another's answer.
                self.close()
            self.idle_since = self._loop.time()

    def close(self) -> None:
        """Ends the connection at once."""
        if self.open:
            self._leave()
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Is called by asyncio when the connection is open."""
        self._transport = cast("asyncio.Transport", transport)
        self._send, self._unsent = self._transport.write, self._transport.get_write_buffer_size
        self.open = True
        if self._poller is not None:
            try:
                socket = transport.get_extra_info("socket")
                self._number = self._poller.join(socket.fileno(), self)
            except OSError:
                # It takes a file descriptor more, and there are none left for what is only faster.
                self._poller = None

    def data_received(self, data: bytes) -> None:
        """Is called by asyncio for bytes that arrived, asked for or not."""
        if self._answer is None or self._answer.done():
            self._ended_early = _not_http(data)
            self.close()
        elif self._request_stream is None or self._head_size or self._unsent():
            self._read(data)
        elif self._poller is not None:
            left = self._poller.go_on(self._number, data)
            if left is not None:
                # Before more is asked of others the loop comes round: whoever awaits this answer
                # may want that nothing more is sent, and timers are due.
                if self._poller.pause():
                    self._loop.call_soon(self._poller.resume)
                connection, answer, request = left
                connection.take_over(answer, request)
        else:
            self.take_over(data, self._request_stream.onward(data))

    def take_over(self, answer: bytes, request: bytes | None) -> None:
        """Does what the kernel leaves: writes a request, or else looks at an answer."""
        if request is not None:
            self._write(request)
        else:
            self._read(answer)

    def _read(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():
            self.close()
            return
        if self._onward is not None and not self._head_size and self._go_on(data, self._onward):
            return
        if not self._has_head:
            self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._end_badly(_not_http(data))
            return
        if self._has_head:
            self._await_rest()
        elif self._head_size > MOST_HEAD:
            self._fail("the answer's headers have no end")

    def connection_lost(self, exc: Exception | None) -> None:
        """Is called by asyncio when the connection has ended, on either side."""
        self._leave()
        # Without a length the end of the connection is the end of the body.
        sized = "content-length" in self._headers or "transfer-encoding" in self._headers
        complete = exc is None and not sized
        self._end_badly("the connection broke before an answer came", complete=complete)

    def on_header(self, name: bytes, value: bytes) -> None:
        """The parser calls this for each header."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """The parser calls this after the headers: the status is certain from here on."""
        self._status = self._parser.get_status_code()
        self._has_head = True

    def on_body(self, body: bytes) -> None:
        """The parser calls this for each piece of the body."""
        self._body.append(body)
        self._body_size += len(body)
        if self._body_size > self._most_body:
            self._finish(complete=False)
            self.close()

    def on_message_complete(self) -> None:
        """The parser calls this at the end of the answer."""
        if self._status < FINAL:
            # Only a word in between, such as 100 Continue.
            self._begin_message()
            return
        keep = self._parser.should_keep_alive() and not self._unsent()
        self._finish(complete=True)
        if not keep:
            self.close()

    def _go_on(self, data: bytes, onward: Onward) -> bool:
        """Returns whether that was a plain success; then whatever follows it is under way."""
        status = plain_success(data)
        if not status or self._unsent():
            return False
        try:
            request = onward(status)
        except Exception as error:  # raised again where the answer is awaited
            self._fail_with(error)
            return True
        if request is not None:
            self._write(request)
        elif self._answer is not None and not self._answer.done():
            self._answer.set_result(None)
        return True

    def _write(self, request: bytes) -> None:
        self._asked_at = self._now()
        self._send(request)

    def _lend(self, request_stream: RequestStream | None) -> None:
        self._request_stream = request_stream
        if self._poller is not None and self.open:
            self._poller.lend(self._number, request_stream)

    def _leave(self) -> None:
        """Closes the socket, once the poller has let go of it."""
        if self.open and self._poller is not None:
            self._poller.leave(self._number)
        self.open = False

    def _look(self, seconds: float) -> None:
        """Ends the request if its answer is late. One timer serves all requests of a stream."""
        waits = self._now() - self._asked_at
        if self._poller is not None and self.open:
            waits = min(waits, self._poller.waits(self._number))
        left = seconds - waits
        if left > 0:
            self._timer = self._loop.call_later(left, self._look, seconds)
        else:
            self._end_badly(f"no answer within {seconds:g} s")

    def _await_rest(self) -> None:
        """Gives the rest of the body a moment, because the status is there already."""
        answered = self._answer is None or self._answer.done()
        if answered or self._rest is not None or self._status in self._body_decides:
            return
        self._rest = self._loop.call_later(BODY_SECONDS, self._end_badly, "")

    def _forget_rest(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None

    def _begin_message(self) -> None:
        self._status = 0
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._head_size = self._body_size = 0
        self._has_head = False

    def _finish(self, *, complete: bool) -> None:
        if self._answer is not None and not self._answer.done():
            body = b"".join(self._body)[: self._most_body]
            self._answer.set_result(Response(self._status, self._headers, body, complete))

    def give_up(self, text: str) -> None:
        """Stops waiting for what is under way: what has arrived of it is the answer."""
        self._end_badly(text)

    def _end_badly(self, text: str, *, complete: bool = False) -> None:
        """Ends an answer of which no more will come: its head is enough, if it is there."""
        if self._has_head and self._status >= FINAL:
            self._finish(complete=complete)
            self.close()
        else:
            self._fail(text)

    def _fail(self, text: str) -> None:
        self._fail_with(NoAnswer(text, sent=True))

    def _fail_with(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
        self.close()


_SPOKEN = {b"SSH-": "it is SSH", b"220 ": "it is mail or FTP", b"220-": "it is mail or FTP"}
_FRAME = 9


def _not_http(data: bytes) -> str:
    return f"the answer is not HTTP: {described(data)}"


def described(data: bytes) -> str:
    """Names what bytes are that are no HTTP/1.1. Repeats none of them: they may hold secrets."""
    if data[:4] in _SPOKEN:
        return _SPOKEN[data[:4]]
    if data[:2] in {b"\x15\x03", b"\x16\x03"}:
        return "it is TLS"
    if len(data) >= _FRAME and data[0] == 0 and data[3] in {4, 7} and not any(data[5:_FRAME]):
        return "it is HTTP/2"
    return "the protocol is unknown"
