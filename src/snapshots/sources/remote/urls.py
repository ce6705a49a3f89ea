"""Parses URLs, and finds the credentials that belong to them."""

from __future__ import annotations

import base64
import os
import re
from dataclasses import field, replace
from typing import Final
from urllib.parse import quote, unquote, urljoin, urlsplit

from snapshots import home
from snapshots.errors import InputError
from snapshots.hosts import no_name
from snapshots.quick_dataclass import dataclass
from snapshots.redaction import authority, shown

HTTP: Final = ("http", "https")
STORES: Final = ("s3", "gs", "az")
SFTP: Final = "sftp"

_PORTS: Final = {"http": 80, "https": 443}
_KEPT_IN_PATHS: Final = "/%:=&~+!$,;'@()*[]"


@dataclass(frozen=True, slots=True)
class Url:
    """The parts of a URL that a request needs."""

    scheme: str
    host: str
    port: int
    target: str = field(repr=False)
    """The path and the query as they are sent."""
    authorization: str | None = field(default=None, repr=False)

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: the same origin may be sent the same secrets."""
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def joined(self, location: str) -> Url:
        """The URL that a redirect leads to. It keeps credentials only within the same origin."""
        try:
            to = parse(urljoin(f"{self.scheme}://{self.authority}{self.target}", location))
        except ValueError as error:
            raise _no_url(location) from error
        if to.authorization is None and to.origin == self.origin:
            return replace(to, authorization=self.authorization)
        return to


def parse(text: str) -> Url:
    """Parses an http or https URL. Raises InputError if it is none."""
    try:
        parts = urlsplit(text.strip())
        scheme, host, port = parts.scheme.lower(), parts.hostname or "", parts.port
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except ValueError as error:
        raise _no_url(text) from error
    if scheme not in HTTP or not host or re.search(r"[\s\x00-\x20\x7f]", host):
        raise _no_url(text)
    if why := no_name(host):
        raise InputError(
            f"The URL has no valid host: {why}.", place=shown(text), hint="Check the host name."
        )
    target = quote(parts.path or "/", safe=_KEPT_IN_PATHS)
    if parts.query:
        target += "?" + quote(parts.query, safe=_KEPT_IN_PATHS + "?")
    authorization = None
    if parts.username is not None:
        authorization = _basic(unquote(parts.username), unquote(parts.password or ""))
    return Url(scheme, host, port or _PORTS[scheme], target, authorization)


def from_netrc(host: str) -> str | None:
    """The credentials for a host in the file that NETRC names, or in ~/.netrc."""
    from netrc import NetrcParseError, netrc

    path = home.expanded(os.environ.get("NETRC") or "~/.netrc")
    try:
        if path is None or not path.is_file():
            return None
    except OSError:  # in a home folder that is somebody else's
        return None
    try:
        found = netrc(str(path)).authenticators(host)
    except (NetrcParseError, OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"The credentials in {path} cannot be read.",
            hint="Its lines look like: machine example.org login USER password ...",
        ) from error
    return _basic(found[0], found[2] or "") if found else None


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")


def _no_url(text: str) -> InputError:
    return InputError(
        "This is not a valid URL.",
        place=shown(text),
        hint="Write it like https://example.org/rides.csv. In a user name or password, write @ : /"
        " ? and % as %40 %3A %2F %3F and %25",
    )


def without_query(url: str) -> str:
    """The decoded path without the query, from which a table is named."""
    path = url.partition("://")[2].removeprefix(authority(url))
    return unquote(re.split("[?#]", path, maxsplit=1)[0])
