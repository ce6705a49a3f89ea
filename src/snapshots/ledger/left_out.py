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
_LACKING = """
SELECT start_offset, loaded - COALESCE(found, 0) FROM snapshots_chunks LEFT JOIN (
    SELECT first, COUNT(*) AS found FROM (
        SELECT kind, MAX(first) OVER (ORDER BY line, kind ROWS UNBOUNDED PRECEDING) AS first FROM (
            SELECT DISTINCT _line AS line, -1 AS first, 1 AS kind FROM {table}
            WHERE _import_id = ?
            UNION ALL
            SELECT start_line, start_line, 0 FROM snapshots_chunks WHERE import_id = ?
        ) AS of_both
    ) AS numbered WHERE kind = 1 GROUP BY first
) AS of_chunks ON first = start_line
WHERE import_id = ? AND loaded > COALESCE(found, 0) ORDER BY start_offset
"""
"""Chunks with more loaded records than rows, and how many. Sorted once, whatever the number of
chunks: a line is of the last chunk that began before it."""
_AT_ONCE = 5000
"""Chunks: there may be millions."""


def count(ledger: Ledger, lease: Lease, table: str) -> bool:
    """Counts loaded records of the import that have no row in the table as skipped.

    `table` is quoted. Returns False where rows have lost their lines, so that nobody can tell. Call
    it in the transaction that finishes the import, before it does.
    """
    session = ledger.session
    ((found, lost),) = session.execute(_LINES.format(table=table), (lease.import_id,))
    if lost:
        return False
    if cast("int", found) >= ledger.counts(lease.import_id).loaded:
        return True
    lacking = _LACKING.format(table=table) + ledger.target.dialect.limit(_AT_ONCE)
    # Those that are corrected lack nothing any more.
    while rows := session.execute(lacking, (lease.import_id,) * 3):
        session.executemany(
            "UPDATE snapshots_chunks SET loaded = loaded - ?, skipped = skipped + ?,"
            " skipped_by_code = ? WHERE import_id = ? AND start_offset = ?",
            [(n, n, json.dumps({CODE: n}), lease.import_id, at) for at, n in rows],
        )
    return True
