"""Finds rows that a table holds under the number of an import, and that its ledger does not know.

A ledger that was dropped, or brought back from an older backup, gives numbers that were given
before. Who removes the rows of an import must remove no others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from snapshots.errors import UnaccountedRows

if TYPE_CHECKING:
    from snapshots.ledger.entry import CommittedChunk
    from snapshots.ledger.history import History
    from snapshots.model import TableName

_MOST_STRETCHES = 200


def require_accounted(history: History, import_id: int, table: TableName, quoted: str) -> int:
    """Requires that every row with the import's number is one that its chunks have loaded; returns
    how many rows that are.

    A line of the input gives one row; it lies in a chunk, and is no reject. Fewer rows than were
    loaded are fine: a user may have deleted some. Raises UnaccountedRows.
    """
    chunks = history.chunks(import_id)
    inside = " OR ".join(f"(_line >= {a:d} AND _line < {b:d})" for a, b in _stretches(chunks))
    strange = f"CASE WHEN {inside} THEN 0 ELSE 1 END" if inside else "1"
    outside_sum = history.target.dialect.as_integer(f"COALESCE(SUM({strange}), 0)")
    ((rows, lines, outside),) = history.session.execute(
        f"SELECT COUNT(*), COUNT(DISTINCT _line), {outside_sum} FROM {quoted} WHERE _import_id = ?",
        (import_id,),
    )
    ((rejected,),) = history.session.execute(
        f"SELECT COUNT(*) FROM {quoted} WHERE _import_id = ? AND _line IN"
        " (SELECT line FROM snapshots_rejects WHERE import_id = ?)",
        (import_id, import_id),
    )
    loaded = sum(chunk.counts.loaded for chunk in chunks)
    found, single = cast("int", rows), cast("int", lines)
    unknown = max(found - loaded, found - single, cast("int", outside), cast("int", rejected))
    if unknown > 0:
        raise UnaccountedRows(
            f"table {table} has {found} rows with _import_id {import_id}, but at least {unknown}"
            f" of them are not in the account of import {import_id}: nothing was removed",
            hint="they may come from a ledger that was dropped: check them, and delete unwanted"
            f" rows yourself, by _import_id = {import_id} and _line",
        )
    return found


def _stretches(chunks: list[CommittedChunk]) -> list[tuple[int, int]]:
    """Returns the first line, and the line after the last, of chunks that follow each other."""
    found: list[tuple[int, int]] = []
    for chunk in chunks:
        if found and (found[-1][1] == chunk.start_line or len(found) == _MOST_STRETCHES):
            found[-1] = (found[-1][0], chunk.end_line)
        else:
            found.append((chunk.start_line, chunk.end_line))
    return found
