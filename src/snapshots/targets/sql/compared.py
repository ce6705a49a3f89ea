"""What the kernel says of compared rows, with the names of the columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.stored_rows import RowDifference, RowsCompared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots import _native

NO_LINE = -1
"""Stands for the line of a row that has none."""


def named(taken: _native.RowsCompared, columns: Sequence[str]) -> RowsCompared:
    """`columns`: those of a block, in their order."""
    (equal, changed, missing, more), by_column, differences = taken
    return RowsCompared(
        equal,
        changed,
        missing,
        more,
        {name: count for name, count in zip(columns, by_column, strict=True) if count},
        tuple(
            RowDifference(kind, line, None if at is None else columns[at], expected, found)
            for kind, line, at, expected, found in differences
        ),
    )
