"""The records to be delivered, and the verdict about each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from snapshots._native import RequestStream

RecordOutcome: TypeAlias = Literal["delivered", "rejected", "undeliverable", "unsent"]


class RecordPage(NamedTuple):
    """The records of one request, in their order."""

    bodies: list[bytes]
    """The JSON of each record."""
    keys: list[str]
    """The idempotency key of each record."""

    def part(self, start: int, end: int) -> RecordPage:
        """Returns some of its records."""
        return RecordPage(self.bodies[start:end], self.keys[start:end])


@dataclass(frozen=True, slots=True)
class RecordVerdict:
    """What became of one record."""

    outcome: RecordOutcome
    """`unsent`: the delivery stopped before the record was sent or answered. Send it again."""
    status: int | None = None
    """The status of the last answer about it; None if there was none."""
    body: str = ""
    """The beginning of that answer, or a sentence in its place. Empty when delivered."""
    requests: int = 1
    """The number of requests with this record, alone or with others."""
    ambiguous: int = 0
    """How many of those requests got no answer: the record may have arrived."""


class RequestSource(Protocol):
    """A source of requests that `HttpEndpoint.stream` makes one after the other.

    It calls `delivered` and `next` for every request that the request stream does not make; both
    must be quick.
    """

    @property
    def page(self) -> RecordPage:
        """The records of the request that is under way."""

    @property
    def request(self) -> bytes:
        """The request that `next` gave last, as `RequestStream.take` and `request_end` give it: all
        but the common headers."""

    @property
    def request_stream(self) -> RequestStream | None:
        """The request stream that makes requests without asking: those that follow plain successes
        while there is credit. None: every answer is looked at."""

    def delivered(self) -> None:
        """Learns that all its records are taken."""

    def next(self) -> bytes | None:
        """Returns the request to be made now, which is `request` from then on; None if there is
        none for now."""
