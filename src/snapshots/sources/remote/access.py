"""Which inputs may be read from elsewhere, and how long they are waited for."""

from __future__ import annotations

import threading
from typing import Self

from msgspec import Struct, field
from msgspec.structs import replace

from snapshots.defaults import CONNECTIONS
from snapshots.errors import InputError, UsageError
from snapshots.retry import Retries, RetryPolicy
from snapshots.route import Route
from snapshots.sources.remote.policy import AddressPolicy, Anywhere
from snapshots.sources.unpacked_limit import UnpackedLimit
from snapshots.time_limits import CONNECT_SECONDS, LONGEST_ASKED_SECONDS, STALL_SECONDS

READING = RetryPolicy(0.25, 30.0, most_failures=9, longest_asked=LONGEST_ASKED_SECONDS)
"""For a reading that has begun: nine failures in a row without a byte take about a minute."""


class TransientFailure(InputError):
    """A failure that may pass by itself, so that trying again makes sense."""

    after: float | None = None
    """Seconds that the server asks us to wait (`Retry-After`); None: it does not say."""

    @classmethod
    def of(cls, message: str, place: str, hint: str = "", after: float | None = None) -> Self:
        """The error; `after` is what the server asks us to wait."""
        error = cls(message, place=place, hint=hint, retryable=True)
        error.after = after
        return error


class EndedEarly(TransientFailure):
    """An answer that ended in good order but before all its bytes had come."""


class Timeouts(Struct, frozen=True):
    """How long a web server is waited for, in seconds, and how often it is asked again."""

    connect: float = CONNECT_SECONDS
    stall: float = STALL_SECONDS
    """Without a byte, before a connection counts as broken."""
    retry: RetryPolicy = READING
    cuts: int = 3
    """So many answers must end at the same byte before they are believed to be all there is."""
    tries_to_open: int = 4
    """Tries to begin with: a URL that nobody has read yet is more likely wrong."""

    def opening(self) -> RetryPolicy:
        """The policy until the first answer."""
        return replace(self.retry, most_failures=self.tries_to_open)


class RemoteAccess(Struct, frozen=True):
    """What may be read, and how: a command line trusts its user, a service trusts no one.

    Raises UsageError if `connections` is below 1.
    """

    policy: AddressPolicy = field(default_factory=Anywhere)
    connections: int = CONNECTIONS
    """Ranges that are read at once, if a server offers ranges."""
    timeouts: Timeouts = field(default_factory=Timeouts)
    netrc: bool = True
    """Whether credentials may come from the `.netrc` of the user who runs this."""
    route: Route = field(default_factory=Route.of_environment)
    """Through which proxy servers are reached, and with which certificates."""
    unpacking: UnpackedLimit = field(default_factory=UnpackedLimit)
    """How large compressed input may become, local files included."""

    def __post_init__(self) -> None:
        if self.connections < 1:
            raise UsageError(f"connections is {self.connections}", hint="It must be at least 1.")


class Attempts:
    """The failures of one reading: waits after each, and gives up after some without progress."""

    def __init__(self, policy: RetryPolicy, cuts: int, closed: threading.Event) -> None:
        """`closed` ends a wait: nobody wants the bytes any more."""
        self._retries = Retries(policy)
        self._most_cuts = cuts
        self._closed = closed
        self._cuts = 0

    def progress(self) -> None:
        """A byte came: earlier failures are forgotten."""
        self._retries.progress()
        self._cuts = 0

    def failed(self, error: TransientFailure) -> None:
        """Returns when it is time to try again. Raises the error when that has failed too often."""
        self._retries.failed()
        self._cuts += isinstance(error, EndedEarly)
        if self._cuts >= self._most_cuts or not self._retries.may_go_on(asked=error.after):
            raise error
        if self._closed.wait(self._retries.pause(error.after)):
            raise InputError("Reading was stopped.", place=error.place) from error
