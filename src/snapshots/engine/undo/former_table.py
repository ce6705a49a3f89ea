"""Undoes a replacement: the rows that it has published leave, and the former ones return.

Only the newest version of a table can be undone, while the table holds what it published. The
rows go back into the table that is there now, so that whatever hangs on it stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msgspec import Struct

from snapshots.engine.plan.open_tables import canonical
from snapshots.engine.plan.plan import LINEAGE, Plan
from snapshots.engine.publishing import former_rows
from snapshots.engine.publishing.deletes import count_rows
from snapshots.engine.publishing.refusals import RefusedLines, insert_all
from snapshots.engine.support.fault_points import fault_point
from snapshots.engine.undo.by_number import count_own, remove_own, require_lineage
from snapshots.engine.undo.newest import require_newest
from snapshots.engine.undo.references import referring_rows
from snapshots.engine.undo.strategy import RowsUndone
from snapshots.errors import Forbids, RefusedAndEnded, RefusedRows
from snapshots.ledger import locks, undo_tables
from snapshots.table_facts import UNDO_ROW

if TYPE_CHECKING:
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Ledger
    from snapshots.model import TableName


class FormerTable(Struct, frozen=True):
    """See `UndoStrategy`."""

    ledger: Ledger
    entry: Entry
    plan: Plan

    def require(self) -> None:
        """See `UndoStrategy`."""
        require_lineage(self.ledger, self.entry, self.plan)
        require_newest(self.ledger, self.entry, self.plan)
        self._require_former_rows()

    def lock(self) -> str | None:
        """Nobody publishes into the table meanwhile. See `UndoStrategy`."""
        return locks.of_table(canonical(self.ledger, self.plan.table))

    def look(self) -> RowsUndone:
        """See `UndoStrategy`."""
        self._require_untouched()
        return RowsUndone(
            count_own(self.ledger, self.entry, self.plan.table),
            self._count_returning(),
            referring=referring_rows(self.ledger, self.entry.import_id, self.plan.table),
        )

    def run(self, *, allow_cascade: bool) -> RowsUndone:
        """See `UndoStrategy`."""
        ledger, table = self.ledger, self.plan.table
        require_newest(self.ledger, self.entry, self.plan)
        if lock := ledger.target.dialect.lock_rows(self._quoted(table)):
            ledger.session.execute(lock)
        self._require_untouched()
        undone = remove_own(ledger, self.entry, table, allow_cascade=allow_cascade)
        fault_point("undo-removed")
        restored = self._restore()
        fault_point("undo-restored")
        if self._undo_table is not None and not ledger.target.dialect.ddl_commits:
            former_rows.drop(ledger, self._undo_table)
            undo_tables.forget(ledger, self.entry.import_id)
        return RowsUndone(undone.removed, restored, referring=undone.referring)

    def clean_up(self) -> None:
        """See `UndoStrategy`."""
        former_rows.give_up(self.ledger, self.entry.import_id)

    @property
    def _which(self) -> str:
        return f"import {self.entry.import_id}"

    @property
    def _undo_table(self) -> TableName | None:
        name = self.entry.undo_table
        return None if name is None else self.ledger.target.table_name(name)

    def _quoted(self, table: TableName) -> str:
        return table.sql(self.ledger.target.dialect.quote)

    @property
    def _numbered(self) -> bool:
        """Whether the former rows have numbers, by which they are put back one after the other."""
        if self._undo_table is None:
            return False
        there = self.ledger.target.inspect(self.ledger.session, self._undo_table)
        return there is not None and UNDO_ROW in {column.name for column in there.columns}

    def _require_former_rows(self) -> None:
        """Raises Forbids where the rows that the import has deleted are not kept."""
        deleted = self.entry.deleted or 0
        if not deleted:
            return
        if self._undo_table is None:
            raise Forbids(
                f"{self._which} replaced {deleted:,} rows of table {self.plan.table}, and they are"
                " not kept",
                hint="to have them back, import the former file again with --mode replace",
            )
        there = self.ledger.target.inspect(self.ledger.session, self._undo_table)
        if there is None or self._count_former() != deleted:
            raise Forbids(
                f"table {self._undo_table} does not have the {deleted:,} rows any more that"
                f" {self._which} replaced",
                hint="to have them back, import the former file again with --mode replace",
            )

    def _require_untouched(self) -> None:
        """Raises Forbids where the table does not hold what the import has published."""
        table, number = self.plan.table, self.ledger.target.dialect.quote(LINEAGE[0])
        rows = self.ledger.session.execute(
            f"SELECT {number}, COUNT(*) FROM {self._quoted(table)} GROUP BY {number}"
        )
        counts = {of: cast("int", count) for of, count in rows}
        own = counts.pop(self.entry.import_id, 0)
        others, changes = sum(counts.values()), self.entry.changes
        if (own, others) == (changes.inserted, changes.kept):
            return
        later = self._later_appends(counts.keys())
        first = ", ".join(f"snapshots undo {one}" for one in later)
        raise Forbids(
            f"table {table} does not hold what {self._which} published: it has {own:,} of its"
            f" {changes.inserted:,} rows. Other rows: {others:,} instead of {changes.kept:,}.",
            hint=f"undo first what came later: {first}"
            if later
            else "somebody has changed its rows; correct that first",
        )

    def _later_appends(self, numbers: object) -> list[int]:
        """The imports among these that were finished after this one, newest first."""
        found = []
        for one in cast("set[object]", numbers):
            entry = self.ledger.entry(one) if isinstance(one, int) else None
            if entry is None or entry.kind != "import" or entry.state == "undone":
                continue
            if (entry.finished_at or entry.now) >= (self.entry.finished_at or ""):
                found.append(entry.import_id)
        return sorted(found, reverse=True)

    def _count_former(self) -> int:
        if self._undo_table is None:
            return 0
        return count_rows(self.ledger.target, self.ledger.session, self._undo_table)

    def _count_returning(self) -> int:
        if self._undo_table is None:
            return 0
        ((leaving,),) = self.ledger.session.execute(
            f"SELECT COUNT(*) FROM {self._quoted(self._undo_table)} WHERE {self._undone_meanwhile}"
        )
        return self._count_former() - cast("int", leaving)

    @property
    def _undone_meanwhile(self) -> str:
        """Of a former row, whose import has been undone since: undoing both leaves none of it."""
        number = self.ledger.target.dialect.quote(LINEAGE[0])
        return f"{number} IN (SELECT id FROM snapshots_imports WHERE state = 'undone')"

    def _restore(self) -> int:
        """Puts the former rows back; returns how many. Raises Forbids where the table refuses or
        changes some."""
        if not self.entry.deleted or self._undo_table is None:
            return 0
        ledger, table = self.ledger, self.plan.table
        ledger.session.change(
            f"DELETE FROM {self._quoted(self._undo_table)} WHERE {self._undone_meanwhile}"
        )
        returning = self._count_former()
        shape = ledger.target.inspect(ledger.session, table)
        dialect = ledger.target.dialect
        columns = () if shape is None else former_rows.columns_to_keep(shape)
        names = ", ".join(map(dialect.quote, columns))
        source = self._quoted(self._undo_table)
        into = f"INSERT INTO {self._quoted(table)} ({names}){dialect.keeps_given_identity}"
        statement = f"{into} SELECT {names} FROM {source}"
        try:
            if not self._numbered:
                restored = ledger.session.change(statement)
            else:
                row = dialect.quote(UNDO_ROW)
                restored = insert_all(ledger.session, statement, source, row)
        except RefusedAndEnded:
            raise
        except RefusedRows as refusal:
            raise self._cannot_return(str(refusal)) from refusal
        except RefusedLines as refused:
            raise self._cannot_return(next(iter(refused.reasons.values()))) from refused
        if ledger.target.triggers(ledger.session, table):
            self._require_as_before(columns, returning)
        elif restored != returning:
            raise self._cannot_return(f"{restored:,} of {returning:,} rows came back")
        return returning

    def _require_as_before(self, columns: tuple[str, ...], returning: int) -> None:
        """Raises Forbids where triggers have changed restored rows, or left some out."""
        dialect = self.ledger.target.dialect
        values = ", ".join(dialect.as_text(dialect.quote(name)) for name in columns)
        former, table = self._quoted(cast("TableName", self._undo_table)), self.plan.table
        ((missing,),) = self.ledger.session.execute(
            f"SELECT COUNT(*) FROM (SELECT {values} FROM {former}"
            f" EXCEPT SELECT {values} FROM {self._quoted(table)}) AS missing"
        )
        rows = count_rows(self.ledger.target, self.ledger.session, table)
        if missing or rows != returning + (self.entry.kept or 0):
            raise self._cannot_return("triggers change them, or leave some out")

    def _cannot_return(self, why: str) -> Forbids:
        return Forbids(
            f"{self._which} was not undone: the former rows cannot return to table"
            f" {self.plan.table}: {why}",
            hint="change what is in their way first",
        )
