"""What every way to prove who we are has in common, and those that never change."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, runtime_checkable

from snapshots.defaults import API_KEY_HEADER
from snapshots.endpoints.http.response import Response

Post: TypeAlias = Callable[[str, Mapping[str, str], bytes], Awaitable[Response]]
"""Sends a body to a URL, on the way that the delivery takes, and gives the answer with its whole
body. Raises NoAnswer if there is none."""


class Auth(Protocol):
    """Proves who we are. It is asked about once a second, so that a token can be renewed in
    between."""

    def headers(self) -> Mapping[str, str]:
        """Returns the headers that prove it, and none while it has none; must be quick."""

    def secrets(self) -> tuple[str, ...]:
        """Returns what must never be shown if a server repeats it."""


@runtime_checkable
class Renewable(Auth, Protocol):
    """An `Auth` that can get other headers when the API refuses those that it has."""

    def due(self) -> bool:
        """Returns whether there are no headers yet, or they end soon; must be quick."""

    async def renew(self, post: Post) -> None:
        """Gets others. `post` may be used to do so.

        Raises a SnapshotsError; one that is `retryable` is not the last word.
        """


@dataclass(frozen=True, slots=True)
class Basic:
    """Sends `Authorization: Basic ...` (RFC 7617).

    >>> Basic("someone", "a password").headers()
    {'Authorization': 'Basic c29tZW9uZTphIHBhc3N3b3Jk'}
    """

    name: str
    password: str = field(repr=False)

    def headers(self) -> Mapping[str, str]:
        """The one header."""
        return {"Authorization": f"Basic {self._encoded}"}

    def secrets(self) -> tuple[str, ...]:
        """The password, plain and encoded."""
        return (self.password, self._encoded)

    @property
    def _encoded(self) -> str:
        return base64.b64encode(f"{self.name}:{self.password}".encode()).decode("ascii")


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
