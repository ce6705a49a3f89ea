"""What it costs DuckDB to find a page of a table's rows."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from snapshots.table_facts import RowPlace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.model import TableName, TableShape
    from snapshots.ports import Session, Value

_ROWS = """
SELECT estimated_size FROM duckdb_tables()
WHERE database_name = current_database() AND schema_name = 'main' AND lower(table_name) = lower(?)
"""
_IS_TABLE = f"SELECT 1 FROM ({_ROWS}) AS t"
_ROWID = re.compile(r"\d{1,19}")
_PLANNED = re.compile(r"~([\d,]+) rows?")


class DuckdbPageCost:
    """The part of a `ports.Target` that tells cheap ways to read a table from dear ones."""

    def counts_quickly(self, session: Session, table: TableName, column: str, rows: int) -> bool:  # noqa: ARG002
        return all(int(size or 0) < rows for (size,) in session.execute(_ROWS, (table.name,)))

    def sorts(self, session: Session, sql: str, params: Sequence[Value], rows: int) -> bool:
        plan = "\n".join(str(row[-1]) for row in session.execute(f"EXPLAIN {sql}", params))
        if "Top N" not in plan and "Order By" not in plan:
            return False
        return max((int(one.replace(",", "")) for one in _PLANNED.findall(plan)), default=0) > rows

    def row_place(self, session: Session, shape: TableShape) -> RowPlace | None:
        if any(column.name.lower() == "rowid" for column in shape.columns):
            return None
        if not session.execute(_IS_TABLE, (shape.table.name,)):
            return None
        return RowPlace("rowid", "rowid", "?", _ROWID)
