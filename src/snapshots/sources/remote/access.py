"""How distant inputs may be reached, and how long they are waited for."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from typing import Self

from snapshots.errors import InputError, UsageError
from snapshots.sources.remote.policy import AddressPolicy, Anywhere
from snapshots.sources.unpacked_limit import UnpackedLimit


class TransientFailure(InputError):
    """A failure that may go away by itself."""

    after: float | None = None
    """Seconds that the server asks to wait."""

    @classmethod
    def of(cls, message: str, place: str, hint: str = "", after: float | None = None) -> Self:
        """An error to try again after."""
        error = cls(message, place=place, hint=hint, retryable=True)
        error.after = after
        return error


class EndedEarly(TransientFailure):
    """An answer that ended in good order, and too early."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """In seconds."""

    connect: float = 10.0
    stall: float = 30.0
    """Without a byte, before a connection counts as broken."""
    first_pause: float = 0.25
    longest_pause: float = 30.0
    longest_asked: float = 120.0
    """A server that asks for more is not waited for."""
    tries: int = 9
    """In a row without a byte: about a minute."""
    cuts: int = 3
    """At the same byte, before it is believed that there are no more."""
    tries_to_open: int = 4


@dataclass(frozen=True, slots=True)
class RemoteAccess:
    """What the caller decides: a command line trusts its user, a service trusts no one."""

    policy: AddressPolicy = field(default_factory=Anywhere)
    connections: int = 4
    """Ranges read at once, where a server gives ranges."""
    patience: Timeouts = field(default_factory=Timeouts)
    netrc: bool = True
    """Credentials from the file of the user who runs this."""
    unpacking: UnpackedLimit = field(default_factory=UnpackedLimit)
    """How large compressed input may become; a local file's, too."""

    def __post_init__(self) -> None:
        if self.connections < 1:
            raise UsageError(f"connections is {self.connections}", hint="It is a number from 1 on.")


class Attempts:
    """Waits between failures, longer each time, and gives up after some without progress."""

    def __init__(self, patience: Timeouts, closed: threading.Event, most: int) -> None:
        self._patience = patience
        self._closed = closed
        self._most = most
        self._failed = 0
        self._cuts = 0

    def progress(self) -> None:
        """There was a byte: whatever failed before is forgotten."""
        self._failed = self._cuts = 0

    def failed(self, error: TransientFailure) -> None:
        """Returns when it is time to try again; raises the error when there was enough of it."""
        self._failed += 1
        self._cuts += isinstance(error, EndedEarly)
        asked = error.after or 0.0
        enough = self._failed >= self._most or self._cuts >= self._patience.cuts
        if enough or asked > self._patience.longest_asked:
            raise error
        pause = self._patience.first_pause * 2 ** (self._failed - 1)
        pause = min(pause, self._patience.longest_pause) * random.uniform(0.5, 1.0)  # noqa: S311
        if self._closed.wait(max(pause, asked)):
            raise InputError("The reading was stopped.", place=error.place) from error
