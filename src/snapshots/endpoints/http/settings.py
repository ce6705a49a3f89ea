"""The settings of an API, checked once, before anything is sent."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args
from urllib.parse import urlsplit

from snapshots.defaults import (
    BATCH,
    CONCURRENCY,
    KEY_HEADER,
    MAX_CONCURRENCY,
    Body,
    RequestMethod,
    Results,
)
from snapshots.endpoints.http.auth import Auth
from snapshots.endpoints.http.body import BodyForm
from snapshots.endpoints.http.page import RecordOutcome
from snapshots.endpoints.http.quota import Quota
from snapshots.endpoints.http.response import MULTI_STATUS
from snapshots.errors import UsageError
from snapshots.hosts import no_name
from snapshots.item_results import ItemResults
from snapshots.redaction import is_secret, secret_parameters
from snapshots.route import Route
from snapshots.time_limits import DELIVERY_RETRY_SECONDS, REQUEST_SECONDS

METHODS: tuple[RequestMethod, ...] = get_args(RequestMethod)
SHORTEST_SECRET = 6
"""Texts shorter than this are not hidden: they are parts of ordinary words."""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_SUCCESSES = frozenset(range(200, 300))
_OURS = {"content-length", "transfer-encoding", "host", "connection", "expect"}


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Everything that a delivery needs to know of its API. Raises UsageError if it is wrong.

    >>> HttpSettings("https://api.example.com/v1/wells?key=1", method="PUT").display()
    'https://api.example.com/v1/wells'
    """

    url: str = field(repr=False)
    place: str = ""
    """The name of the URL for logs and the ledger. If empty, it is the URL without its query."""
    address: Sequence[str] | None = field(default=None, repr=False)
    """Where records choose their address: the path and query of the URL, quoted, as a text, the
    name of a column, a text, and so on. None: all go to `url`."""
    method: RequestMethod = "POST"
    batch: int = BATCH
    """Records of one request."""
    batch_bytes: int | None = None
    """The most bytes of the body of a request with more than one record."""
    body: Body | None = None
    """How the records of a request are written. None: one as an object, more as an array."""
    envelope: str | None = None
    """The name of the member that the body is in, of a JSON object; None: it is in none."""
    action_line: Sequence[str] | None = field(default=None, repr=False)
    """What stands in a line before each record, as JSON: a text, the name of a column, a text, and
    so on. None: nothing."""
    nested: bool = False
    """Make objects within objects of columns with dotted names."""
    method_column: str | None = None
    """The column with the method of each record. It is not sent."""
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
    per_minute: int | None = None
    """Maximum number of requests in any minute."""
    quota: Quota | None = None
    """Maximum number of requests in a day."""
    retry_seconds: float = DELIVERY_RETRY_SECONDS
    """Seconds for which a request is retried after its first failure."""
    key_header: str = KEY_HEADER
    """The header for idempotency keys; if empty, none is sent."""
    results: Results | ItemResults = "none"
    """How an answer says what became of each record; `combocurve` is for 207 answers."""
    success: tuple[str, Any] | None = None
    """A JSON Pointer, and the value that the body of a success has there."""
    keep: str | None = None
    """A JSON Pointer to what is kept of the result of each record."""
    whole_body: bool = False
    """Read the body of each success to its end."""
    last: frozenset[RecordOutcome] = frozenset()
    """Outcomes of a record after which no other record of its page is sent."""

    route: Route = field(default_factory=Route)
    """How the server is reached."""
    http2: bool = False
    """Speak HTTP/2 from the start, and nothing else. Otherwise servers choose it over TLS."""
    window: int = 1_000_000
    """Maximum number of streamed requests that `allow` was not called for."""
    first: int | None = None
    """Maximum number of streamed records; None: all."""
    wary: bool = False
    """End the delivery if the server does not answer in HTTP at first, or refuses the address,
    method or type of every request. No record is rejected then."""

    def __post_init__(self) -> None:
        _check_url(self.url, placeholders=self.address is not None)
        if self.method not in METHODS:
            raise UsageError(
                f"{self.method} cannot be used to send records", hint="POST, PUT, PATCH"
            )
        if self.batch < 1:
            raise UsageError("batch must be at least 1", hint="see --batch")
        if self.address is not None and self.batch > 1:
            raise UsageError(
                "each record has an address of its own, and so a request of its own",
                hint="leave --batch out",
            )
        _ = self.form
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
        if self.keep is not None and self.form.holds_many and self.results == "none":
            raise UsageError(
                "an answer to several records has no value for each of them",
                hint="Send one record per request, or say where the results are: --results.",
            )
        key = {self.key_header: ""} if self.key_header else {}
        auth = self.auth.headers() if self.auth else {}
        for name, value in {**self.headers, **key, **auth}.items():
            _check_header(name, value)
        self.route.proxy_for(self.url)
        if self.route.ca or self.route.cert or self.route.cert_key:
            self.route.context()

    @property
    def body_decides(self) -> frozenset[int]:
        """The statuses that say nothing without the complete body."""
        plain = self.results in ("none", "combocurve")
        if not plain or self.success or self.keep is not None or self.whole_body:
            return _SUCCESSES
        return frozenset() if self.results == "none" else frozenset({MULTI_STATUS})

    @property
    def form(self) -> BodyForm:
        """How the records of a request are written."""
        return BodyForm(
            self.body,
            self.batch,
            self.batch_bytes,
            self.envelope,
            nested=self.nested,
            lines=self.action_line is not None,
        )

    def display(self) -> str:
        """Returns the URL without its query, which may hold a key."""
        if self.place:
            return self.place
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}{parts.path}"

    def secrets(self) -> tuple[str, ...]:
        """Returns what a server may repeat and nobody may see."""
        kept = [*self.looked_up, *(self.auth.secrets() if self.auth else ())]
        proxy = self.route.proxy_for(self.url)
        if proxy is not None and proxy.credentials is not None:
            kept += [proxy.credentials[1], (proxy.authorization or "").rpartition(" ")[2]]
        for name, value in self.headers.items():
            if is_secret(name):
                # An API that repeats a token leaves the word `Bearer` out.
                kept += [value, value.rpartition(" ")[2]]
        kept += [urlsplit(self.url).query, *(value for _, value in secret_parameters(self.url))]
        # The longest first: another may be a part of it.
        found = sorted({text for text in kept if len(text) >= SHORTEST_SECRET}, key=len)
        return tuple(reversed(found))


def _check_url(url: str, *, placeholders: bool) -> None:
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
    if re.search(r"\{[^{}/?#]*\}", parts.netloc if placeholders else url):
        raise UsageError(
            "the address has a {placeholder} where records cannot choose it",
            hint="Records choose parts of the path and the query. Write %7B and %7D for braces.",
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
