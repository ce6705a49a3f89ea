"""A request as the bytes that go over the wire."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from urllib.parse import quote, urlsplit

from snapshots.targets.http.settings import HttpSettings

_KEPT = "/%:=&?~+!$,;'@()*[]"
"""Characters of a URL that need no quoting, or are the quoting of others."""


class Requests:
    """Writes the requests of one delivery: all but the last lines are always the same."""

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
        self._start = f"{settings.method} {path}{query} HTTP/1.1\r\n".encode("ascii")
        self._start += _lines({**headers, **settings.headers})
        self._auth = settings.auth
        self._key = f"{settings.key_header}: ".encode("ascii") if settings.key_header else b""

    def render(self, body: bytes, key: str) -> bytes:
        """One request with this body and idempotency key."""
        auth = _lines(self._auth.headers()) if self._auth is not None else b""
        keyed = b"%b%b\r\n" % (self._key, key.encode("ascii")) if self._key else b""
        return b"%b%b%bContent-Length: %d\r\n\r\n%b" % (
            self._start, auth, keyed, len(body), body,
        )  # fmt: skip


def _lines(headers: Mapping[str, str]) -> bytes:
    return "".join(f"{name}: {text}\r\n" for name, text in headers.items()).encode("latin-1")
