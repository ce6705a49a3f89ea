"""What is given to be delivered, and what is said of each record afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal, NamedTuple, Protocol, TypeAlias

Outcome: TypeAlias = Literal["delivered", "rejected", "undeliverable", "unsent"]


class Page(NamedTuple):
    """Records in their order: what one request is about."""

    bodies: Sequence[bytes]
    """Each the JSON of one record."""
    keys: Sequence[str]
    """The idempotency key of each."""

    def part(self, start: int, end: int) -> Page:
        """Some of its records."""
        return Page(self.bodies[start:end], self.keys[start:end])

    def key(self) -> str:
        """The key of one request with all of these records: the same for the same records."""
        if len(self.keys) == 1:
            return self.keys[0]
        return blake2b("\n".join(self.keys).encode(), digest_size=16).hexdigest()

    def json(self, *, array: bool) -> bytes:
        """The body of that request."""
        return b"[" + b",".join(self.bodies) + b"]" if array else self.bodies[0]


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
    """Pages that are to be delivered one after the other.

    `HttpTarget.stream` asks for the next one as soon as the one before is delivered. Both methods
    are called for every request and must be quick.
    """

    @property
    def page(self) -> Page:
        """The one that is on its way, or the first."""

    def delivered(self) -> None:
        """All records of `page` are taken."""

    def next(self) -> Page | None:
        """The page to be sent now, which is `page` from here on; None: there is none for now."""


UNSENT = Verdict("unsent", requests=0)
