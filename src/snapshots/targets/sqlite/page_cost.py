"""What it costs SQLite to find a page of a table's rows."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from snapshots.table_facts import RowPlace
from snapshots.targets.sqlite.quoting import quote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.model import TableName, TableShape
    from snapshots.ports import Session, Value

_HAS_ROWID = """
SELECT 1 FROM pragma_table_list
WHERE schema = 'main' AND type = 'table' AND NOT wr AND name = ? COLLATE NOCASE
"""
_ROWID = re.compile(r"-?\d{1,19}")
_LEADS_AN_INDEX = (
    "SELECT 1 FROM pragma_index_list(?) AS made, pragma_index_info(made.name) AS of"
    " WHERE made.partial = 0 AND of.seqno = 0 AND of.name = ? COLLATE NOCASE LIMIT 1"
)


class SqlitePageCost:
    """The part of a `ports.Target` that tells cheap ways to read a table from dear ones."""

    def counts_quickly(self, session: Session, table: TableName, column: str, rows: int) -> bool:
        if session.execute(_LEADS_AN_INDEX, (table.name, column)):
            return True
        # There is no estimate unless somebody has run ANALYZE, and so many rows are counted soon.
        some = f"SELECT 1 FROM {quote(table.name)} LIMIT {rows:d}"
        return session.execute(f"SELECT COUNT(*) FROM ({some})") != [(rows,)]

    def sorts(self, session: Session, sql: str, params: Sequence[Value], rows: int) -> bool:  # noqa: ARG002
        # There is no estimate unless somebody has run ANALYZE.
        steps = session.execute(f"EXPLAIN QUERY PLAN {sql}", params)
        return any("B-TREE FOR ORDER BY" in str(step[-1]) for step in steps)

    def row_place(self, session: Session, shape: TableShape) -> RowPlace | None:
        names = {column.name.lower() for column in shape.columns}
        free = [name for name in ("rowid", "_rowid_", "oid") if name not in names]
        if not free or not session.execute(_HAS_ROWID, (shape.table.name,)):
            return None
        return RowPlace(free[0], free[0], "?", _ROWID)
