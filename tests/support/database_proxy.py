"""A proxy between a loader and its database that does what bad networks do.

It passes bytes on and, when told, cuts, stalls or slows a connection; it can wait for the COMMIT
of a chunk and cut the connection when the database has carried it out and before its answer
has come back: the one moment at which a loader cannot know what has happened.
"""

from __future__ import annotations

import contextlib
import random
import select
import socket
import struct
import threading
from urllib.parse import urlsplit, urlunsplit

_PIECE = 1 << 14
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of nothing: closing sends RST, as a firewall that has lost its table does."""


class Proxy:
    """Listens on a port of its own for one database server; use as a context manager."""

    def __init__(self, database: str, fault: Fault | None = None) -> None:
        self._database = urlsplit(database)
        self.fault = fault or Fault()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._ended = False
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._listener.close()
        for one in list(self._open):
            _close(one)

    @property
    def url(self) -> str:
        """The database's URL by way of the proxy."""
        login = self._database.netloc.rpartition("@")[0]
        port = self._listener.getsockname()[1]
        return urlunsplit(self._database._replace(netloc=f"{login}@127.0.0.1:{port}"))

    def _accept(self) -> None:
        while not self._ended:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        server = socket.create_connection((self._database.hostname, self._database.port))
        self._open |= {client, server}
        with contextlib.suppress(OSError):
            try:
                self._until_closed(client, server, self.fault.of_a_connection())
            except Cut as cut:
                if cut.last_words:
                    client.sendall(cut.last_words)
                    client.shutdown(socket.SHUT_WR)  # what is sent is read before the end
                    client.recv(_PIECE)
        for one in (client, server):
            self._open.discard(one)
            _close(one)

    def _until_closed(self, client: socket.socket, server: socket.socket, line: Line) -> None:
        while True:
            for one in select.select([client, server], [], [])[0]:
                data = one.recv(_PIECE)
                if not data:
                    return
                if one is client:
                    line.sent(data)
                    server.sendall(data)
                else:
                    line.answered(data)
                    client.sendall(data)


class Cut(Exception):
    """Nothing more goes through this connection, but for what the server said last."""

    def __init__(self, last_words: bytes = b"") -> None:
        self.last_words = last_words


class Line:
    """One connection, as a fault sees it. This one has none."""

    def sent(self, data: bytes) -> None:
        """The loader sends; whatever is raised, the server does not get it."""

    def answered(self, data: bytes) -> None:
        """The server answers; whatever is raised, the loader does not get it."""


class Fault:
    """Makes the lines. Tests change it while the proxy runs."""

    def of_a_connection(self) -> Line:
        return Line()


class CutAtRandom(Fault):
    """Each connection ends after some number of bytes, until that has happened often enough."""

    def __init__(self, times: int, most: int, seed: int) -> None:
        self.left, self._most, self._random = times, most, random.Random(seed)

    def of_a_connection(self) -> Line:
        return _AfterBytes(self, self._random.randrange(1, self._most))


class _AfterBytes(Line):
    def __init__(self, fault: CutAtRandom, left: int) -> None:
        self._fault, self._left = fault, left

    def sent(self, data: bytes) -> None:
        self._left -= len(data)
        if self._left < 0 < self._fault.left:
            self._fault.left -= 1
            raise Cut

    answered = sent


class CutAfterPieces(Fault):
    """Each connection ends once so many pieces have gone through it, in either direction."""

    def __init__(self, pieces: int) -> None:
        self.pieces = pieces

    def of_a_connection(self) -> Line:
        return _CountedPieces(self.pieces)


class _CountedPieces(Line):
    def __init__(self, left: int) -> None:
        self._left = left

    def sent(self, data: bytes) -> None:
        self._left -= 1
        if self._left < 0:
            raise Cut

    answered = sent


class LoseAnswers(Fault):
    """The answers to some COMMITs are lost: the first of them, counted over all connections,
    that come after a transaction with the given words."""

    def __init__(self, words: bytes, times: int) -> None:
        self.words, self.left = words, times

    def of_a_connection(self) -> Line:
        return _AtCommit(self)


class _AtCommit(Line):
    """No packet of either protocol is long where a statement is short, so that both words come
    in one piece."""

    def __init__(self, fault: LoseAnswers) -> None:
        self._fault, self._wanted, self._committing = fault, False, False

    def sent(self, data: bytes) -> None:
        self._wanted = self._wanted or self._fault.words in data
        if self._wanted and b"COMMIT" in data:
            self._committing, self._wanted = True, False

    def answered(self, data: bytes) -> None:
        if self._committing and self._fault.left > 0:
            self._fault.left -= 1
            raise Cut
        self._committing = False


class Interrupt(Fault):
    """MySQL ends some statements with the given words, and then their sessions, as a server does
    that is stopped."""

    def __init__(self, words: bytes, times: int) -> None:
        self.words, self.left = words, times

    def of_a_connection(self) -> Line:
        return _Interrupted(self)


class _Interrupted(Line):
    _INTERRUPTED = (1317).to_bytes(2, "little") + b"#70100Query execution was interrupted"

    def __init__(self, fault: Interrupt) -> None:
        self._fault = fault

    def sent(self, data: bytes) -> None:
        if self._fault.words in data and self._fault.left > 0:
            self._fault.left -= 1
            body = b"\xff" + self._INTERRUPTED
            raise Cut(len(body).to_bytes(3, "little") + b"\x01" + body)


class Stall(Fault):
    """Nothing goes through between `stop` and `go_on`."""

    def __init__(self) -> None:
        self.stalled = threading.Event()
        """Somebody waits."""
        self.flowing = threading.Event()
        self.flowing.set()

    def stop(self) -> None:
        self.flowing.clear()

    def go_on(self) -> None:
        self.flowing.set()

    def of_a_connection(self) -> Line:
        return _Stalled(self)


class _Stalled(Line):
    def __init__(self, fault: Stall) -> None:
        self._fault = fault

    def sent(self, data: bytes) -> None:
        if not self._fault.flowing.is_set():
            self._fault.stalled.set()
            self._fault.flowing.wait()

    answered = sent


class Slow(Fault):
    """Some bytes, then a pause."""

    def of_a_connection(self) -> Line:
        return _Slowed()


class _Slowed(Line):
    def sent(self, data: bytes) -> None:
        threading.Event().wait(0.002)

    answered = sent


def _close(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    one.close()
