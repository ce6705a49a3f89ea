"""The rows that an import has loaded, read back from their table and compared with its input.

Beside `ports.py`: what `Target.stored_rows` takes and gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from snapshots._native import Block
from snapshots.model import Column, TableName
from snapshots.row_encoding import RowEncoding


@dataclass(frozen=True, slots=True)
class RowDifference:
    """A row that the input and the table do not both have, or a value of one."""

    kind: Literal["changed", "missing", "more"]
    line: int
    column: str | None
    """Of a changed value."""
    expected: str | None
    """The beginning of what the input has; None: NULL."""
    found: str | None
    """The same of the table."""


@dataclass(frozen=True, slots=True)
class RowsCompared:
    """What the comparison of some rows has come to."""

    equal: int = 0
    changed: int = 0
    missing: int = 0
    more: int = 0
    by_column: Mapping[str, int] = field(default_factory=dict)
    """Changed values of each column that has some."""
    differences: tuple[RowDifference, ...] = ()
    """The first ones."""


@dataclass(frozen=True, slots=True)
class RowSelection:
    """Which rows of a table are compared with an input."""

    table: TableName
    import_id: int
    line: int | None
    """The first line; None: all of them, and rows without a line."""
    columns: tuple[Column, ...]
    """Of the contract, in the order of a block's values."""
    left_out: frozenset[str]
    """Names of those that are not compared."""
    encoding: RowEncoding
    """That of the plan."""


class StoredRows(Protocol):
    """Rows that an import has loaded, as the table gives them back: once, in one snapshot, in the
    order of their lines. For one thread at a time."""

    @property
    def encoding(self) -> RowEncoding:
        """Of the blocks that are compared."""

    @property
    def blocks_writers(self) -> bool:
        """Nobody can write to the database before this is closed."""

    def compare(self, block: Block, refused: Sequence[int]) -> None:
        """Compares the rows of the next block, and those that the table has before its end.

        `refused`: lines whose rows the table should not have, sorted.
        """

    def pass_by(self) -> None:
        """Counts all rows that are left as more."""

    def take(self) -> RowsCompared:
        """What the comparison has come to since this was last called."""

    def cancel(self) -> None:
        """From any thread: what waits for the database ends with an error, soon. Never raises."""

    def close(self) -> None:
        """Never raises."""
