"""How rows are sent to an API: what a user asks for, and what of it the ledger may keep."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from snapshots.errors import UsageError
from snapshots.redaction import secret_parameters

if TYPE_CHECKING:
    from snapshots.endpoints.http import Auth

_LOOKED_UP = re.compile(r"\$\{\w+\}|^@")
_HARMLESS = {"accept", "content-type", "prefer", "user-agent"}
_HOW_FAST = ("concurrency", "ordered", "rate", "timeout", "retry_seconds")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how rows are sent; what makes no sense is refused by the adapter.

    URL and headers are as the user wrote them: a value that is `${VARIABLE}` or `@FILE` is only
    looked up when something is sent.
    """

    url: str
    method: Literal["POST", "PUT", "PATCH"] = "POST"
    batch: int = 1
    """Records of one request; with more than one they are an array."""
    headers: tuple[tuple[str, str | None], ...] = ()
    """None: a value that the ledger was not told."""
    nulls: Literal["null", "omit"] = "null"
    results: Literal["none", "combocurve"] = "none"
    """How the results of a 207 answer are read."""
    key_header: str = "Idempotency-Key"
    seed: str = ""
    """Of the idempotency keys: two deliveries never have a key in common."""
    concurrency: int = 8
    ordered: bool = False
    rate: float | None = None
    timeout: float = 30.0
    retry_seconds: float = 300.0
    auth: Auth | None = field(default=None, compare=False, repr=False)
    """From Python only: asked before each request, such as a token that is renewed."""

    def __post_init__(self) -> None:
        for name, value in secret_parameters(self.url):
            if not _LOOKED_UP.search(value):
                raise UsageError(
                    f"the {name} in the URL can be read in the process list and in the ledger",
                    hint=f"Write it as a variable: {name}=${{VARIABLE}}, in single quotes",
                )

    def __str__(self) -> str:
        return self.url

    @property
    def at_once(self) -> int:
        """Requests that may be under way."""
        return 1 if self.ordered else self.concurrency

    def given(self) -> dict[str, Any]:
        """What decides what is sent, as JSON."""
        kept = self.for_the_ledger()
        return {k: v for k, v in kept.items() if k != "seed" and k not in _HOW_FAST}

    def for_the_ledger(self) -> dict[str, Any]:
        """All that is no secret, as JSON."""
        kept = asdict(replace(self, auth=None))
        del kept["auth"]
        kept["headers"] = [[name, _without_secret(name, value)] for name, value in self.headers]
        return kept

    @classmethod
    def from_the_ledger(cls, kept: dict[str, Any]) -> Endpoint:
        """What `for_the_ledger` gave."""
        return cls(**{**kept, "headers": tuple((name, value) for name, value in kept["headers"])})

    def with_secrets_of(self, given: Endpoint | None) -> Endpoint:
        """The request that the ledger kept, with what it was not told and how fast it may go.

        Raises UsageError where the value of a header is missing.
        """
        again = {} if given is None else {name.lower(): value for name, value in given.headers}
        headers = tuple((name, again.get(name.lower(), value)) for name, value in self.headers)
        for name, value in headers:
            if value is None:
                raise UsageError(
                    f"the ledger does not keep the value of the header {name}",
                    hint=f"Send the input again as before, with --header '{name}: ...'. A value"
                    " that is written as ${VARIABLE} or @FILE needs no repeating",
                )
        if given is None:
            return replace(self, headers=headers)
        fast = {name: getattr(given, name) for name in _HOW_FAST}
        return replace(self, headers=headers, auth=given.auth, **fast)


def _without_secret(name: str, value: str | None) -> str | None:
    if value is None or name.lower() in _HARMLESS or _LOOKED_UP.search(value):
        return value
    return None
