"""Undoes an import that found its rows by key: changed and deleted rows get their former values.

The stage has what the import published, and its undo table the rows of before. Only a row that is
still as it was published is undone. All others stay, and are listed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from snapshots.engine.plan.open_tables import canonical
from snapshots.engine.plan.plan import LINEAGE, Plan, placed
from snapshots.engine.publishing import former_rows, stage
from snapshots.engine.publishing.by_key.exchanged import nobody_notices
from snapshots.engine.publishing.by_key.keyed_rows import KeyedRows
from snapshots.engine.publishing.deletes import delete_some
from snapshots.engine.publishing.refusals import HalvedChange, RefusedLines
from snapshots.engine.support.fault_points import fault_point
from snapshots.engine.undo.by_number import require_lineage
from snapshots.engine.undo.kept_rows import list_kept
from snapshots.engine.undo.later_images import LaterImages
from snapshots.engine.undo.references import ReferringRows, require_alone
from snapshots.engine.undo.strategy import RowsUndone
from snapshots.engine.undo.undo_sql import UndoSql
from snapshots.errors import Forbids, RefusedAndEnded, RefusedRows
from snapshots.ledger import locks, stages, undo_tables
from snapshots.ports import UNDO_ROW

if TYPE_CHECKING:
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Ledger


@dataclass(frozen=True, slots=True)
class RowsByKey:
    """See `UndoStrategy`."""

    ledger: Ledger
    entry: Entry
    plan: Plan

    def require(self) -> None:
        """See `UndoStrategy`."""
        require_lineage(self.ledger, self.entry, self.plan)
        self._require_kept()
        self._require_no_replacement()

    def lock(self) -> str | None:
        """Nobody publishes into the table meanwhile. See `UndoStrategy`."""
        return locks.of_table(canonical(self.ledger, self.plan.table))

    def look(self) -> RowsUndone:
        """See `UndoStrategy`."""
        sql = self._sql()
        table = sql.rows.table
        return RowsUndone(
            self._count(f"{table} AS t WHERE {sql.inserted}"),
            self._count(f"{table} AS t WHERE {sql.updated}")
            + self._count(f"{sql.undo} AS b WHERE {sql.deleted}"),
            sum(self._count(f"{table} AS t WHERE {one}") for one, _ in sql.kept()),
            self._referring(sql),
        )

    def run(self, *, allow_cascade: bool) -> RowsUndone:
        """See `UndoStrategy`."""
        ledger, plan, sql = self.ledger, self.plan, self._sql()
        session, rows = ledger.session, sql.rows
        if statement := rows.dialect.for_joins:
            session.execute(statement)
        if lock := rows.dialect.lock_rows(rows.table):
            session.execute(lock)
        referring = self._referring(sql)
        require_alone(self.entry.import_id, referring, allow_cascade=allow_cascade)
        kept = list_kept(ledger, self.entry.import_id, rows.shape, sql.kept())
        LaterImages(ledger, self.entry, plan, rows, sql.undo).settle()
        changed = self._count(f"{rows.table} AS t WHERE {sql.updated}")
        returning = self._count(f"{sql.undo} AS b WHERE {sql.deleted}")
        removed = delete_some(
            ledger.target,
            session,
            plan.table,
            rows.table,
            f"{rows.dialect.delete_aliased(rows.table)} WHERE {sql.inserted}",
        )
        fault_point("undo-removed")
        self._restore(sql)
        fault_point("undo-restored")
        if not rows.dialect.ddl_commits:
            former_rows.drop(ledger, plan.undo_table(self.entry.import_id))
            undo_tables.forget(ledger, self.entry.import_id)
            stage.drop(ledger, plan.stage_table(self.entry.import_id))
            stages.forget(ledger, self.entry.import_id)
        return RowsUndone(removed, changed + returning, kept, referring)

    def clean_up(self) -> None:
        """See `UndoStrategy`."""
        former_rows.give_up(self.ledger, self.entry.import_id)
        stage.sweep(self.ledger)

    def _count(self, source: str) -> int:
        ((count,),) = self.ledger.session.execute(f"SELECT COUNT(*) FROM {source}")
        return cast("int", count)

    def _require_kept(self) -> None:
        """Raises Forbids where the rows of before, or those that it published, are not kept."""
        ledger, entry = self.ledger, self.entry
        tables = (self.plan.undo_table(entry.import_id), self.plan.stage_table(entry.import_id))
        there = [ledger.target.inspect(ledger.session, one) is not None for one in tables]
        if entry.undo_table is None or entry.stage is None or not all(there):
            raise Forbids(
                f"import {entry.import_id} changed {entry.changes.updated:,} rows of table"
                f" {self.plan.table} and deleted {entry.changes.deleted:,}: their former values"
                " are not kept",
                hint="to have them back, import the former file again with the same mode",
            )

    def _require_no_replacement(self) -> None:
        """Raises Forbids where a later import has replaced all rows of the table."""
        own = canonical(self.ledger, self.plan.table)
        later = False
        for one in undo_tables.published(self.ledger):
            if one.import_id == self.entry.import_id:
                later = True
                continue
            plan = Plan.from_json(one.plan) if later else None
            if plan is None or not plan.replaces or plan.key:
                continue
            table = placed(one.plan)[0]
            if table is not None and canonical(self.ledger, table) == own:
                raise Forbids(
                    f"import {one.import_id} has replaced all rows of table {self.plan.table}",
                    hint=f"undo that one first: snapshots undo {one.import_id}",
                )

    def _sql(self) -> UndoSql:
        ledger, plan, entry = self.ledger, self.plan, self.entry
        shape = ledger.target.inspect(ledger.session, plan.table)
        if shape is None:
            raise Forbids(f"table {plan.table} is gone, with all rows of import {entry.import_id}")
        there = {column.name for column in shape.columns}
        if gone := [column.name for column in plan.contract.columns if column.name not in there]:
            raise Forbids(f"table {plan.table} no longer has column {gone[0]}")
        dialect = ledger.target.dialect
        rows = KeyedRows(
            dialect,
            plan.table.sql(dialect.quote),
            plan.stage_table(entry.import_id).sql(dialect.quote),
            shape,
            plan.key,
            tuple(column.name for column in plan.contract.columns),
            LINEAGE,
            dialect.quote(LINEAGE[1]),
        )
        undo_table = plan.undo_table(entry.import_id)
        kept = ledger.target.inspect(ledger.session, undo_table)
        had = () if kept is None else tuple(column.name for column in kept.columns)
        return UndoSql(rows, undo_table.sql(dialect.quote), had, entry.import_id)

    def _referring(self, sql: UndoSql) -> tuple[ReferringRows, ...]:
        quote, found = sql.rows.dialect.quote, []
        for key in self.ledger.target.referencing_keys(self.ledger.session, self.plan.table):
            same = " AND ".join(
                f"t.{quote(theirs)} = c.{quote(mine)}"
                for mine, theirs in zip(key.columns, key.parents, strict=True)
            )
            others = f" AND c.{quote(LINEAGE[0])} <> {sql.number:d}" if key.own else ""
            count = self._count(
                f"{key.table.sql(quote)} AS c WHERE EXISTS (SELECT 1 FROM {sql.rows.table} AS t"
                f" WHERE {same} AND {sql.inserted}){others}"
            )
            if count:
                found.append(ReferringRows(str(key.table), count, key.on_delete))
        return tuple(found)

    def _restore(self, sql: UndoSql) -> None:
        """Gives changed rows their former values, and inserts deleted ones. Raises Forbids where
        the table refuses that."""
        ledger, session = self.ledger, self.ledger.session
        try:
            try:
                with session.savepoint():
                    session.change(sql.update)
                    self._insert(sql)
            except RefusedAndEnded:
                raise
            except RefusedRows:
                # Unique values that change places, or rows that refer to one which comes back.
                if not nobody_notices(ledger, self.plan):
                    self._insert(sql)
                    session.change(sql.update)
                    return
                for statement in sql.take_out_updated:
                    session.change(statement)
                self._insert(sql)
        except RefusedAndEnded:
            raise
        except RefusedRows as refusal:
            raise self._refused(str(refusal)) from refusal
        except RefusedLines as refused:
            raise self._refused(next(iter(refused.reasons.values()))) from refused

    def _insert(self, sql: UndoSql) -> None:
        dialect, session = sql.rows.dialect, self.ledger.session
        if dialect.deletes_in_any_order:
            session.change(f"{sql.insert} WHERE {sql.deleted}")
            return
        row = dialect.quote(UNDO_ROW)
        lines = f" AND b.{row} >= ? AND b.{row} < ?"
        insert = HalvedChange(session, f"{sql.insert} WHERE {sql.deleted}", sql.undo, row, lines)
        insert.begin()
        # A row may refer to one that comes after it.
        while insert.refused:
            if not insert.again():
                raise RefusedLines(insert.refused)

    def _refused(self, reason: str) -> Forbids:
        return Forbids(
            f"import {self.entry.import_id} was not undone: table {self.plan.table} does not take"
            f" its former rows: {reason}",
            hint="correct the rows that are in the way, and undo it again",
        )
