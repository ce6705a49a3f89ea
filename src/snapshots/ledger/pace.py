"""Measures how fast an import was while somebody worked on it, by stretches of its chunks."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msgspec import Struct

if TYPE_CHECKING:
    from snapshots.ledger.history import History
    from snapshots.ports import Value


class WorkPeriod(Struct, frozen=True):
    """Chunks that one owner of an import has committed, one after the other."""

    fence: int
    chunks: int
    bytes: int
    records: int
    first: str
    """When the first of them was committed."""
    last: str


def work_periods(history: History, import_id: int, since: str) -> list[WorkPeriod]:
    """Adds up what each owner has committed since then."""
    return _added_up(
        history,
        "snapshots_chunks WHERE import_id = ? AND committed_at > ? GROUP BY fence",
        (import_id, since),
    )


def latest(history: History, import_id: int, fence: int, most: int) -> WorkPeriod | None:
    """Adds up the last chunks of one owner."""
    found = _added_up(
        history,
        "(SELECT fence, end_offset, start_offset, records, committed_at FROM snapshots_chunks"
        " WHERE import_id = ? AND fence = ? AND committed_at IS NOT NULL"
        f" ORDER BY start_offset DESC{history.target.dialect.limit(most)}) AS latest"
        " GROUP BY fence",
        (import_id, fence),
    )
    return found[0] if found else None


def _added_up(history: History, source: str, params: tuple[Value, ...]) -> list[WorkPeriod]:
    summed = ("end_offset - start_offset", "records")
    sums = (history.target.dialect.as_integer(f"SUM({what})") for what in summed)
    rows = history.session.execute(
        f"SELECT fence, COUNT(*), {', '.join(sums)}, MIN(committed_at), MAX(committed_at)"
        f" FROM {source}",
        params,
    )
    return [
        WorkPeriod(
            cast("int", fence),
            cast("int", chunks),
            cast("int", size),
            cast("int", records),
            str(first),
            str(last),
        )
        for fence, chunks, size, records, first, last in rows
    ]
