"""How rows are sent to an API: what a user asks for, and what of it the ledger may keep."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from snapshots.errors import UsageError

_SECRET_NAME = re.compile(r"key|token|secret|passw|auth|sig", re.IGNORECASE)
_FROM_ELSEWHERE = re.compile(r"\$\{\w+\}|^@")
_HARMLESS = {"accept", "content-type", "prefer", "user-agent"}
_METHODS = ("POST", "PUT", "PATCH")
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Request:
    """Where and how rows are sent.

    URL and headers are as the user wrote them: a value that is `${VARIABLE}` or `@FILE` is only
    looked up when it is sent.
    """

    url: str
    method: str = "POST"
    batch: int = 1
    headers: tuple[tuple[str, str | None], ...] = ()
    """None: a value that the ledger was not told."""
    nulls: Literal["null", "omit"] = "null"
    key_header: str = "Idempotency-Key"
    seed: str = ""
    """Of the idempotency keys: two deliveries never have a key in common."""
    concurrency: int = _AT_ONCE
    ordered: bool = False
    rate: float | None = None
    timeout: float = 30.0
    retry_seconds: float = 60.0
    auth: Any = field(default=None, compare=False, repr=False)
    """From Python only: what makes the headers of a request, such as a token that is renewed."""

    def __post_init__(self) -> None:
        if self.method not in _METHODS:
            raise UsageError(
                f"--method {self.method} cannot be used", hint=f"It is one of {', '.join(_METHODS)}"
            )
        _require_url(self.url)
        for name in ("batch", "concurrency", "rate", "timeout", "retry_seconds"):
            number = getattr(self, name)
            if number is not None and number <= 0:
                raise UsageError(f"{name} is {number}", hint="It is a number above 0")

    def __str__(self) -> str:
        return self.url

    @property
    def at_once(self) -> int:
        """Requests that may be under way."""
        return 1 if self.ordered else self.concurrency

    def given(self) -> dict[str, Any]:
        """What decides what is sent, with no secret in it."""
        kept = asdict(self.for_the_ledger())
        paced = ("seed", "auth", "concurrency", "ordered", "rate", "timeout", "retry_seconds")
        return {name: value for name, value in kept.items() if name not in paced}

    def for_the_ledger(self) -> Request:
        """The same without values of headers that may be secrets."""
        headers = tuple(
            (name, value if value is not None and _may_be_kept(name, value) else None)
            for name, value in self.headers
        )
        return replace(self, headers=headers, auth=None)

    def with_secrets_of(self, other: Request | None) -> Request:
        """What the ledger kept, with the headers that it was not told.

        Raises UsageError where one is missing.
        """
        given = {} if other is None else {name.lower(): v for name, v in other.headers}
        headers = tuple(
            (name, given.get(name.lower()) if value is None else value)
            for name, value in self.headers
        )
        for name, value in headers:
            if value is None:
                raise UsageError(
                    f"the value of the header {name} is not kept in the ledger",
                    hint=f"Give it again: --header '{name}: ...'. One that is written as"
                    " ${VARIABLE} or @FILE needs no repeating",
                )
        return replace(self, headers=headers, auth=None if other is None else other.auth)


def _may_be_kept(name: str, value: str) -> bool:
    return name.lower() in _HARMLESS or _FROM_ELSEWHERE.search(value) is not None


def _require_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise UsageError(f"--to is not a URL: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError("--to takes a URL", hint="For instance --to https://api.example.org/rows")
    hint = "Write ${VARIABLE} there, or give it in a header: --bearer-variable, --header"
    if parts.password is not None or parts.username is not None:
        raise UsageError("a user or password in a URL can be read in the process list", hint=hint)
    for name, value in parse_qsl(parts.query):
        if _SECRET_NAME.search(name) and not _FROM_ELSEWHERE.search(value):
            raise UsageError(
                f"the {name} in the URL would be kept in the ledger and shown in the process list",
                hint=hint,
            )
