"""The records to be delivered, and the verdict about each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Literal, NamedTuple, TypeAlias

from msgspec import Struct

RecordOutcome: TypeAlias = Literal["delivered", "rejected", "undeliverable", "unsent"]


class RecordPage(NamedTuple):
    """The records of one request, in their order."""

    bodies: list[bytes]
    """The JSON of each record."""
    keys: list[str]
    """The idempotency key of each record."""
    method: str | None = None
    """None: that of the settings."""
    paths: list[str] = []  # noqa: RUF012 - never changed
    """The path and query of each record; empty: all go to the address of the settings."""

    def part(self, start: int, end: int) -> RecordPage:
        """Returns some of its records."""
        return self.some(range(len(self.bodies))[start:end])

    def parts(self, most: int, most_bytes: int | None = None) -> Iterator[RecordPage]:
        """Yields pages of at most so many records and bytes of records."""
        start = size = 0
        for at, body in enumerate(self.bodies):
            size += len(body)
            full = at - start == most or (most_bytes is not None and size > most_bytes)
            if at > start and full:
                yield self.part(start, at)
                start, size = at, len(body)
        if start < len(self.bodies):
            yield self.part(start, len(self.bodies))

    def some(self, records: Sequence[int]) -> RecordPage:
        """Returns those of its records."""
        return RecordPage(
            [self.bodies[at] for at in records],
            [self.keys[at] for at in records],
            self.method,
            [self.paths[at] for at in records] if self.paths else [],
        )


def joined(pages: Iterable[RecordPage]) -> Iterator[RecordPage]:
    """Yields pages with the records of those that follow each other and have the same method."""
    for method, some in groupby(pages, lambda page: page.method):
        each = list(some)
        yield RecordPage(
            [body for one in each for body in one.bodies],
            [key for one in each for key in one.keys],
            method,
            [path for one in each for path in one.paths],
        )


class RecordVerdict(Struct, frozen=True):
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
    kept: str | None = None
    """What is to be kept of the answer, as JSON; None: nothing."""
