"""Compares the beginning of an input with chunks that were loaded before, in one pass over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots._native import Hasher
from snapshots.engine.input.ordered_bytes import OrderedBytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snapshots.ledger.parts import LoadedRange

_SLACK = 64
"""More bytes than any line end has."""


class Stretch(Struct, frozen=True):
    """What one import has loaded of an input."""

    cuts: tuple[LoadedRange, ...]
    """Its chunks in order. There may be gaps between those of an import that has not ended."""
    start: int = 0
    """The first byte that is up to it, and its line."""
    line: int = 1

    @property
    def end(self) -> int:
        """The first byte behind it."""
        return self.cuts[-1].end

    def held_from(self, most: int) -> tuple[int, int]:
        """The byte and the line of the last place before which no record can begin that has not
        ended within `most` bytes before the end: chunks, and gaps between them, begin records."""
        place = behind = (self.start, self.line)
        for cut in self.cuts:
            for start in (behind, (cut.start, cut.line)):
                if start[0] <= self.end - most:
                    place = start
            behind = (cut.end, cut.end_line)
        return place


class Agreement(Struct, frozen=True):
    """How far an input agrees with what was loaded."""

    stretches: int
    """How many of them it begins with; at least one."""
    held: bytearray
    """The last bytes of those, from the start of a record on."""
    held_start: int
    held_line: int
    following: bytes
    """The byte behind them; empty at the end of the input."""
    unknown: bool
    """Whether some chunk has no hash that could be compared."""


def agreement(
    pieces: Iterator[bytes], stretches: Sequence[Stretch], longest: int
) -> Agreement | None:
    """How many of the stretches, which follow each other, an input begins with; None: not with the
    first one. `longest`: bytes of the longest record, which bounds the memory."""
    data, found, at, unknown = OrderedBytes(pieces), None, 0, False
    for number, stretch in enumerate(stretches, start=1):
        if not stretch.cuts or stretch.start != at:
            return found
        held, (held_start, held_line) = bytearray(), stretch.held_from(longest + _SLACK)
        for cut in stretch.cuts:
            if cut.start < at:
                return found
            for view in data.take(cut.start - at):
                if at >= held_start:
                    held += view
                at += len(view)
            hasher = Hasher()
            for view in data.take(cut.end - at):
                hasher.update(view)
                if at >= held_start:
                    held += view
                at += len(view)
            if at != cut.end or (cut.hash is not None and hasher.hexdigest() != cut.hash.hex()):
                return found
            unknown = unknown or cut.hash is None
        found = Agreement(number, held, held_start, held_line, data.following(), unknown)
    return found
