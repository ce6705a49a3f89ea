"""Where and how rows are sent to an API, and which parts of that the ledger may keep."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from snapshots.defaults import (
    BATCH,
    CONCURRENCY,
    KEY_HEADER,
    MAX_CONCURRENCY,
    Method,
    Nulls,
    Results,
    option,
)
from snapshots.errors import UsageError
from snapshots.redaction import secret_parameters
from snapshots.time_limits import DELIVERY_RETRY_SECONDS, REQUEST_SECONDS

if TYPE_CHECKING:
    from snapshots.endpoints.http import Auth

_LOOKED_UP = re.compile(r"\$\{\w+\}|^@")
_HARMLESS = {"accept", "content-type", "prefer", "user-agent"}
_HOW_FAST = ("concurrency", "ordered", "rate", "timeout", "retry_seconds")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how rows are sent. The HTTP adapter refuses values that make no sense.

    URL and headers are as the user wrote them: `${VARIABLE}` and `@FILE` are looked up when
    something is sent.

    >>> Endpoint("https://example.org/items", ordered=True).at_once
    1

    Raises UsageError if the URL holds a secret in plain text.
    """

    url: str
    """Where the rows are sent: `http://` or `https://`."""
    method: Method = option("POST", "The HTTP method of the requests.", choices=Method)
    batch: int = option(
        BATCH,
        "The number of records in one request. More than one are sent as a JSON array.",
        least=1,
    )
    headers: tuple[tuple[str, str | None], ...] = ()
    """Headers by name. None stands for a value that the ledger does not store."""
    nulls: Nulls = option(
        "null",
        "How to send a missing value. null: as null. omit: leave its member out.",
        choices=Nulls,
    )
    results: Results = option(
        "none",
        "How a 207 answer says what became of each record. none: it does not.",
        choices=Results,
    )
    key_header: str = option(KEY_HEADER, "The header of the idempotency key.")
    seed: str = ""
    """The prefix of idempotency keys. No two deliveries share a key."""
    concurrency: int = option(
        CONCURRENCY,
        "The most requests at once. Fewer are sent while the API asks for less.",
        least=1,
        most=MAX_CONCURRENCY,
    )
    ordered: bool = option(
        False, "Send the records in the order of the input, one request at a time."
    )
    rate: float | None = option(None, "The most requests per second.")
    timeout: float = option(
        REQUEST_SECONDS, "The most seconds from the start of a request to the end of its answer."
    )
    retry_seconds: float = option(
        DELIVERY_RETRY_SECONDS, "How many seconds to try a record again before it is left pending."
    )
    auth: Auth | None = field(default=None, compare=False, repr=False)
    """Credentials from Python that may change, such as a renewable token."""

    def __post_init__(self) -> None:
        for name, value in secret_parameters(self.url):
            if not _LOOKED_UP.search(value):
                raise UsageError(
                    f"the {name} in the URL is visible in the process list and in the ledger",
                    hint=f"Write it as a variable: {name}=${{VARIABLE}}, in single quotes",
                )

    def __str__(self) -> str:
        return self.url

    @property
    def at_once(self) -> int:
        """How many requests may be under way at once."""
        return 1 if self.ordered else self.concurrency

    def given(self) -> dict[str, Any]:
        """The parts that decide what is sent, as JSON."""
        kept = self.for_the_ledger()
        return {k: v for k, v in kept.items() if k != "seed" and k not in _HOW_FAST}

    def for_the_ledger(self) -> dict[str, Any]:
        """All parts that are no secrets, as JSON."""
        kept = asdict(replace(self, auth=None))
        del kept["auth"]
        kept["headers"] = [[name, _without_secret(name, value)] for name, value in self.headers]
        return kept

    @classmethod
    def from_the_ledger(cls, kept: dict[str, Any]) -> Endpoint:
        """Reads what `for_the_ledger` gave."""
        return cls(**{**kept, "headers": tuple((name, value) for name, value in kept["headers"])})

    def with_secrets_of(self, given: Endpoint | None) -> Endpoint:
        """The ledger's request with the secrets, limits and speed of the one given now.

        Raises UsageError if the value of a header is missing.
        """
        again = {} if given is None else {name.lower(): value for name, value in given.headers}
        headers = tuple((name, again.get(name.lower(), value)) for name, value in self.headers)
        for name, value in headers:
            if value is None:
                raise UsageError(
                    f"the ledger does not store the value of the header {name}",
                    hint=f"Repeat the command, with --header '{name}: ...'. A value that is"
                    " written as ${VARIABLE} or @FILE need not be repeated",
                )
        if given is None:
            return replace(self, headers=headers)
        fast = {name: getattr(given, name) for name in _HOW_FAST}
        return replace(self, headers=headers, auth=given.auth, **fast)


def _without_secret(name: str, value: str | None) -> str | None:
    if value is None or name.lower() in _HARMLESS or _LOOKED_UP.search(value):
        return value
    return None
