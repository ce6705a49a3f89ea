"""Writes a request as the bytes that go over the wire."""

from __future__ import annotations

import time
from collections.abc import Mapping
from importlib.metadata import version
from urllib.parse import quote, urlsplit

from snapshots._native import request_end
from snapshots.endpoints.http.page import RecordPage
from snapshots.endpoints.http.settings import HttpSettings

HEAD_SECONDS = 1.0
"""Seconds that the headers of authentication are used before they are asked for again."""
_KEPT = "/%:=&?~+!$,;'@()*[]"
"""Characters of a URL that need no quoting, or are quoting themselves."""


class RequestWriter:
    """Writes the requests of one delivery: all but their last lines are always the same."""

    def __init__(self, settings: HttpSettings) -> None:
        parts = urlsplit(settings.url)
        path = quote(parts.path or "/", safe=_KEPT)
        query = f"?{quote(parts.query, safe=_KEPT)}" if parts.query else ""
        headers = {
            "Host": parts.netloc.encode("idna").decode("ascii"),
            "User-Agent": f"snapshots/{version('snapshots')}",
            "Accept": "application/json, */*;q=0.5",
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
        }
        # A header that is given again takes the place of ours, however it is written.
        given = {name.lower() for name in settings.headers}
        headers = {name: text for name, text in headers.items() if name.lower() not in given}
        self.path = path
        """The path without the query, which may hold a key."""
        self._start = f"{settings.method} {path}{query} HTTP/1.1\r\n".encode("ascii")
        self._start += _lines({**headers, **settings.headers})
        self._auth = settings.auth
        self._key_header = settings.key_header
        self._arrays = settings.arrays
        self._head = b""
        self._head_until = 0.0

    def head(self) -> bytes:
        """Returns the beginning of a request that is made now: all but its key, its length and its
        body."""
        if time.monotonic() > self._head_until:
            self._renew()
        return self._head

    def assemble(self, end: bytes) -> bytes:
        """Returns the request that ends like this."""
        return self.head() + end

    def of(self, page: RecordPage) -> bytes:
        """Returns the request with these records."""
        return self.assemble(request_end(page.bodies, page.keys, self._key_header, self._arrays))

    def _renew(self) -> None:
        auth = _lines(self._auth.headers()) if self._auth is not None else b""
        self._head = self._start + auth
        self._head_until = time.monotonic() + HEAD_SECONDS


def _lines(headers: Mapping[str, str]) -> bytes:
    return "".join(f"{name}: {text}\r\n" for name, text in headers.items()).encode("latin-1")
