"""The rows that an import has loaded, read back from their table and compared with its input.

These types belong to `ports.Target.stored_rows`: its arguments and its result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct, field

from snapshots._native import Block
from snapshots.model import Column, TableName
from snapshots.row_encoding import RowEncoding


class RowDifference(Struct, frozen=True):
    """A difference between the input and the table: a changed value, or a row that only one has."""

    kind: Literal["changed", "missing", "more"]
    line: int
    column: str | None
    """The name of the column of a changed value; None if the whole row is missing or extra."""
    expected: str | None
    """The beginning of the value in the input, as text; None for NULL and for whole rows."""
    found: str | None
    """The beginning of the value in the table, as text; None for NULL and for whole rows."""


class RowsCompared(Struct, frozen=True):
    """The result of comparing some rows: numbers of rows, and the first differences."""

    equal: int = 0
    changed: int = 0
    missing: int = 0
    more: int = 0
    superseded: int = 0
    """Rows of the input that a later import has changed or deleted, or may have."""
    by_column: Mapping[str, int] = field(default_factory=dict)
    """The number of changed values by column, for columns that have any."""
    differences: tuple[RowDifference, ...] = ()
    """The first differences, at most as many as `stored_rows` was told to show."""


class RowSelection(Struct, frozen=True):
    """The rows and columns of a table that are compared with an input."""

    table: TableName
    import_id: int
    line: int | None
    """The line from which rows are compared. None: all rows, including those without a line."""
    columns: tuple[Column, ...]
    """The columns of the contract, in the order of the values in a block."""
    left_out: frozenset[str]
    """The names of the columns that are not compared."""
    encoding: RowEncoding
    """The row encoding of the plan."""


class StoredRows(Protocol):
    """Reads the rows of an import back from the table, once and in the order of their lines.

    All rows come from one snapshot of the database. Only one thread may use an instance at a time,
    except for `cancel`. All methods but `cancel` and `close` raise TargetError if the database
    fails.
    """

    @property
    def encoding(self) -> RowEncoding:
        """The row encoding that blocks given to `compare` must have."""

    @property
    def blocks_writers(self) -> bool:
        """Whether nobody can write to the database until this is closed."""

    def compare(self, block: Block, refused: Sequence[int]) -> None:
        """Compares the next block of the input with the table's rows up to its last line.

        Blocks must come in the order of the input. `refused` has the sorted lines of records that
        the database refused, so that the table must not have rows for them.
        """

    def pass_by(self) -> None:
        """Reads the remaining rows of the table, and counts them as `more`."""

    def take(self) -> RowsCompared:
        """Returns the result since the last call, and resets it."""

    def cancel(self) -> None:
        """Makes a waiting call end with an error soon. Any thread may call it. Never raises."""

    def close(self) -> None:
        """Closes the sessions and ends the snapshot. Never raises."""
