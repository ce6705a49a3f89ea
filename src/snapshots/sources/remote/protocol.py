"""The seam between reading and the protocols: an object that a server keeps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from snapshots.errors import InputChanged


@dataclass(frozen=True, slots=True)
class RemoteFacts:
    """What a server says of the object. None is what it does not say."""

    size: int | None
    """Bytes as they lie."""
    etag: str | None
    """A strong one: it changes with every byte."""
    modified_ns: int | None

    @property
    def versioned(self) -> bool:
        """Parts of it can be known to belong together."""
        return self.size is not None and not (self.etag is None and self.modified_ns is None)


class RemoteBody(Protocol):
    """The bytes of one answer, in pieces of at most 1 MiB."""

    def __iter__(self) -> Iterator[bytes]:
        """Raises Passing where they end before they should, after all that came."""

    def close(self) -> None:
        """The rest is not wanted. Never raises."""


@dataclass(frozen=True, slots=True)
class RemoteResponse:
    """What came for a request."""

    facts: RemoteFacts
    partial: bool
    """The body is the range that was asked for, and not the whole object."""
    body: RemoteBody


class Remote(Protocol):
    """One object. Safe for several threads at once."""

    def get(self, start: int = 0, end: int | None = None) -> RemoteResponse:
        """Asks for a range; without `end` for the whole object. Raises InputError, or Passing
        where another try may help."""

    def close(self) -> None:
        """Ends what other threads wait for. Never raises."""


def require_same(known: RemoteFacts, now: RemoteFacts, place: str) -> None:
    """InputChanged if a later answer is about other bytes than the first."""
    if known != now:
        raise changed(place, _difference(known, now))


def changed(place: str, how: str) -> InputChanged:
    """For bytes of two versions, which would be mixed."""
    return InputChanged(
        f"the object on the server was changed while it was being read: {how}",
        place=place,
        hint="what is loaded stays; load what it is now as a new input with --again",
    )


def _difference(known: RemoteFacts, now: RemoteFacts) -> str:
    if known.size != now.size:
        return f"{known.size} bytes then, {now.size} now"
    if known.etag != now.etag:
        return "its ETag is another one"
    return "its date is another one"
