"""What a page of rows costs, and where rows are: see `ports.Target`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.ports import Session, Value

_MYSQL_STEP = 12
"""Columns of what MySQL says of a step; MariaDB does not say which part is filtered."""


def sorts(session: Session, sql: str, params: Sequence[Value], rows: int) -> bool:
    """See `ports.Target`."""
    steps = session.execute(f"EXPLAIN {sql}", params)
    return any(
        int((step[-2] if len(step) < _MYSQL_STEP else step[-3]) or 0) > rows
        for step in steps
        if "filesort" in str(step[-1]) or "temporary" in str(step[-1])
    )
