"""Undoes a version of a history table: what it ended goes on, and what it began is gone.

Only the last publish can be undone, while the table holds what it published. Of the newest version
the table itself tells all: its rows begin at its date, and those that it ended end there. What a
version between others has cut and joined is in its undo table.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

from msgspec import Struct

from snapshots.engine.plan.open_tables import canonical
from snapshots.engine.plan.plan import LINEAGE, Plan
from snapshots.engine.publishing import former_rows
from snapshots.engine.publishing.place_in_time import PlaceInTime, place_at
from snapshots.engine.support.fault_points import fault_point
from snapshots.engine.undo.newest import require_newest
from snapshots.engine.undo.strategy import RowsUndone
from snapshots.errors import Forbids
from snapshots.ledger import locks, undo_tables
from snapshots.targets.sql.validity import VALID_FROM, VALID_TO, is_history

if TYPE_CHECKING:
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Ledger
    from snapshots.model import TableName, TableShape

_NEVER = "9999-12-31T00:00:00.000Z"
"""Stands for the end of what has none, in comparisons."""


class HistoryVersion(Struct, frozen=True, dict=True):
    """See `UndoStrategy`."""

    ledger: Ledger
    entry: Entry
    plan: Plan

    def require(self) -> None:
        """See `UndoStrategy`."""
        require_newest(self.ledger, self.entry, self.plan)
        _ = self._shape
        if not self._place.newest and self._undo_table is None and not self._only_added:
            raise Forbids(
                f"what import {self.entry.import_id} has changed in table {self.plan.table} is not"
                " kept",
                hint="import the former version again with its date: --again --as-of DATE",
            )

    def lock(self) -> str | None:
        """Nobody publishes into the table meanwhile. See `UndoStrategy`."""
        return locks.of_table(canonical(self.ledger, self.plan.table))

    def look(self) -> RowsUndone:
        """See `UndoStrategy`."""
        self._require_untouched()
        changes = self.entry.changes
        return RowsUndone(changes.inserted + changes.updated, changes.updated + changes.deleted)

    def run(self, *, allow_cascade: bool) -> RowsUndone:  # noqa: ARG002
        """See `UndoStrategy`."""
        require_newest(self.ledger, self.entry, self.plan)
        if lock := self.ledger.target.dialect.lock_rows(self._table):
            self.ledger.session.execute(lock)
        undone = self.look()
        statements = self._of_newest if self._place.newest else self._of_between
        for statement in statements:
            self.ledger.session.change(statement)
            fault_point("undo-removed")
        fault_point("undo-restored")
        if self._undo_table is not None and not self.ledger.target.dialect.ddl_commits:
            former_rows.drop(self.ledger, self._undo_table)
            undo_tables.forget(self.ledger, self.entry.import_id)
        return undone

    def clean_up(self) -> None:
        """See `UndoStrategy`."""
        former_rows.give_up(self.ledger, self.entry.import_id)

    @cached_property
    def _shape(self) -> TableShape:
        shape = self.ledger.target.inspect(self.ledger.session, self.plan.table)
        if shape is None or not is_history(shape):
            raise Forbids(f"table {self.plan.table} is gone, or keeps no history any more")
        return shape

    @cached_property
    def _place(self) -> PlaceInTime:
        return place_at(self.ledger, self.entry.import_id, self.plan.table, self.entry.as_of or "")

    @cached_property
    def _undo_table(self) -> TableName | None:
        name = self.entry.undo_table
        return None if name is None else self.ledger.target.table_name(name)

    @property
    def _table(self) -> str:
        return self.plan.table.sql(self.ledger.target.dialect.quote)

    @cached_property
    def _begin(self) -> str:
        return f"t.{self.ledger.target.dialect.quote(VALID_FROM)}"

    @cached_property
    def _end(self) -> str:
        return f"t.{self.ledger.target.dialect.quote(VALID_TO)}"

    def _moment(self, text: str) -> str:
        return self.ledger.target.dialect.moment(f"'{text}'")

    @property
    def _at(self) -> str:
        return self._moment(self._place.begin)

    @property
    def _only_added(self) -> bool:
        """Whether its rows are new keys that hold in its interval alone."""
        changes = self.entry.changes
        own = self._count(f"{self._own} AND {self._begin} = {self._at}") if self._lineage else -1
        return (own, changes.updated, changes.deleted) == (changes.inserted, 0, 0)

    @property
    def _lineage(self) -> bool:
        return self.plan.lineage and LINEAGE[0] in {one.name for one in self._shape.columns}

    @property
    def _own(self) -> str:
        number = self.ledger.target.dialect.quote(LINEAGE[0])
        return f"t.{number} = {self.entry.import_id:d}"

    def _require_untouched(self) -> None:
        """Raises Forbids where the table does not hold what the import has published."""
        changes, expected = self.entry.changes, []
        held = f"{self._begin} <= {self._at} AND ({self._end} IS NULL OR {self._end} > {self._at})"
        expected.append((held, changes.taken + changes.kept))
        if self._place.newest:
            expected += [
                (f"{self._begin} = {self._at}", changes.inserted + changes.updated),
                (f"{self._end} = {self._at}", changes.updated + changes.deleted),
                (f"{self._begin} > {self._at} OR {self._end} > {self._at}", 0),
            ]
        for condition, rows in expected:
            found = self._count(condition)
            if found != rows:
                raise Forbids(
                    f"table {self.plan.table} does not hold what import {self.entry.import_id}"
                    f" published: {found:,} rows instead of {rows:,}",
                    hint="somebody has changed its rows; correct that first",
                )

    def _count(self, condition: str) -> int:
        ((rows,),) = self.ledger.session.execute(
            f"SELECT COUNT(*) FROM {self._table} AS t WHERE {condition}"
        )
        return cast("int", rows)

    @property
    def _of_newest(self) -> tuple[str, ...]:
        delete = self.ledger.target.dialect.delete_aliased(self._table)
        quoted = self.ledger.target.dialect.quote(VALID_TO)
        return (
            f"{delete} WHERE {self._begin} = {self._at}",
            f"UPDATE {self._table} AS t SET {quoted} = NULL WHERE {self._end} = {self._at}",
        )

    @property
    def _of_between(self) -> tuple[str, ...]:
        dialect = self.ledger.target.dialect
        delete = dialect.delete_aliased(self._table)
        added = f"{delete} WHERE {self._own} AND {self._begin} = {self._at}"
        if self._undo_table is None:
            return (added,)
        former = self._undo_table.sql(dialect.quote)
        names = [dialect.quote(name) for name in self.plan.key]
        same = " AND ".join(f"t.{name} = s.{name}" for name in names)
        keys, never = ", ".join(names), self._moment(_NEVER)
        begin, end = dialect.quote(VALID_FROM), dialect.quote(VALID_TO)
        # Where the rows of a key may have been cut or joined: it has no gap.
        stretch = (
            f"(SELECT {keys}, MIN({begin}) AS snapshots_begin,"
            f" MAX(COALESCE({end}, {never})) AS snapshots_end FROM {former} GROUP BY {keys}) AS s"
        )
        until = never if self._place.end is None else self._moment(self._place.end)
        columns = ", ".join(map(dialect.quote, former_rows.columns_to_keep(self._shape)))
        return (
            f"{added} AND NOT EXISTS (SELECT 1 FROM {former} AS s WHERE {same})",
            f"{delete} WHERE EXISTS (SELECT 1 FROM {stretch} WHERE {same}"
            f" AND ({self._begin} >= s.snapshots_begin OR {self._begin} >= {self._at})"
            f" AND (COALESCE({self._end}, {never}) <= s.snapshots_end"
            f" OR COALESCE({self._end}, {never}) <= {until}))",
            f"INSERT INTO {self._table} ({columns}){dialect.keeps_given_identity}"
            f" SELECT {columns} FROM {former}",
        )
