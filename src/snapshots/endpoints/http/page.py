"""What is given to be delivered, and what is said of each record afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from snapshots._native import RequestStream

RecordOutcome: TypeAlias = Literal["delivered", "rejected", "undeliverable", "unsent"]


class RecordPage(NamedTuple):
    """Records in their order: what one request is about."""

    bodies: list[bytes]
    """Each the JSON of one record."""
    keys: list[str]
    """The idempotency key of each."""

    def part(self, start: int, end: int) -> RecordPage:
        """Some of its records."""
        return RecordPage(self.bodies[start:end], self.keys[start:end])


@dataclass(frozen=True, slots=True)
class RecordVerdict:
    """What became of one record."""

    outcome: RecordOutcome
    """`unsent`: the delivery was halted before anything was known of it; give it again."""
    status: int | None = None
    """Of the last answer about it; None if there was none."""
    body: str = ""
    """The beginning of that answer, or a sentence in its place. Empty when delivered."""
    requests: int = 1
    """Made with this record in them, by itself or with others."""
    ambiguous: int = 0
    """Those whose answer was lost: the record may have arrived."""


class RequestSource(Protocol):
    """Requests that are to be made one after the other, as `HttpEndpoint.stream` does.

    `delivered` and `next` are called for every request that is not made by the request_stream, and
    must be quick."""

    @property
    def page(self) -> RecordPage:
        """The records of the request that is under way."""

    @property
    def request(self) -> bytes:
        """That request, as `RequestStream.take` and `request_end` give it: all but the common
        headers.

        Asked for only where `next` gave it last."""

    @property
    def request_stream(self) -> RequestStream | None:
        """What makes the requests that need nobody's leave: those that follow plain successes
        while there is credit. None: every answer is looked at."""

    def delivered(self) -> None:
        """All its records are taken."""

    def next(self) -> bytes | None:
        """The request to be made now, which is `request` from here on; None: none for now."""
