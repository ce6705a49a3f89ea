"""The interface between reading and the protocols: an object that a server keeps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from msgspec import Struct

from snapshots.errors import InputChanged


class RemoteFacts(Struct, frozen=True):
    """What a server says of an object; None: it does not say."""

    size: int | None
    """The number of stored bytes."""
    etag: str | None
    """The strong ETag, which changes with every byte."""
    modified_ns: int | None

    @property
    def versioned(self) -> bool:
        """Whether it can be known that several ranges belong to the same version."""
        return self.size is not None and not (self.etag is None and self.modified_ns is None)


class RemoteBody(Protocol):
    """The bytes of one answer, in pieces of at most 1 MiB."""

    def __iter__(self) -> Iterator[bytes]:
        """The pieces. Raises TransientFailure, after all that came, if they end too early."""

    def close(self) -> None:
        """Drops the rest. Never raises."""


class RemoteResponse(Struct, frozen=True):
    """The answer to one request."""

    facts: RemoteFacts
    partial: bool
    """Whether the body is the range that was asked for; else it is the whole object."""
    body: RemoteBody


class Remote(Protocol):
    """One object that a server keeps. Thread-safe."""

    def get(self, start: int = 0, end: int | None = None) -> RemoteResponse:
        """Asks for a range; without `end` for the whole object.

        Raises TransientFailure if another try may help, else InputError.
        """

    def expect(self, facts: RemoteFacts) -> None:
        """Says what the first answer is to be about: another process has had one."""

    def close(self) -> None:
        """Ends the waiting of other threads. Never raises."""


def require_same(known: RemoteFacts, now: RemoteFacts, place: str) -> None:
    """Raises InputChanged if a later answer is about other bytes than the first one."""
    if known != now:
        raise changed(place, _difference(known, now))


def changed(place: str, how: str) -> InputChanged:
    """The error for an object that changed while it was read."""
    return InputChanged(
        f"the object on the server changed while it was read: {how}",
        place=place,
        hint="loaded rows stay; load the current object as a new input with --again",
    )


def _difference(known: RemoteFacts, now: RemoteFacts) -> str:
    if known.size != now.size:
        return f"{known.size} bytes before, {now.size} now"
    if known.etag != now.etag:
        return "its ETag differs"
    return "its date differs"
