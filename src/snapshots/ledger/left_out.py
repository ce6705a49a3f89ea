"""Counts records that triggers have left out of a table, by the lines of an import's rows.

Everything is counted in the transaction that finishes the import. Rows that a trigger has put into
a child of the table, or into a partition, are there: they are read through the table.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from snapshots.ledger.record import Lease, Ledger

CODE = "left_out_by_trigger"

_LINES = "SELECT COUNT(DISTINCT _line), COUNT(*) - COUNT(_line) FROM {table} WHERE _import_id = ?"
_LINES_OF_CHUNKS = """
SELECT first, COUNT(*) FROM (
    SELECT kind, MAX(first) OVER (ORDER BY line, kind ROWS UNBOUNDED PRECEDING) AS first FROM (
        SELECT DISTINCT _line AS line, -1 AS first, 1 AS kind FROM {table} WHERE _import_id = ?
        UNION ALL
        SELECT start_line, start_line, 0 FROM snapshots_chunks WHERE import_id = ?
    ) AS of_both
) AS numbered WHERE kind = 1 GROUP BY first
"""
"""Sorted once, whatever the number of chunks: a line is of the last chunk that began before it."""


def count(ledger: Ledger, lease: Lease, table: str) -> bool:
    """Counts loaded records of the import that have no row in the table as skipped.

    `table` is quoted. Returns False where rows have lost their lines, so that nobody can tell. Call
    it in the transaction that finishes the import, before it does.
    """
    session = ledger.session
    ((found, lost),) = session.execute(_LINES.format(table=table), (lease.import_id,))
    if lost:
        return False
    chunks = ledger.chunks(lease.import_id)
    if cast("int", found) >= sum(chunk.counts.loaded for chunk in chunks):
        return True
    rows = session.execute(_LINES_OF_CHUNKS.format(table=table), (lease.import_id, lease.import_id))
    lines = {cast("int | None", first): cast("int", count) for first, count in rows}
    for chunk in chunks:
        missing = chunk.counts.loaded - lines.get(chunk.start_line, 0)
        if missing <= 0:
            continue
        session.execute(
            "UPDATE snapshots_chunks SET loaded = loaded - ?, skipped = skipped + ?,"
            " skipped_by_code = ? WHERE import_id = ? AND start_offset = ?",
            (missing, missing, json.dumps({CODE: missing}), lease.import_id, chunk.start),
        )
    return True
