"""What a page of rows costs, and where rows are: see `ports.Target`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from snapshots.ports import RowPlace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.model import TableShape
    from snapshots.ports import Session, Value

_HAS_ROWID = """
SELECT 1 FROM pragma_table_list
WHERE schema = 'main' AND type = 'table' AND NOT wr AND name = ? COLLATE NOCASE
"""
_ROWID = re.compile(r"-?\d{1,19}")


def sorts(session: Session, sql: str, params: Sequence[Value]) -> bool:
    """See `ports.Target`: there is no estimate unless somebody has run ANALYZE."""
    steps = session.execute(f"EXPLAIN QUERY PLAN {sql}", params)
    return any("B-TREE FOR ORDER BY" in str(step[-1]) for step in steps)


def row_place(session: Session, shape: TableShape) -> RowPlace | None:
    """See `ports.Target`."""
    names = {column.name.lower() for column in shape.columns}
    free = [name for name in ("rowid", "_rowid_", "oid") if name not in names]
    if not free or not session.execute(_HAS_ROWID, (shape.table.name,)):
        return None
    return RowPlace(free[0], free[0], "?", _ROWID)
