"""URLs: taken apart, shown without their secrets, and the credentials that belong to them."""

from __future__ import annotations

import base64
import os
import re
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import quote, unquote, unquote_plus, urljoin, urlsplit

from snapshots import home
from snapshots.errors import InputError

HTTP: Final = ("http", "https")
STORES: Final = ("s3", "gs", "az")
HIDDEN: Final = "***"

_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_PORTS: Final = {"http": 80, "https": 443}
_SECRET_NAME: Final = re.compile(
    r"sig|token|key|secret|pass|pwd|auth|cred|session|code|jwt|hash|hmac|ticket", re.IGNORECASE
)
_OPAQUE: Final = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9+/_=-]{16,}")
"""What looks like a key, whatever its parameter is called."""
_KEPT_IN_PATHS: Final = "/%:=&~+!$,;'@()*[]"


@dataclass(frozen=True, slots=True)
class Url:
    """Where a request goes."""

    scheme: str
    host: str
    port: int
    target: str = field(repr=False)
    """Path and query, as they are sent."""
    authorization: str | None = field(default=None, repr=False)

    @property
    def origin(self) -> tuple[str, str, int]:
        """Whoever is told a secret is told it by this."""
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """For the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def joined(self, location: str) -> Url:
        """Where a redirect leads. Credentials go along within their own origin alone."""
        try:
            to = parse(urljoin(f"{self.scheme}://{self.authority}{self.target}", location))
        except ValueError as error:
            raise _no_url(location) from error
        if to.authorization is None and to.origin == self.origin:
            return replace(to, authorization=self.authorization)
        return to


def scheme_of(name: str) -> str | None:
    """The scheme, in small letters, of what is written like a URL."""
    match = _SCHEME.match(name)
    return match[1].lower() if match else None


def parse(text: str) -> Url:
    """An http or https URL. InputError if it is none."""
    try:
        parts = urlsplit(text.strip())
        scheme, host, port = parts.scheme.lower(), parts.hostname or "", parts.port
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except ValueError as error:
        raise _no_url(text) from error
    if scheme not in HTTP or not host or re.search(r"[\s\x00-\x20\x7f]", host):
        raise _no_url(text)
    target = quote(parts.path or "/", safe=_KEPT_IN_PATHS)
    if parts.query:
        target += "?" + quote(parts.query, safe=_KEPT_IN_PATHS + "?")
    authorization = None
    if parts.username is not None:
        authorization = _basic(unquote(parts.username), unquote(parts.password or ""))
    return Url(scheme, host, port or _PORTS[scheme], target, authorization)


def shown(name: str) -> str:
    """A name for logs, errors and the ledger: of a URL without anything that may be secret.

    >>> shown("https://ana:pw@example.org/a.csv?page=2&X-Amz-Signature=0b1c")
    'https://example.org/a.csv?page=2&X-Amz-Signature=***'
    """
    if scheme_of(name) is None:
        return name
    head, _, rest = name.partition("://")
    rest = rest.partition("#")[0]
    place, question, query = rest.partition("?")
    authority, slash, path = place.partition("/")
    authority = authority.rpartition("@")[2]
    # A password with a slash in it, which standards forbid and people write.
    if "@" in path and ":" in authority and not authority.rpartition(":")[2].isdigit():
        authority, slash, path = path.rpartition("@")[2].partition("/")
    return f"{head}://{authority}{slash}{path}{question}{_without_secrets(query)}"


def hides_something(name: str) -> bool:
    """Whether `shown` left out what a request needs."""
    return scheme_of(name) is not None and (HIDDEN in shown(name) or "@" in authority(name))


def from_netrc(host: str) -> str | None:
    """The credentials for a host in the file that NETRC names, or in ~/.netrc."""
    from netrc import NetrcParseError, netrc

    path = home.expanded(os.environ.get("NETRC") or "~/.netrc")
    if path is None or not path.is_file():
        return None
    try:
        found = netrc(str(path)).authenticators(host)
    except (NetrcParseError, OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"The credentials in {path} cannot be read.",
            hint="It has lines such as: machine example.org login ana password ...",
        ) from error
    return _basic(found[0], found[2] or "") if found else None


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")


def _without_secrets(query: str) -> str:
    """The query as it was written, but for secret values: a resume asks for the very same."""
    if query and not re.search("[=&;]", query):
        return HIDDEN
    return "".join(map(_without_secret, re.split("([&;])", query)))


def _without_secret(pair: str) -> str:
    name, equals, value = pair.partition("=")
    secret = _SECRET_NAME.search(unquote_plus(name)) or _OPAQUE.fullmatch(unquote_plus(value))
    if equals and value and secret:
        return f"{name}={HIDDEN}"
    return HIDDEN if not equals and _OPAQUE.fullmatch(unquote_plus(name)) else pair


def _no_url(text: str) -> InputError:
    return InputError(
        "This is no URL that can be read.",
        place=shown(text),
        hint="For instance https://example.org/rides.csv; in a user name or password, write"
        " @ : / ? and % as %40 %3A %2F %3F and %25",
    )


def authority(name: str) -> str:
    """Host or bucket as it is written, with all that stands before and behind it; of any text."""
    return re.split("[/?#]", name.partition("://")[2], maxsplit=1)[0]


def without_query(url: str) -> str:
    """For the name of a table: the decoded path alone."""
    path = url.partition("://")[2].removeprefix(authority(url))
    return unquote(re.split("[?#]", path, maxsplit=1)[0])
