"""Adds the names of columns to the kernel's result of a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.stored_rows import RowDifference, RowsCompared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots import _native

NO_LINE = -1
"""The line that stands for rows without one."""


def named(taken: _native.RowsCompared, columns: Sequence[str]) -> RowsCompared:
    """Returns the result with names. `columns` are the names of a block's columns, in order."""
    (equal, changed, missing, more), by_column, differences = taken
    return RowsCompared(
        equal,
        changed,
        missing,
        more,
        0,
        {name: count for name, count in zip(columns, by_column, strict=True) if count},
        tuple(
            RowDifference(kind, line, None if at is None else columns[at], expected, found)
            for kind, line, at, expected, found in differences
        ),
    )
