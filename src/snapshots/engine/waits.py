"""Rows that are refused only as long as another one of the same table is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snapshots.errors import RefusedRows
    from snapshots.model import TableName
    from snapshots.ports import OwnKey, Session, Target


class Waits:
    """Of the rows of one table; for any number of threads."""

    def __init__(self, target: Target, table: TableName) -> None:
        self._target = target
        self._table = table
        self._keys: tuple[OwnKey, ...] | None = None

    def keys(self, session: Session) -> tuple[OwnKey, ...]:
        """The table's foreign keys into itself. Asked once."""
        if self._keys is None:
            self._keys = self._target.own_keys(session, self._table)
        return self._keys

    def for_its_parent(self, session: Session, refusal: RefusedRows) -> bool:
        """Whether a row was refused because another row of the table is missing, which may come.

        Where the database does not say which key it was, each of the table's own may be meant.
        """
        if refusal.key is None:
            return False
        names = {key.name for key in self.keys(session)}
        return refusal.key in names if refusal.key else bool(names)
