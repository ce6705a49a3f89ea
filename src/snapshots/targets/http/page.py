"""What is given to be delivered, and what is said of each record afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from snapshots._native import Shuttle

Outcome: TypeAlias = Literal["delivered", "rejected", "undeliverable", "unsent"]


class Page(NamedTuple):
    """Records in their order: what one request is about."""

    bodies: list[bytes]
    """Each the JSON of one record."""
    keys: list[str]
    """The idempotency key of each."""

    def part(self, start: int, end: int) -> Page:
        """Some of its records."""
        return Page(self.bodies[start:end], self.keys[start:end])


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one record."""

    outcome: Outcome
    """`unsent`: the delivery was halted before anything was known of it; give it again."""
    status: int | None = None
    """Of the last answer about it; None if there was none."""
    body: str = ""
    """The beginning of that answer, or a sentence in its place. Empty when delivered."""
    requests: int = 1
    """Made with this record in them, by itself or with others."""
    ambiguous: int = 0
    """Those whose answer was lost: the record may have arrived."""


class Lane(Protocol):
    """Requests that are to be made one after the other, as `HttpTarget.stream` does.

    `delivered` and `next` are called for every request that is not made by the shuttle, and must
    be quick.
    """

    @property
    def page(self) -> Page:
        """The records of the request that is under way."""

    @property
    def request(self) -> bytes:
        """That request, as `Shuttle.take` and `request_end` give it: all but the common headers.

        Asked for only where `next` gave it last."""

    @property
    def shuttle(self) -> Shuttle | None:
        """What makes the requests that need nobody's leave: those that follow plain successes
        while there is credit. None: every answer is looked at."""

    def delivered(self) -> None:
        """All its records are taken."""

    def next(self) -> bytes | None:
        """The request to be made now, which is `request` from here on; None: none for now."""
