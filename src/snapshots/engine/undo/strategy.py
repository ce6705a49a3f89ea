"""What undoing an import does to its table: one strategy for each kind of import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from snapshots.engine.undo.references import ReferringRows


class RowsUndone(Struct, frozen=True):
    """What has become of a table's rows, or what would."""

    removed: int
    """Rows of the import that have left the table."""
    restored: int = 0
    """Rows of before that are in the table again."""
    kept: int = 0
    """Rows that could not be undone, and stay as they are."""
    referring: tuple[ReferringRows, ...] = ()
    """Rows of others that refer to the removed rows."""


class UndoStrategy(Protocol):
    """Undoes one import that has ended. Nothing is written before `run`."""

    def require(self) -> None:
        """Raises Forbids, or another LedgerError, where it is clear that it cannot be undone."""

    def lock(self) -> str | None:
        """The lock, by its name, that is held meanwhile; None: no one else is in the way."""

    def look(self) -> RowsUndone:
        """What `run` would do. Raises LedgerError as `run` would, as far as reading tells."""

    def run(self, *, allow_cascade: bool) -> RowsUndone:
        """Does it, in the transaction that changes the import's state. Raises LedgerError or
        TargetError, and whoever calls it rolls everything back."""

    def clean_up(self) -> None:
        """Frees what it needed, once the import is undone, outside a transaction."""
