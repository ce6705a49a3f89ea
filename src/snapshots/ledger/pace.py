"""How fast an import was, as long as somebody worked on it: stretches of its chunks, added up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from snapshots.ledger.history import History
    from snapshots.ports import Value


@dataclass(frozen=True, slots=True)
class WorkPeriod:
    """Chunks that one owner of an import has committed, one after the other."""

    fence: int
    chunks: int
    bytes: int
    records: int
    first: str
    """When the first of them was committed."""
    last: str


def work_periods(history: History, import_id: int, since: str) -> list[WorkPeriod]:
    """Of each owner, what was committed since then."""
    return _added_up(
        history,
        "snapshots_chunks WHERE import_id = ? AND committed_at > ? GROUP BY fence",
        (import_id, since),
    )


def latest(history: History, import_id: int, fence: int, most: int) -> WorkPeriod | None:
    """The last chunks of one owner."""
    found = _added_up(
        history,
        "(SELECT fence, end_offset, start_offset, records, committed_at FROM snapshots_chunks"
        " WHERE import_id = ? AND fence = ? AND committed_at IS NOT NULL"
        f" ORDER BY start_offset DESC LIMIT {most:d}) AS latest GROUP BY fence",
        (import_id, fence),
    )
    return found[0] if found else None


def _added_up(history: History, source: str, params: tuple[Value, ...]) -> list[WorkPeriod]:
    big = "SIGNED" if history.target.name == "mysql" else "bigint"
    sums = (f"CAST(SUM({what}) AS {big})" for what in ("end_offset - start_offset", "records"))
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
