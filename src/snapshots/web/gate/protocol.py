"""Reads HTTP from a socket: the head of a request has a limit of time and of size."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from snapshots import system
from snapshots.time_limits import ANSWER_STALL_SECONDS, HEAD_SECONDS
from snapshots.web.problems import HEADERS, problem

if TYPE_CHECKING:
    import asyncio

HEAD_BYTES: Final = 64 * 1024
LINGER_SECONDS: Final = 2.0
"""Seconds that a refused client may go on sending. A connection that ends earlier takes the answer
along with it."""


class TooLong(Exception):
    """The head of a request has more bytes than it may."""


DESCRIPTORS: Final = 4096
"""How many file descriptors the process asks for, if it may have so many."""
_BUSY: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\n"
    b"Content-Length: 0\r\n\r\n"
)


def limit_connections() -> None:
    """Limits the connections, so that half of the process's file descriptors are left for files and
    databases."""
    Protocol.most = system.most_descriptors(DESCRIPTORS) // 2


class Protocol(HttpToolsProtocol):
    """One connection. Until its head is there nobody knows who asks, so it must cost little."""

    most: ClassVar[int] = DESCRIPTORS // 2
    """The most connections at once."""
    _timer: asyncio.TimerHandle | None = None
    _lingering: asyncio.TimerHandle | None = None
    _head = 0
    """How many bytes of the head have arrived."""
    _idle = 0
    """How many bytes have arrived that the parser has made nothing of."""
    _progress = False
    _stalling: asyncio.TimerHandle | None = None
    _waiting = 0
    """How many bytes of an answer the client had not taken at the last look."""
    _refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Is called by asyncio."""
        super().connection_made(transport)
        if len(self.connections) > self.most:
            transport.write(_BUSY)
            transport.close()
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Is called by asyncio."""
        self._end_waiting()
        if self._lingering is not None:
            self._lingering.cancel()
        if self._stalling is not None:
            self._stalling.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Is called by asyncio: the answer waits until its client takes more of it."""
        super().pause_writing()
        self._look_later()

    def resume_writing(self) -> None:
        """Is called by asyncio."""
        if self._stalling is not None:
            self._stalling.cancel()
            self._stalling = None
        super().resume_writing()

    def _look_later(self) -> None:
        self._waiting = self._untaken()
        self._stalling = self.loop.call_later(ANSWER_STALL_SECONDS, self._look)

    def _look(self) -> None:
        """Ends the connection of a client that takes nothing of its answer."""
        if self._untaken() < self._waiting:
            self._look_later()
        else:
            self.transport.abort()

    def _untaken(self) -> int:
        """Returns how many bytes wait here and in the system, which asks for more only now and
        then."""
        there = system.unsent(self.transport.get_extra_info("socket"))
        return self.transport.get_write_buffer_size() + there

    def data_received(self, data: bytes) -> None:
        """Is called by asyncio."""
        if self._refused:
            return
        self._progress = False
        super().data_received(data)
        self._idle = 0 if self._progress else self._idle + len(data)
        # A line without an end, of a head or behind a body.
        if self._idle > HEAD_BYTES and not self._refused:
            self._refuse(431)

    def on_message_begin(self) -> None:
        """Is called by httptools."""
        super().on_message_begin()
        self._head = 0
        self._await_head()

    def on_url(self, url: bytes) -> None:
        """Is called by httptools."""
        self._count(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Is called by httptools. A trailer after the body is ignored: nobody has checked it."""
        if self._timer is not None:
            self._count(name + value)
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Is called by httptools."""
        self._progress = True
        self._end_waiting()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Is called by httptools."""
        self._progress = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Is called by httptools."""
        self._progress = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Is called by uvicorn: what arrived is no HTTP, or one of our callbacks has refused it."""
        del msg
        if not self._refused:
            self._refuse(431 if self._head > HEAD_BYTES else 400)

    def _count(self, piece: bytes) -> None:
        self._head += len(piece) + len(": \r\n")
        if self._head > HEAD_BYTES:
            # The parser makes an error of it that leads to `send_400_response`.
            raise TooLong

    def _refuse(self, status: int) -> None:
        """Sends the last answer on this connection."""
        self._refused = True
        self._end_waiting()
        detail = {
            400: "The request is not valid HTTP.",
            431: f"The head of the request is larger than the limit of {HEAD_BYTES} bytes.",
        }[status]
        answer = problem(status, detail, headers={**HEADERS, "Connection": "close"})
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode("ascii")]
        lines += [name + b": " + value for name, value in answer.raw_headers]
        self.transport.write(b"\r\n".join([*lines, b"", bytes(answer.body)]))
        if self.cycle is not None:
            # Whoever works on the request has nobody to answer to.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._lingering = self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def _await_head(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _end_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
