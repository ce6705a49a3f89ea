"""Whether the table of an earlier import still exists and has rows.

Whose rows it has is not asked here: that would take far too long before each import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from snapshots.engine.plan.plan import placed
from snapshots.errors import CannotConnect, ConnectionLost, TargetError

if TYPE_CHECKING:
    from snapshots.ledger.entry import Entry
    from snapshots.model import TableName
    from snapshots.ports import Session, Target


class TablePresence(Struct, frozen=True):
    """Asks a database once about each table. Do not keep it: the answers grow old."""

    target: Target
    session: Session
    _there: dict[TableName, bool] = field(default_factory=dict)
    _empty: dict[TableName, bool] = field(default_factory=dict)

    def gone(self, entry: Entry) -> bool:
        """Whether the import had a table that does not exist any more.

        An import that loaded nothing, or has not created its table yet, never had one.
        """
        table, makes = _placed(entry)
        if table is None or (makes and entry.state != "finished" and not entry.read):
            return False
        return not self._is_there(table)

    def emptied(self, entry: Entry) -> bool:
        """Whether its table exists and is empty although the import has loaded rows."""
        table, _ = _placed(entry)
        return table is not None and entry.counts.loaded > 0 and self._is_empty(table)

    def same(self, entry: Entry, table: str) -> bool:
        """Whether the import went into the table of that name, as the database compares names."""
        if entry.table == table:
            return True
        own, _ = _placed(entry)
        if own is None or entry.table.lower() != table.lower():
            return False
        start = len(own.schema) + 1 if own.schema else 0
        wanted = replace(own, name=table[start:], schema=table[: start - 1] if start else None)
        spelt = self.target.bases(self.session, wanted)
        return bool(spelt) and spelt == self.target.bases(self.session, own)

    def _is_there(self, table: TableName) -> bool:
        if table not in self._there:
            try:
                self._there[table] = self.target.inspect(self.session, table) is not None
            except TargetError as error:
                _require_session(error)
                # The database knows it, and has something against it.
                self._there[table] = True
        return self._there[table]

    def _is_empty(self, table: TableName) -> bool:
        if table not in self._empty:
            dialect = self.target.dialect
            one_row = f"SELECT 1 FROM {table.sql(dialect.quote)}{dialect.limit(1)}"  # noqa: S608
            try:
                self._empty[table] = not self.session.execute(one_row)
            except TargetError as error:
                _require_session(error)
                # Who may not read it cannot tell.
                self._empty[table] = False
        return self._empty[table]


def _placed(entry: Entry) -> tuple[TableName | None, bool]:
    return placed(entry.plan) if entry.kind == "import" and entry.plan else (None, False)


def _require_session(error: TargetError) -> None:
    """Raises the error if the connection is lost: it says nothing of the table then."""
    if error.retryable or isinstance(error, CannotConnect | ConnectionLost):
        raise error
