"""Reads the chunks of an import some at a time: there may be millions."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from snapshots.ledger.entry import CommittedChunk
    from snapshots.ledger.history import History

_AT_ONCE = 2000


def each_chunk(history: History, import_id: int) -> Iterator[CommittedChunk]:
    """The committed chunks in their order."""
    after = -1
    while page := history.chunks_from(import_id, after + 1, _AT_ONCE):
        yield from page
        after = page[-1].start


def records_of_chunks(history: History, import_id: int, lines: Iterable[int]) -> Counter[int]:
    """How many records with these lines each chunk has, by its first byte."""
    found: Counter[int] = Counter()
    left = sorted(lines, reverse=True)
    start = 0
    for chunk in each_chunk(history, import_id):
        # A line is of the last chunk that began before it.
        while left and left[-1] < chunk.start_line:
            left.pop()
            found[start] += 1
        if not left:
            break
        start = chunk.start
    if left:
        found[start] += len(left)
    return found
