"""What it costs PostgreSQL to find a page of a table's rows."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from snapshots.table_facts import RowPlace
from snapshots.targets.postgres.quoting import qualified

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.model import TableName, TableShape
    from snapshots.ports import Session, Value

_BLOCKS = """
SELECT pg_relation_size(oid) / current_setting('block_size')::int FROM pg_class
WHERE oid = to_regclass(?) AND relkind = 'r' AND NOT relhassubclass
"""
_CTID = re.compile(r"\(\d{1,10},\d{1,5}\)")
_LEADS_AN_INDEX = """
SELECT 1 FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
WHERE indrelid = to_regclass(?) AND attname = ? AND indisvalid AND indpred IS NULL LIMIT 1
"""


class PostgresPageCost:
    """The part of a `ports.Target` that tells cheap ways to read a table from dear ones."""

    def counts_quickly(self, session: Session, table: TableName, column: str, rows: int) -> bool:
        if session.execute(_LEADS_AN_INDEX, (qualified(table), column)):
            return True
        ((text,),) = session.execute(f"EXPLAIN (FORMAT JSON) SELECT 1 FROM {qualified(table)}")
        estimate: int = json.loads(str(text))[0]["Plan"]["Plan Rows"]
        return estimate < rows

    def sorts(self, session: Session, sql: str, params: Sequence[Value], rows: int) -> bool:
        ((text,),) = session.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        return _most_sorted(json.loads(str(text))[0]["Plan"]) > rows

    def row_place(self, session: Session, shape: TableShape) -> RowPlace | None:
        # Of a table by itself, without partitions and heirs.
        found = session.execute(_BLOCKS, (qualified(shape.table),))
        if not found:
            return None
        blocks = int(found[0][0] or 0)
        # By another name: the text would be what is sorted by.
        shown = "CAST(ctid AS text) AS snapshots_place"
        return RowPlace("ctid", shown, "CAST(? AS tid)", _CTID, blocks)


def _most_sorted(plan: dict[str, Any]) -> int:
    """Rows; an incremental sort follows an index, and sorts a few at a time."""
    below: list[dict[str, Any]] = plan.get("Plans", [])
    own = max((one["Plan Rows"] for one in below), default=0) if plan["Node Type"] == "Sort" else 0
    return max([own, *map(_most_sorted, below)])
