"""Undoes an import that found its rows by key: changed and deleted rows get their former values.

The stage has what the import published, and its undo table the rows of before. Only a row that is
still as it was published is undone. All others stay, and are listed.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, cast

from msgspec import Struct
from msgspec.structs import replace

from snapshots.engine.plan.open_tables import canonical
from snapshots.engine.plan.plan import LINEAGE, Plan, placed
from snapshots.engine.publishing import former_rows, stage
from snapshots.engine.publishing.by_key.exchanged import nobody_notices
from snapshots.engine.publishing.by_key.keyed_rows import KeyedRows
from snapshots.engine.publishing.deletes import StillReferred, delete_some
from snapshots.engine.publishing.refusals import HalvedChange, RefusedLines
from snapshots.engine.support.fault_points import fault_point
from snapshots.engine.undo.by_number import require_lineage
from snapshots.engine.undo.kept_rows import list_kept
from snapshots.engine.undo.other_images import OtherImages
from snapshots.engine.undo.references import ReferringRows, require_alone
from snapshots.engine.undo.strategy import RowsUndone
from snapshots.engine.undo.undo_sql import UndoSql
from snapshots.errors import Forbids, RefusedAndEnded, RefusedRows
from snapshots.ledger import locks, stages, undo_tables
from snapshots.table_facts import UNDO_ROW

if TYPE_CHECKING:
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Ledger


class RowsByKey(Struct, frozen=True):
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
        with self.ledger.session.transaction():
            self._begin(sql)
            return RowsUndone(
                self._count(f"{table} AS t WHERE {sql.inserted}"),
                self._count(f"{table} AS t WHERE {sql.updated}") + self._count(sql.deleted),
                sum(self._count(one) for one, _ in sql.kept()),
                self._referring(sql),
            )

    def run(self, *, allow_cascade: bool) -> RowsUndone:
        """See `UndoStrategy`."""
        ledger, plan, sql = self.ledger, self.plan, self._sql()
        session, rows = ledger.session, sql.rows
        self._begin(sql)
        if lock := rows.dialect.lock_rows(rows.table):
            session.execute(lock)
        referring = self._referring(sql)
        require_alone(self.entry.import_id, referring, allow_cascade=allow_cascade)
        kept = list_kept(ledger, self.entry.import_id, rows.shape, sql.kept())
        others = OtherImages(ledger, self.entry, plan, rows, sql.images, sql.had)
        others.correct_later()
        sql = self._restoring(sql)
        changed = self._count(f"{rows.table} AS t WHERE {sql.updated}")
        returning = self._count(sql.deleted)
        removed = None
        with suppress(StillReferred), session.savepoint():
            removed = self._remove(sql)
        fault_point("undo-removed")
        self._restore(sql)
        if removed is None:
            # Rows that got their former values referred to them.
            removed = self._remove(sql)
        if sql.copies:
            others.renew_copies()
        fault_point("undo-restored")
        if not rows.dialect.ddl_commits:
            former_rows.drop(ledger, plan.undo_table(self.entry.import_id))
            undo_tables.forget(ledger, self.entry.import_id)
            stage.drop(ledger, plan.stage_table(self.entry.import_id))
            stages.forget(ledger, self.entry.import_id)
        return RowsUndone(removed, changed + returning, kept, referring)

    def _remove(self, sql: UndoSql) -> int:
        target, session, table = self.ledger.target, self.ledger.session, self.plan.table
        return delete_some(target, session, table, sql.rows.table, sql.inserted, lasting=False)

    def clean_up(self) -> None:
        """See `UndoStrategy`."""
        former_rows.give_up(self.ledger, self.entry.import_id)
        stage.sweep(self.ledger)

    def _begin(self, sql: UndoSql) -> None:
        """Has each row find its former one at once; where CREATE INDEX ends no transaction."""
        target, plan = self.ledger.target, self.plan
        if statement := sql.rows.dialect.for_joins_alone:
            self.ledger.session.execute(statement)
        undo_table = plan.undo_table(self.entry.import_id)
        if not target.dialect.ddl_commits:
            target.index_stage(self.ledger.session, undo_table, plan.key)

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
        copies = former_rows.published_columns(
            ledger.target, ledger.session, undo_table, entry.import_id
        )
        undo = undo_table.sql(dialect.quote)
        return UndoSql(rows, undo, had, entry.import_id, bool(copies))

    def _restoring(self, sql: UndoSql) -> UndoSql:
        """The same statements, which also give back what the publish has changed in columns that
        the input lacks. The others are not touched: some databases refuse that."""
        if not sql.copies or not sql.kept_others:
            return sql
        ((*counts,),) = self.ledger.session.execute(sql.altered)
        pairs = zip(sql.kept_others, counts, strict=True)
        return replace(sql, restored=tuple(name for name, count in pairs if count))

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
            session.change(sql.insert)
            return
        row = dialect.quote(UNDO_ROW)
        lines = f" AND b.{row} >= ? AND b.{row} < ?"
        insert = HalvedChange(session, sql.insert, sql.undo, row, lines)
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
