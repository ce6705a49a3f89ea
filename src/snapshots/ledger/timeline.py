"""Tells when the chunks of one import were committed, in no more groups than a picture can show."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msgspec import Struct

from snapshots.ledger.times import unix_time

if TYPE_CHECKING:
    from snapshots.ledger.history import History

_PREFIXES = (
    (0.001, 23),
    (0.1, 21),
    (1, 19),
    (10, 18),
    (60, 16),
    (600, 15),
    (3600, 13),
    (86400, 10),
)
"""Times are ISO 8601 text: cut after so many characters, they are whole so many seconds."""
MOST_GROUPS = 400


class ChunkGroup(Struct, frozen=True):
    """Chunks that were committed within the same moment; often a single one."""

    began: float
    """When the first of them was begun, as `time.time()` has it."""
    ended: float
    """When the last of them was committed."""
    chunks: int
    records: int
    rejected: int
    start: int
    """The first byte of all of them, as the kernel sees the input."""
    end: int


def timeline(history: History, import_id: int) -> list[ChunkGroup]:
    """Reads groups in the order of time. The database adds up: chunks may be many thousands."""
    session = history.session
    ((first, last, chunks),) = session.execute(
        "SELECT MIN(committed_at), MAX(committed_at), COUNT(*) FROM snapshots_chunks"
        " WHERE import_id = ? AND committed_at IS NOT NULL",
        (import_id,),
    )
    if first is None:
        return []
    length = _prefix(unix_time(last) - unix_time(first), cast("int", chunks))
    as_integer = history.target.dialect.as_integer
    sums = ", ".join(as_integer(f"SUM({name})") for name in ("records", "rejected"))
    rows = session.execute(
        f"SELECT MIN(committed_at), AVG(seconds), MAX(committed_at), COUNT(*), {sums},"
        " MIN(start_offset), MAX(end_offset) FROM snapshots_chunks"
        " WHERE import_id = ? AND committed_at IS NOT NULL"
        f" GROUP BY SUBSTR(committed_at, 1, {length}) ORDER BY 1",
        (import_id,),
    )
    return [
        ChunkGroup(
            began=unix_time(first) - float(cast("float", seconds)),
            ended=unix_time(last),
            chunks=cast("int", count),
            records=cast("int", records),
            rejected=cast("int", rejected),
            start=cast("int", start),
            end=cast("int", end),
        )
        for first, seconds, last, count, records, rejected, start, end in rows
    ]


def _prefix(span: float, chunks: int) -> int:
    """Returns how much of a time tells groups apart: all of it, if the chunks are few."""
    if chunks <= MOST_GROUPS:
        return _PREFIXES[0][1]
    return next((length for width, length in _PREFIXES if span / width < MOST_GROUPS), 10)
