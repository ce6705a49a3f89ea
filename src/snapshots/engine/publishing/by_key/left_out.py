"""Counts staged rows that have not come into the table, because triggers have left them out."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from typing import TYPE_CHECKING, cast

from snapshots.ledger import refused_rows
from snapshots.ledger.left_out import CODE

if TYPE_CHECKING:
    from snapshots.engine.publishing.by_key.keyed_rows import KeyedRows
    from snapshots.ledger.record import Lease, Ledger

_LINES_AT_ONCE = 10_000


def count(ledger: Ledger, lease: Lease, rows: KeyedRows, only: str) -> int:
    """Counts such records as skipped; returns how many there are.

    `only` is a further condition for the rows of the stage, or empty.
    """
    dialect = rows.dialect
    line, after, of_lines = f"s.{rows.line}", -1, Counter[int]()
    ending = f" ORDER BY {line}{dialect.limit(_LINES_AT_ONCE)}"
    starts: list[int] = []
    chunks = ledger.chunks(lease.import_id)
    while found := ledger.session.execute(
        f"{rows.missing_lines}{only} AND {line} > ?{ending}", (after,)
    ):
        starts = starts or [chunk.start_line for chunk in chunks]
        lines = [cast("int", one) for (one,) in found]
        of_lines.update(bisect_right(starts, one) - 1 for one in lines)
        after = lines[-1]
    if of_lines:
        moved = {chunks[index].start: number for index, number in of_lines.items()}
        refused_rows.count_skipped(ledger, lease, moved, CODE)
    return sum(of_lines.values())
