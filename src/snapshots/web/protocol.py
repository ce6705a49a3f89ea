"""HTTP as it comes in: the head of a request has its time and its size."""

from __future__ import annotations

import resource
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

HEAD_SECONDS: Final = 10.0
HEAD_BYTES: Final = 64 * 1024


DESCRIPTORS: Final = 4096
"""That the process asks for, if it may have so many."""
_BUSY: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\n"
    b"Content-Length: 0\r\n\r\n"
)


def limit_connections() -> None:
    """Leaves half of the descriptors that this process may have to files and databases."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    Protocol.most = (DESCRIPTORS if soft == resource.RLIM_INFINITY else soft) // 2


class Protocol(HttpToolsProtocol):
    """One connection. Until its head is there nobody knows who asks, and it must cost little."""

    most: ClassVar[int] = DESCRIPTORS // 2
    """At once."""
    _timer: asyncio.TimerHandle | None = None
    _size = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio."""
        super().connection_made(transport)
        if len(self.connections) > self.most:
            transport.write(_BUSY)
            transport.close()
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._end_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        super().data_received(data)
        if self._timer is not None:
            self._size += len(data)
            if self._size > HEAD_BYTES:
                self._end_waiting()
                self.send_400_response("The head of the request is too long.")

    def on_message_begin(self) -> None:
        """See httptools."""
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        """See httptools."""
        self._end_waiting()
        super().on_headers_complete()

    def _await_head(self) -> None:
        if self._timer is None:
            self._size = 0
            self._timer = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _end_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
