"""What is said of an undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from snapshots.plain import plain

if TYPE_CHECKING:
    from snapshots.engine.undo.references import ReferringRows


class KeptRow(Struct, frozen=True):
    """A row that an undo has left as it is."""

    row: dict[str, str | None]
    """Its values as texts, by column."""
    reason: str


class UndoReport(Struct, frozen=True):
    """What undoing an import has done, or would do."""

    import_id: int
    input: str
    database: str
    table: str
    loaded: int
    """Rows that the import had added to the table."""
    removed: int
    """Rows with its number that were removed, or that a dry run has found."""
    dry_run: bool
    referring: tuple[ReferringRows, ...] = ()
    """Rows of others that refer to these rows. A deletion takes them along or is refused."""
    restored: int = 0
    """Rows that the import had deleted or changed, and that are in the table again."""
    undo_kept: int = 0
    """Rows that could not be undone, and stay as they are."""
    kept_rows: tuple[KeptRow, ...] = ()
    """The first of them; none in a dry run. The ledger's table snapshots_kept_rows has more."""

    @property
    def exit_code(self) -> int:
        """3 if rows could not be undone, else 0."""
        return 3 if self.undo_kept else 0

    def to_object(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return plain(self)
