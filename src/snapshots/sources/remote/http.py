"""Reads http and https: requests, redirects, and the headers of answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from email.utils import formatdate, parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Final

from snapshots.errors import InputError
from snapshots.redaction import shown
from snapshots.sources.base import empty
from snapshots.sources.compression import PIECE
from snapshots.sources.remote import refusals, urls
from snapshots.sources.remote.access import EndedEarly, TransientFailure
from snapshots.sources.remote.protocol import RemoteFacts, RemoteResponse

if TYPE_CHECKING:
    from snapshots.sources.remote.access import RemoteAccess
    from snapshots.sources.remote.connections import DownloadConnection
    from snapshots.sources.remote.urls import Url

MOST_REDIRECTS: Final = 10
_REDIRECTS: Final = (301, 302, 303, 307, 308)
_ANSWERS: Final = (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT)
_RUN_OUT: Final = (401, 403, 404, 410)
"""Statuses after which the original URL is asked again: the redirect may be outdated."""
_READABLE: Final = {"", "identity", "gzip", "x-gzip", "zstd"}
"""Encodings that need nothing here: bytes are recognized and unpacked as those of files."""
_RANGE: Final = re.compile(r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18})")
_LONGEST: Final = 10**18
"""No object has more bytes, and no ledger could say so."""
_NS: Final = 1_000_000_000


class HttpRemote:
    """The object behind one URL."""

    def __init__(self, name: str, access: RemoteAccess) -> None:
        from snapshots.sources.remote.connections import ConnectionPool

        self._place = shown(name)
        self._url = urls.parse(name)
        if self._url.authorization is None and access.netrc:
            self._url = replace(self._url, authorization=urls.from_netrc(self._url.host))
        self._led_to: Url | None = None
        self._known: RemoteFacts | None = None
        self._pool = ConnectionPool(access, self._place)

    def get(self, start: int = 0, end: int | None = None) -> RemoteResponse:
        """See `protocol.Remote`."""
        headers = self._headers(start, end)
        connection, response = self._followed(headers)
        try:
            return self._answer(connection, response, start, end)
        except BaseException:
            self._pool.drop(connection)
            raise

    def expect(self, facts: RemoteFacts) -> None:
        """See `protocol.Remote`."""
        self._known = facts

    def close(self) -> None:
        """See `protocol.Remote`."""
        self._pool.close()

    def _headers(self, start: int, end: int | None) -> dict[str, str]:
        headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "snapshots"}
        if end is None:
            return headers
        headers["Range"] = f"bytes={start}-{end - 1}"
        known = self._known
        if known and known.etag:
            headers["If-Range"] = known.etag
        elif known and known.modified_ns is not None:
            headers["If-Range"] = formatdate(known.modified_ns // _NS, usegmt=True)
        return headers

    def _followed(self, headers: dict[str, str]) -> tuple[DownloadConnection, HTTPResponse]:
        """The answer behind all redirects; the last known target is asked first."""
        url = self._led_to or self._url
        for _ in range(MOST_REDIRECTS + 1):
            connection, response = self._asked(url, headers)
            if response.status in _ANSWERS:
                self._led_to = url
                return connection, response
            status, message = response.status, response.headers
            self._pool.drop(connection)
            if status in _REDIRECTS and "Location" in message:
                url = self._redirected(url, message["Location"])
            elif status in _RUN_OUT and self._led_to not in (None, self._url):
                url, self._led_to = self._url, None
            elif status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise self._no_such_range()
            else:
                raise refusals.of_status(status, message, self._place)
        raise InputError(
            f"The server redirects more than {MOST_REDIRECTS} times.",
            place=self._place,
            hint="Check the URL in a browser; it may need a cookie or a login.",
        )

    def _redirected(self, url: Url, location: str) -> Url:
        try:
            to = url.joined(location)
        except InputError as error:
            raise InputError(
                "The server redirects to an address that is not http or https.",
                place=self._place,
                hint="Check the URL with curl -v.",
            ) from error
        if (url.scheme, to.scheme) == ("https", "http"):
            raise InputError(
                "The server redirects from https to http, which does not protect the data.",
                place=self._place,
                hint="If you accept that, use the http URL itself.",
            )
        return to

    def _asked(self, url: Url, headers: dict[str, str]) -> tuple[DownloadConnection, HTTPResponse]:
        """Sends one request, and again if the server had closed an idle connection."""
        if url.authorization:
            headers = {**headers, "Authorization": url.authorization}
        while True:
            connection = self._pool.take(url)
            try:
                target, extra = connection.target(url)
                given = {"Host": url.authority, **headers, **extra}
                connection.request("GET", target, headers=given)
                return connection, connection.getresponse()
            except InputError:
                self._pool.drop(connection)
                raise
            except (OSError, HTTPException) as error:
                self._pool.drop(connection)
                if not connection.used:
                    raise self.broken(error) from error

    def _answer(
        self, connection: DownloadConnection, response: HTTPResponse, start: int, end: int | None
    ) -> RemoteResponse:
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        if encoding not in _READABLE:
            raise InputError(
                f"The server compressed the answer with {encoding[:40]!r}, which was not"
                " requested.",
                place=self._place,
                hint="Supported are gzip and zstd. For others, try: curl --compressed ... |"
                " snapshots import -",
            )
        partial = response.status == HTTPStatus.PARTIAL_CONTENT
        size = expected = response.length
        if partial:
            match = _RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
            if match is None or int(match[1]) != start:
                raise self._lies("sends a different range than requested")
            size = int(match[2])
            expected = min(end or size, size) - start
            if response.length is not None and response.length != expected:
                raise self._lies("announces a length that differs from the range")
        if size is not None and size >= _LONGEST:
            raise self._lies("announces an impossible length")
        facts = _facts(response, size)
        if self._known is None:
            self._known = facts
        return RemoteResponse(facts, partial, _HttpBody(self, connection, response, expected))

    def done(self, connection: DownloadConnection, response: HTTPResponse) -> None:
        """Takes back the connection of an answer that was read to its end."""
        if response.will_close or self._led_to is None or not response.isclosed():
            self._pool.drop(connection)
        else:
            self._pool.give_back(connection, self._led_to)

    def dropped(self, connection: DownloadConnection) -> None:
        """Drops the connection of an answer that is not read to its end."""
        self._pool.drop(connection)

    def broken(self, error: Exception) -> TransientFailure:
        """The error for a connection that broke after the request."""
        if isinstance(error, TimeoutError):
            message = "The server has sent nothing for too long."
        elif isinstance(error, OSError):
            message = f"The connection with the server broke: {error.strerror or error}."
        else:
            message = f"The server does not speak HTTP: {type(error).__name__}."
        return TransientFailure.of(message, self._place, "Try again later.")

    def cut(self, missing: int | None) -> EndedEarly:
        """The error for an answer that ends too early."""
        how = "in the middle" if missing is None else f"{missing} bytes early"
        return EndedEarly.of(
            f"The server's answer ends {how}.",
            self._place,
            "The server may announce a wrong length; compare the download with curl.",
        )

    def _lies(self, how: str) -> InputError:
        return InputError(
            f"The server {how}.",
            place=self._place,
            hint="Its answer cannot be read in parts. Pipe it in: curl ... | snapshots import -",
        )

    def _no_such_range(self) -> InputError:
        if self._known is None:
            return empty(self._place)
        return InputError(
            "The server has fewer bytes than it announced (416).",
            place=self._place,
            hint="The object was truncated or changed. Try again, or ask its owner.",
        )


class _HttpBody:
    def __init__(
        self,
        remote: HttpRemote,
        connection: DownloadConnection,
        response: HTTPResponse,
        expected: int | None,
    ) -> None:
        self._remote = remote
        self._connection = connection
        self._response = response
        self._left = expected
        self._open = True

    def __iter__(self) -> Iterator[bytes]:
        while self._open:
            piece, failure = self._gathered()
            if piece:
                yield piece
            if failure is not None:
                self.close()
                raise failure

    def close(self) -> None:
        """See `protocol.RemoteBody`."""
        if self._open:
            self._open = False
            self._remote.dropped(self._connection)

    def _gathered(self) -> tuple[bytes, TransientFailure | None]:
        """About 1 MiB of the answer, and the error with which it ended, if any."""
        parts: list[bytes] = []
        size = 0
        try:
            while size < PIECE and self._left != 0:
                space = PIECE - size
                part = self._response.read1(space if self._left is None else min(space, self._left))
                if not part:
                    if self._left:
                        return b"".join(parts), self._remote.cut(self._left)
                    self._left = 0
                    break
                parts.append(part)
                size += len(part)
                if self._left is not None:
                    self._left -= len(part)
            if self._left == 0:
                self._end()
        except OSError as error:
            return b"".join(parts), self._remote.broken(error)
        except HTTPException:
            return b"".join(parts), self._remote.cut(None)
        return b"".join(parts), None

    def _end(self) -> None:
        self._open = False
        if self._response.length == 0:
            self._response.close()
        self._remote.done(self._connection, self._response)


def _facts(response: HTTPResponse, size: int | None) -> RemoteFacts:
    etag = response.headers.get("ETag", "").strip()
    return RemoteFacts(size, etag if etag.startswith('"') else None, _modified(response))


def _modified(response: HTTPResponse) -> int | None:
    try:
        return int(parsedate_to_datetime(response.headers["Last-Modified"]).timestamp()) * _NS
    except (ValueError, TypeError):
        return None
