"""The settings of an API, checked once, before anything is sent."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, get_args
from urllib.parse import urlsplit

from snapshots.defaults import (
    API_KEY_HEADER,
    BATCH,
    CONCURRENCY,
    KEY_HEADER,
    MAX_CONCURRENCY,
    Method,
    Results,
)
from snapshots.endpoints.http.page import RecordOutcome
from snapshots.errors import UsageError
from snapshots.hosts import no_name
from snapshots.redaction import is_secret, secret_parameters
from snapshots.time_limits import DELIVERY_RETRY_SECONDS, REQUEST_SECONDS

METHODS: tuple[Method, ...] = get_args(Method)
SHORTEST_SECRET = 6
"""Texts shorter than this are not hidden: they are parts of ordinary words."""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_OURS = {"content-length", "transfer-encoding", "host", "connection", "expect"}


class Auth(Protocol):
    """Proves who we are. It is asked about once a second, so that a token can be renewed in
    between."""

    def headers(self) -> Mapping[str, str]:
        """Returns the headers that prove it; must be quick."""

    def secrets(self) -> tuple[str, ...]:
        """Returns what must never be shown if a server repeats it."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """Sends `Authorization: Bearer TOKEN`."""

    token: str = field(repr=False)

    def headers(self) -> Mapping[str, str]:
        """The one header."""
        return {"Authorization": f"Bearer {self.token}"}

    def secrets(self) -> tuple[str, ...]:
        """The token."""
        return (self.token,)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """Sends a key in a header of its own, and a token as well if there is one."""

    key: str = field(repr=False)
    header: str = API_KEY_HEADER
    token: str | None = field(default=None, repr=False)

    def headers(self) -> Mapping[str, str]:
        """One header or two."""
        bearer = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {self.header: self.key, **bearer}

    def secrets(self) -> tuple[str, ...]:
        """Key and token."""
        return (self.key, self.token) if self.token else (self.key,)


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Everything that a delivery needs to know of its API. Raises UsageError if it is wrong.

    >>> HttpSettings("https://api.example.com/v1/wells", method="PUT", batch=200).arrays
    True
    """

    url: str = field(repr=False)
    place: str = ""
    """The name of the URL for logs and the ledger. If empty, it is the URL without its query."""
    method: Method = "POST"
    batch: int = BATCH
    """Records of one request."""
    array: bool = False
    """Send a JSON array even if a request holds one record. With `batch` > 1 it is always an array.
    """
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Further headers; their values may be secrets."""
    looked_up: Sequence[str] = field(default=(), repr=False)
    """Secret parts of the URL and headers, which come from the user's variables."""
    auth: Auth | None = None
    timeout: float = REQUEST_SECONDS
    """Seconds from the start of a request to the end of its answer."""
    concurrency: int = CONCURRENCY
    """Maximum number of parallel requests."""
    rate: float | None = None
    """Maximum number of requests per second."""
    retry_seconds: float = DELIVERY_RETRY_SECONDS
    """Seconds for which a request is retried after its first failure."""
    key_header: str = KEY_HEADER
    """The header for idempotency keys; if empty, none is sent."""
    results: Results = "none"
    """The format of the results in a 207 answer."""
    last: frozenset[RecordOutcome] = frozenset()
    """Outcomes of a record after which no other record of its page is sent."""

    wary: bool = False
    """End the delivery if the server does not answer in HTTP at first, or refuses the address,
    method or type of every request. No record is rejected then."""

    def __post_init__(self) -> None:
        _check_url(self.url)
        if self.method not in METHODS:
            raise UsageError(
                f"{self.method} cannot be used to send records", hint="POST, PUT, PATCH"
            )
        if self.batch < 1:
            raise UsageError("batch must be at least 1", hint="see --batch")
        if not 1 <= self.concurrency <= MAX_CONCURRENCY:
            raise UsageError(
                f"concurrency must be from 1 to {MAX_CONCURRENCY}",
                hint="see --concurrency",
            )
        rate = 1.0 if self.rate is None else self.rate
        numbers = (self.timeout, self.retry_seconds, rate)
        if min(self.timeout, rate) <= 0 or self.retry_seconds < 0 or not _finite(numbers):
            raise UsageError(
                "timeout and rate must be more than 0", hint="see --timeout and --rate"
            )
        key = {self.key_header: ""} if self.key_header else {}
        auth = self.auth.headers() if self.auth else {}
        for name, value in {**self.headers, **key, **auth}.items():
            _check_header(name, value)

    @property
    def arrays(self) -> bool:
        """Whether requests are JSON arrays."""
        return self.array or self.batch > 1

    def display(self) -> str:
        """Returns the URL without its query, which may hold a key."""
        if self.place:
            return self.place
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}{parts.path}"

    def secrets(self) -> tuple[str, ...]:
        """Returns what a server may repeat and nobody may see."""
        kept = [*self.looked_up, *(self.auth.secrets() if self.auth else ())]
        for name, value in self.headers.items():
            if is_secret(name):
                # An API that repeats a token leaves the word `Bearer` out.
                kept += [value, value.rpartition(" ")[2]]
        kept += [urlsplit(self.url).query, *(value for _, value in secret_parameters(self.url))]
        # The longest first: another may be a part of it.
        found = sorted({text for text in kept if len(text) >= SHORTEST_SECRET}, key=len)
        return tuple(reversed(found))


def _check_url(url: str) -> None:
    """Checks the URL. Errors never repeat it: it may hold a password."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise UsageError(
            "the address to send to is not an HTTP URL",
            hint="Write it like http://localhost:9009/movies or https://api.example.com/v1/items.",
        )
    if re.search(r"\{[^{}/?#]*\}", url):
        raise UsageError(
            "the address has a {placeholder}, but records cannot choose their address",
            hint="All records go to one address. Write %7B and %7D for braces in it.",
        )
    if why := no_name(parts.hostname or ""):
        raise UsageError(f"the address to send to has no valid host: {why}", hint="check the host")
    if parts.username or parts.password:
        raise UsageError(
            "a password in a URL is visible to everyone on this machine",
            hint="Put the credentials into a variable, as a token, an API key or a header.",
        )


def _check_header(name: str, value: str) -> None:
    if not _TOKEN.fullmatch(name):
        raise UsageError(f"{name!r} is not a valid name of a header")
    if name.lower() in _OURS:
        raise UsageError(f"the header {name} is set by snapshots and cannot be changed")
    if not _VALUE.fullmatch(value):
        raise UsageError(
            f"the value of the header {name} has characters that headers must not have",
            hint="Remove line ends and control characters.",
        )


def _finite(numbers: Sequence[float]) -> bool:
    return all(map(math.isfinite, numbers))
