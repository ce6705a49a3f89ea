"""TLS with a server, within the TLS of a proxy. Python's own sockets have only one layer."""

from __future__ import annotations

import io
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_PIECE = 1 << 16


class NestedTls:
    """What a connection of `http.client` needs of a socket."""

    def __init__(self, outer: ssl.SSLSocket, context: ssl.SSLContext, host: str) -> None:
        """Greets the server. Raises OSError."""
        self._outer = outer
        self._received, self._sent = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._received, self._sent, server_hostname=host)
        self._do(self._tls.do_handshake)

    def sendall(self, data: bytes) -> None:
        """See `socket`."""
        self._do(self._tls.write, data)

    def recv_into(self, buffer: memoryview) -> int:
        """See `socket`. 0: the server has ended."""
        with suppress(ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return int(self._do(self._tls.read, len(buffer), buffer))
        return 0

    def makefile(self, *_mode: Any) -> io.BufferedReader:
        """What the server sends."""
        return io.BufferedReader(_Received(self), _PIECE)

    def settimeout(self, seconds: float | None) -> None:
        """See `socket`."""
        self._outer.settimeout(seconds)

    def shutdown(self, how: int) -> None:
        """See `socket`."""
        self._outer.shutdown(how)

    def close(self) -> None:
        """See `socket`."""
        self._outer.close()

    def _do(self, work: Callable[..., Any], *args: Any) -> Any:
        while True:
            try:
                done = work(*args)
            except ssl.SSLWantReadError:
                self._pass_on()
                if piece := self._outer.recv(_PIECE):
                    self._received.write(piece)
                else:
                    self._received.write_eof()
            else:
                self._pass_on()
                return done

    def _pass_on(self) -> None:
        if self._sent.pending:
            self._outer.sendall(self._sent.read())


class _Received(io.RawIOBase):
    def __init__(self, connection: NestedTls) -> None:
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._connection.recv_into(memoryview(buffer))
