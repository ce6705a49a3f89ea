"""Keeps connections alive and uses them again; TLS certificates are verified."""

from __future__ import annotations

import asyncio
import resource
import socket
import ssl
from urllib.parse import urlsplit

from snapshots._native import ConnectionPoller, RequestStream
from snapshots.endpoints.http import answers
from snapshots.endpoints.http.connection import NoAnswer, Onward, RequestConnection, Response
from snapshots.endpoints.http.first_contact import Spoken, look
from snapshots.endpoints.http.page import RecordPage
from snapshots.endpoints.http.request import RequestWriter
from snapshots.endpoints.http.settings import HttpSettings
from snapshots.errors import CannotConnect
from snapshots.time_limits import CONNECT_SECONDS

IDLE_SECONDS = 15.0
"""Seconds after which something on the way may have forgotten an idle connection."""
POLLED = 256
"""The most connections that take part in the poller: each costs a file descriptor."""
OTHER_DESCRIPTORS = 64
"""File descriptors that the input, the ledger and the rest may take."""
READ_BYTES = 64 * 1024
"""Bytes that are read of an answer that is only kept as a sentence."""
RESULTS_BYTES = 16 * 1024 * 1024
"""Bytes that are read of an answer with results."""


class Transport:
    """Sends requests to one server, each over a connection that nobody else uses."""

    def __init__(self, settings: HttpSettings) -> None:
        parts = urlsplit(settings.url)
        self._place = settings.display()
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._timeout = settings.timeout
        self._requests = RequestWriter(settings)
        self._most_body = READ_BYTES if settings.results == "none" else RESULTS_BYTES
        polled = 0 if self._tls else _polled(settings.concurrency)
        self._poller: ConnectionPoller[RequestConnection] | None = (
            ConnectionPoller(polled) if polled else None
        )
        self._body_decides = answers.decided_by_body(settings.results)
        self._idle: list[RequestConnection] = []
        self._busy: set[RequestConnection] = set()
        self._connecting: set[asyncio.Timeout] = set()

    def close(self) -> None:
        """Ends the idle connections; somebody waits for each of the others."""
        while self._idle:
            self._idle.pop().close()

    def give_up(self, text: str) -> None:
        """Ends the waiting for answers: requests under way get none."""
        for connection in list(self._busy):
            connection.give_up(text)
        for connecting in self._connecting:
            connecting.reschedule(asyncio.get_running_loop().time())

    async def look(self) -> Spoken:
        """Returns what the server speaks, found out without sending a record."""
        return await look(self._host, self._port, self._tls, self._requests.path)

    async def send(self, page: RecordPage) -> Response:
        """Sends one request and returns its answer.

        Raises NoAnswer if no status came, and CannotConnect if TLS forbids it, which no retry
        helps.
        """
        answer = await self._stream(self._requests.of(page))
        assert answer is not None  # noqa: S101 - the stream of one request ends with its answer
        return answer

    async def stream(
        self, request: bytes, onward: Onward, request_stream: RequestStream | None
    ) -> Response | None:
        """Sends a request, and over the same connection those that follow plain successes.

        Returns the first answer that is anything else, or None when `onward` gives no request.
        Requests are given by their ends, see `RequestSource.request`. `onward` is not asked as long
        as the request stream has credit. Raises what `send` raises.
        """
        assemble = self._requests.assemble

        def following(status: int) -> bytes | None:
            end = onward(status)
            return None if end is None else assemble(end)

        return await self._stream(assemble(request), following, request_stream)

    def head(self) -> bytes:
        """Returns the beginning of a request that is made now."""
        return self._requests.head()

    async def _stream(
        self,
        request: bytes,
        onward: Onward | None = None,
        request_stream: RequestStream | None = None,
    ) -> Response | None:
        connection = self._reuse() or await self._connect()
        self._busy.add(connection)
        try:
            answer = await connection.stream(request, self._timeout, onward, request_stream)
        finally:
            self._busy.discard(connection)
        if connection.open:
            self._idle.append(connection)
        return answer

    def _reuse(self) -> RequestConnection | None:
        oldest = asyncio.get_running_loop().time() - IDLE_SECONDS
        while self._idle:
            connection = self._idle.pop()
            if connection.open and connection.idle_since >= oldest:
                return connection
            connection.close()
        return None

    async def _connect(self) -> RequestConnection:
        waiting = asyncio.timeout(min(CONNECT_SECONDS, self._timeout))
        try:
            async with waiting:
                self._connecting.add(waiting)
                _, connection = await asyncio.get_running_loop().create_connection(
                    lambda: RequestConnection(self._most_body, self._poller, self._body_decides),
                    self._host,
                    self._port,
                    ssl=self._tls,
                )
        except ssl.SSLCertVerificationError as error:
            raise CannotConnect(
                f"The certificate of the server is not trusted: {error.verify_message}",
                place=self._place,
                hint="Check the host name. For a private CA, set SSL_CERT_FILE to its certificate.",
            ) from error
        except ssl.SSLError as error:
            raise CannotConnect(
                f"The TLS connection failed: {error.reason or error}",
                place=self._place,
                hint="Check that the server uses TLS at this port, or begin the address with"
                " http://.",
            ) from error
        except TimeoutError as error:
            raise NoAnswer("no connection: timed out", sent=False) from error
        except socket.gaierror as error:
            text = f"the host {self._host} is unknown: {error.strerror}"
            raise NoAnswer(text, sent=False) from error
        except OSError as error:
            raise NoAnswer(f"no connection: {error.strerror or error}", sent=False) from error
        finally:
            self._connecting.discard(waiting)
        return connection


def _polled(connections: int) -> int:
    """Returns how many connections may take part in a poller without taking a descriptor that
    another needs."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return POLLED
    return max(0, min(POLLED, limit - connections - OTHER_DESCRIPTORS))
