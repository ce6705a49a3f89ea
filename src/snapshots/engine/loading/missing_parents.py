"""Knows rows that are refused only as long as another one of the same table is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots._native import Block
    from snapshots.errors import RefusedRows
    from snapshots.model import TableName
    from snapshots.ports import Session, Target
    from snapshots.table_facts import OwnKey


class MissingParents:
    """Knows the missing parents of one table's rows. Thread-safe."""

    def __init__(self, target: Target, table: TableName, columns: Sequence[str]) -> None:
        self._target = target
        self._table = table
        self._columns = columns
        self._keys: tuple[OwnKey, ...] | None = None

    def keys(self, session: Session) -> tuple[OwnKey, ...]:
        """Returns the table's foreign keys into itself, and asks for them once."""
        if self._keys is None:
            self._keys = self._target.own_keys(session, self._table)
        return self._keys

    def orphans(self, session: Session, blocks: Sequence[Block]) -> frozenset[int]:
        """Finds rows, each a block, that have no parent by these keys, neither here nor in the
        table."""
        keys = self.keys(session)
        if not keys or not blocks:
            return frozenset()
        found = self._target.orphans(session, self._table, self._columns, keys, blocks)
        return found or frozenset()

    def for_its_parent(self, session: Session, refusal: RefusedRows, block: Block) -> bool:
        """Tells whether a row was refused because another row of the table is missing, which may
        come.

        Where the database does not say which key it was, the row is looked at; and where that
        cannot be, each of the table's own may be meant.
        """
        if refusal.key is None:
            return False
        keys = self.keys(session)
        names = {key.name for key in keys}
        if refusal.key in names or refusal.key or not keys:
            return refusal.key in names
        found = self._target.orphans(session, self._table, self._columns, keys, [block])
        return found is None or bool(found)
