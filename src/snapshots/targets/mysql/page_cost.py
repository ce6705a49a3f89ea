"""What it costs MySQL to find a page of a table's rows."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.model import TableName
    from snapshots.ports import Session, Value

_MYSQL_STEP = 12
"""Columns of what MySQL says of a step; MariaDB does not say which part is filtered."""
_LEADS_AN_INDEX = """
SELECT 1 FROM information_schema.statistics
WHERE table_schema = DATABASE() AND table_name = ? AND column_name = ? AND seq_in_index = 1
"""
_ROWS = """
SELECT table_rows FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_name = ?
"""


class MysqlPageCost:
    """The part of a `ports.Target` that tells cheap ways to read a table from dear ones."""

    def counts_quickly(self, session: Session, table: TableName, column: str, rows: int) -> bool:
        if session.execute(_LEADS_AN_INDEX, (table.name, column)):
            return True
        estimate = session.execute(_ROWS, (table.name,))
        return bool(estimate) and int(estimate[0][0] or 0) < rows

    def sorts(self, session: Session, sql: str, params: Sequence[Value], rows: int) -> bool:
        steps = session.execute(f"EXPLAIN {sql}", params)
        return any(
            int((step[-2] if len(step) < _MYSQL_STEP else step[-3]) or 0) > rows
            for step in steps
            if "filesort" in str(step[-1]) or "temporary" in str(step[-1])
        )
