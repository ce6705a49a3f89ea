"""Makes the rows of a stage the table's by their keys: changed rows are updated, new ones inserted.

In modes that delete, rows whose keys the input lacks are deleted. Unchanged rows are not touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from snapshots.engine.plan.key import require_unique
from snapshots.engine.publishing import appends, former_rows, half_published, versions
from snapshots.engine.publishing.by_key import left_out
from snapshots.engine.publishing.by_key.cascades import require_no_cascade
from snapshots.engine.publishing.by_key.exchanged import exchange, nobody_notices
from snapshots.engine.publishing.by_key.keyed_rows import KeyedRows
from snapshots.engine.publishing.by_key.rejected_keys import keep_rejected
from snapshots.engine.publishing.deletes import delete_some
from snapshots.engine.publishing.guards import require_few_deletes, require_rows
from snapshots.engine.publishing.publisher import Publication
from snapshots.engine.publishing.refusals import HalvedChange, RefusedLines
from snapshots.engine.support.fault_points import fault_point
from snapshots.errors import AccountingMismatch, RefusedAndEnded, RefusedRows, TargetError
from snapshots.model import RowChanges

if TYPE_CHECKING:
    from snapshots.engine.plan.options import Options
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.record import Lease, Ledger


@dataclass(frozen=True, slots=True)
class MergeStage:
    """Publishes the rows of a stage whose keys are unique. See `TableChange`."""

    ledger: Ledger
    lease: Lease
    plan: Plan
    options: Options

    def run(self) -> Publication:
        """Updates, inserts and deletes rows. Raises RefusedLines, and what guards raise."""
        ledger, plan, session = self.ledger, self.plan, self.ledger.session
        counts = ledger.counts(self.lease.import_id)
        if plan.deletes:
            require_rows(counts, self.options)
        half_published.require_none(ledger, self.lease, plan)
        as_of = versions.require_newest(ledger, self.lease, plan)
        rows = KeyedRows.of(ledger, self.lease, plan)
        lock = rows.dialect.lock_rows(rows.table)
        if lock:
            session.execute(lock)
        require_unique(ledger.target, session, rows.shape, plan.key)
        self._require_stage(rows, counts.loaded)
        fires = ledger.target.fires_triggers(session, plan.table)
        before = self._count(rows)
        notes: list[str] = []
        deleted, only = 0, ""
        if plan.deletes:
            deletes, only, note = self._keep_rejected(counts.rejected)
            notes.append(note)
            if deletes:
                self._keep(f"WHERE {rows.vanished}")
                deleted, note = self._delete(rows)
                notes.append(note)
                require_few_deletes(before, deleted, counts.loaded, self.options)
            notes.append(appends.supersede_all(ledger, self.lease, plan))
            fault_point("deleted")
        alone = bool(lock) or ledger.target.writers == 1
        new = None if alone or fires else self._count_new(rows, only)
        kept = self._keep_changed(rows, only)
        updated, inserted = self._give(rows, only, kept)
        if new is not None and inserted != new:
            raise TargetError(
                f"{new} rows were to be inserted into table {plan.table}, but {inserted} were",
                hint="somebody else writes to the table; nothing was published",
                retryable=True,
            )
        if not fires:
            former_rows.require_kept(kept, updated)
        # Without triggers each row of the stage is there, or was inserted.
        missing = left_out.count(ledger, self.lease, rows, only) if fires else 0
        matched = counts.loaded - missing - inserted
        changes = RowChanges(
            inserted=inserted,
            updated=updated,
            unchanged=matched - updated,
            deleted=deleted,
            # Others may have written meanwhile, where no lock keeps them away.
            kept=max(before - deleted - matched, 0),
        )
        if only:
            session.execute(
                f"DELETE FROM {rows.stage} WHERE {rows.line} >= {self._first_added_line:d}"
            )
        notes.append(former_rows.about_unneeded(ledger, self.lease, plan))
        after = self._count(rows) if alone else before + inserted - deleted
        if before + inserted - deleted != after and not fires:
            raise AccountingMismatch(
                f"table {plan.table} had {before} rows, {inserted} were inserted and {deleted}"
                f" deleted, but it has {after}",
                hint="nothing was published; this is a bug, please report it",
            )
        return Publication(" ".join(note for note in notes if note), changes, as_of)

    def _count(self, rows: KeyedRows) -> int:
        ((count,),) = self.ledger.session.execute(f"SELECT COUNT(*) FROM {rows.table}")
        return cast("int", count)

    def _count_new(self, rows: KeyedRows, only: str) -> int:
        """How many rows of the stage have keys that the table lacks. Where no lock keeps others
        from writing, a row of theirs may come between, which the file's row would not change."""
        ((count,),) = self.ledger.session.execute(
            f"SELECT COUNT(*) FROM {rows.stage} AS s WHERE {rows.lacking}{only}"
        )
        return cast("int", count)

    @property
    def _first_added_line(self) -> int:
        """The line of the first row that the stage gets for a rejected record."""
        chunks = self.ledger.chunks(self.lease.import_id)
        return max(chunk.end_line for chunk in chunks) + 1

    def _keep(self, where: str) -> int | None:
        """Keeps rows of the table, to undo the import; returns how many."""
        if not self.plan.keeps_undo:
            return None
        return former_rows.keep(self.ledger, self.lease, self.plan, f" AS t {where}")

    def _keep_changed(self, rows: KeyedRows, only: str) -> int | None:
        """Keeps the rows that will be updated; returns how many."""
        if not self.plan.keeps_undo or not rows.updates:
            return None
        names = [rows.dialect.quote(one) for one in former_rows.columns_to_keep(rows.shape)]
        kept = self.ledger.session.change(
            f"INSERT INTO {self._undo_table} ({', '.join(names)})"
            f" SELECT {', '.join(f't.{name}' for name in names)} FROM {rows.table} AS t"
            f" JOIN {rows.stage} AS s ON {rows.same} WHERE {rows.changed}{only}"
        )
        fault_point("former-rows-kept")
        return kept

    @property
    def _undo_table(self) -> str:
        undo_table = self.plan.undo_table(self.lease.import_id)
        return undo_table.sql(self.ledger.target.dialect.quote)

    def _keep_rejected(self, rejected: int) -> tuple[bool, str, str]:
        """Has the rows of rejected records stay. Returns whether any row may be deleted, the
        condition for the lines of the stage that are the input's, and a sentence."""
        if not rejected:
            return True, "", ""
        kept = keep_rejected(self.ledger, self.lease, self.plan, rejected)
        quoted = self.ledger.target.dialect.quote(self.plan.stage_lineage[1])
        return kept.deletes, f" AND s.{quoted} < {kept.line:d}" if kept.deletes else "", kept.note

    def _delete(self, rows: KeyedRows) -> tuple[int, str]:
        """Deletes the rows whose keys the stage lacks; returns how many, and what that has done to
        rows of others."""
        target, session, table = self.ledger.target, self.ledger.session, self.plan.table
        note = require_no_cascade(target, session, table, rows, allowed=self.options.allow_cascade)
        return delete_some(target, session, table, rows.table, rows.delete), note

    def _give(self, rows: KeyedRows, only: str, kept: int | None) -> tuple[int, int]:
        """Updates and inserts; returns how many rows were updated, and inserted. `kept`: how many
        changed rows the undo table has; None: it has none of them.

        Raises RefusedLines where the table refuses rows, however often they are given.
        """
        session = self.ledger.session
        lines = f" AND s.{rows.line} >= ? AND s.{rows.line} < ?"
        insert = HalvedChange(session, rows.insert + only, rows.stage, rows.line, lines)
        changing = rows.update if kept is None else rows.update_kept(self._undo_table)
        update = HalvedChange(session, changing + only, rows.stage, rows.line, lines)
        updated = 0
        if not rows.updates or kept == 0:
            pass
        elif nobody_notices(self.ledger, self.plan):
            try:
                with session.savepoint():
                    updated = session.change(update.statement)
            except RefusedAndEnded:
                raise
            except RefusedRows:
                # Unique values that change places, for instance.
                updated = exchange(session, rows, only)
        else:
            updated = update.begin()
        fault_point("updated")
        inserted = insert.begin()
        backwards = False
        while update.refused or insert.refused:
            more = update.again(backwards=backwards)
            others = insert.again(backwards=backwards)
            updated, inserted, backwards = updated + more, inserted + others, not backwards
            if not more + others:
                raise RefusedLines({**insert.refused, **update.refused})
        return updated, inserted

    def _require_stage(self, rows: KeyedRows, loaded: int) -> None:
        """Requires that the stage has as many rows as the account says."""
        found = self.ledger.session.execute(f"SELECT COUNT(*) FROM {rows.stage}")
        staged = cast("int", found[0][0])
        if staged != loaded:
            raise AccountingMismatch(
                f"the stage should have {loaded} rows, and has {staged}",
                hint="nothing was published; this is a bug, please report it",
            )
