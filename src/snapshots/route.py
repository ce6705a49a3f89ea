"""How web servers are reached: through which proxy, and with which certificates.

Sending and reading follow the same rules, which are those of curl and most other programs.
"""

from __future__ import annotations

import os
from base64 import b64encode
from dataclasses import field
from functools import cached_property
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from snapshots.errors import UsageError
from snapshots.quick_dataclass import dataclass

if TYPE_CHECKING:
    import ssl

SCHEMES: Final = ("http", "https", "socks5", "socks5h")
_PORTS: Final = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


@dataclass(frozen=True)
class Proxy:
    """The address of a proxy.

    >>> proxy = Proxy("http://me:a%40b@proxy:3128")
    >>> proxy.host, proxy.port, proxy.credentials, proxy.display
    ('proxy', 3128, ('me', 'a@b'), 'http://proxy:3128')

    Raises UsageError if it is none.
    """

    url: str = field(repr=False)

    def __post_init__(self) -> None:
        try:
            good = bool(self.host) and self.port > 0
        except ValueError:
            good = False
        if not good or self.scheme not in SCHEMES:
            raise UsageError(
                "the address of the proxy is not valid",
                hint=f"Write it like http://proxy:3128. It may begin with {', '.join(SCHEMES)}.",
            )

    @cached_property
    def _parts(self) -> tuple[str, str, int, tuple[str, str] | None]:
        parts = urlsplit(self.url if "://" in self.url else f"http://{self.url}")
        port = parts.port if parts.port is not None else _PORTS.get(parts.scheme, 0)
        pair = None
        if parts.username is not None:
            pair = unquote(parts.username), unquote(parts.password or "")
        return parts.scheme, parts.hostname or "", port, pair

    @property
    def scheme(self) -> str:
        """One of SCHEMES."""
        return self._parts[0]

    @property
    def host(self) -> str:
        """Its name or address."""
        return self._parts[1]

    @property
    def port(self) -> int:
        """Its port."""
        return self._parts[2]

    @property
    def credentials(self) -> tuple[str, str] | None:
        """Name and password, if the address has them."""
        return self._parts[3]

    @property
    def authorization(self) -> str | None:
        """The value of the header Proxy-Authorization."""
        if self.credentials is None:
            return None
        return f"Basic {b64encode(':'.join(self.credentials).encode()).decode()}"

    @property
    def display(self) -> str:
        """The address without name and password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Route:
    """The way to a server. What is not given comes from the usual variables of the environment."""

    proxy: str | None = field(default=None, repr=False)
    """The proxy for all requests; `none`: no proxy. None: as the environment says."""
    ca: str | None = None
    """A file with the certificates of the authorities that are trusted, in PEM format."""
    cert: str | None = None
    """A file with the client certificate, and perhaps its key."""
    cert_key: str | None = None
    """A file with the key of the client certificate."""

    @classmethod
    def of_environment(cls) -> Route:
        """Returns the route that the variables SNAPSHOTS_PROXY, SNAPSHOTS_CA, SNAPSHOTS_CERT and
        SNAPSHOTS_CERT_KEY describe."""
        names = ("PROXY", "CA", "CERT", "CERT_KEY")
        return cls(*(os.environ.get(f"SNAPSHOTS_{name}") or None for name in names))

    def proxy_for(self, url: str) -> Proxy | None:
        """Returns the proxy for a URL. Raises UsageError if its address is wrong."""
        if self.proxy is not None:
            return None if self.proxy in {"", "none"} else Proxy(self.proxy)
        parts = urlsplit(url)
        found = _variable(f"{parts.scheme}_proxy") or _variable("all_proxy")
        if not found or _excepted(parts.hostname or "", parts.port, _variable("no_proxy")):
            return None
        return Proxy(found)

    def context(self) -> ssl.SSLContext:
        """Returns how TLS is spoken. Raises UsageError if a file cannot be used."""
        # Imports of files do without it.
        import ssl

        try:
            context = ssl.create_default_context(cafile=self.ca)
        except OSError as error:
            raise UsageError(
                f"{self.ca} holds no certificates of authorities: {_reason(error)}",
                hint="Name a file in PEM format: --ca FILE",
            ) from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.cert is not None:
            self._load_certificate(context, self.cert)
        elif self.cert_key is not None:
            raise UsageError("a key needs its certificate", hint="--cert FILE")
        return context

    def _load_certificate(self, context: ssl.SSLContext, cert: str) -> None:
        def no_password() -> str:
            raise UsageError(
                f"the key in {self.cert_key or cert} is protected by a password",
                hint="Name a file with the key alone, which only you may read: --cert-key FILE",
            )

        try:
            context.load_cert_chain(cert, self.cert_key, no_password)
        except OSError as error:
            raise UsageError(
                f"the client certificate cannot be used: {_reason(error)}",
                place=cert if self.cert_key is None else f"{cert}, {self.cert_key}",
                hint="Name a certificate and its key, in PEM format: --cert FILE --cert-key FILE",
            ) from error


def _reason(error: OSError) -> str:
    """What is wrong, in words: an `ssl.SSLError` has a reason such as BAD_BASE64_DECODE."""
    reason: str | None = getattr(error, "reason", None)
    return reason.replace("_", " ").lower() if reason else error.strerror or str(error)


def _variable(name: str) -> str:
    """The lower-case name counts first. A web server sets HTTP_PROXY to what a client says."""
    upper = "" if name == "http_proxy" and "REQUEST_METHOD" in os.environ else name.upper()
    return (os.environ.get(name) or os.environ.get(upper) or "").strip()


def _excepted(host: str, port: int | None, exceptions: str) -> bool:
    """Whether a host is one of those that NO_PROXY lists.

    >>> _excepted("a.example.org", None, "localhost, .example.org")
    True
    >>> _excepted("10.1.2.3", 80, "10.0.0.0/8"), _excepted("myexample.org", 80, "example.org")
    (True, False)
    """
    name = host.lower().rstrip(".")
    for one in exceptions.lower().replace(",", " ").split():
        listed, _, its_port = one.rpartition(":") if one.count(":") == 1 else (one, "", "")
        if its_port and its_port != str(port):
            continue
        listed = listed.removeprefix("*").removeprefix(".").rstrip(".").strip("[]")
        if one == "*" or name == listed or (listed and name.endswith(f".{listed}")):
            return True
        try:
            if ip_address(name) in ip_network(listed, strict=False):
                return True
        except ValueError:
            continue
    return False
