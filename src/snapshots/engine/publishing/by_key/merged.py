"""Makes the rows of a stage the table's by their keys: changed rows are updated, new ones inserted.

In modes that delete, rows whose keys the input lacks are deleted. Unchanged rows are not touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msgspec import Struct

from snapshots.engine.plan.key import require_unique
from snapshots.engine.publishing import appends, former_rows, half_published, versions
from snapshots.engine.publishing.asked import ask
from snapshots.engine.publishing.by_key import left_out
from snapshots.engine.publishing.by_key.cascades import require_no_cascade
from snapshots.engine.publishing.by_key.certain_refusals import RefusalFinder
from snapshots.engine.publishing.by_key.exchanged import exchange, nobody_notices
from snapshots.engine.publishing.by_key.keyed_rows import KeyedRows
from snapshots.engine.publishing.by_key.rejected_keys import keep_rejected
from snapshots.engine.publishing.by_key.staged_changes import StagedChanges
from snapshots.engine.publishing.deletes import StillReferred, delete_some
from snapshots.engine.publishing.guards import require_few_deletes, require_rows
from snapshots.engine.publishing.publisher import Publication
from snapshots.engine.publishing.refusals import (
    FEW_REFUSED,
    MOST_REFUSED,
    HalvedChange,
    RefusedLines,
    TooManyRefused,
)
from snapshots.engine.support.fault_points import fault_point
from snapshots.errors import AccountingMismatch, RefusedAndEnded, RefusedRows, TargetError
from snapshots.model import RowChanges

if TYPE_CHECKING:
    from snapshots.engine.plan.options import Options
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.record import Lease, Ledger


class MergeStage(Struct, frozen=True):
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
        deletes = waits = False
        if plan.deletes:
            deletes, only, note = self._keep_rejected(counts.rejected)
            notes.append(note)
        changes = self._find(rows, only, before, counts.loaded)
        # Without rejects the keys that both have tell how many rows only the table has.
        if deletes and (only or before != counts.loaded - changes.new):
            deleted, note, waits = self._delete_first(rows, before, counts.loaded)
            notes.append(note)
            if deleted and not nobody_notices(ledger, plan):
                # Whoever has noticed may have changed or deleted other rows.
                changes = self._find(rows, only, self._count(rows), counts.loaded)
        if plan.deletes:
            notes.append(appends.supersede_all(ledger, self.lease, plan))
            fault_point("deleted")
        alone = bool(lock) or ledger.target.writers == 1
        kept = self._keep_changed(changes, alone=alone)
        updated, inserted = self._give(rows, only, changes, alone=alone and not fires)
        more, note = self._delete(rows, before, counts.loaded) if waits else (0, "")
        deleted += more
        notes.append(note)
        self._keep_published(rows, fires=fires)
        if not fires:
            former_rows.require_kept(kept, updated)
            self._require_inserted(changes.new, inserted)
        # Without triggers each row of the stage is there, or was inserted.
        missing = left_out.count(ledger, self.lease, rows, only) if fires else 0
        matched = counts.loaded - missing - inserted
        changes.drop(ledger)
        done = RowChanges(
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
        if alone and not fires:
            self._require_sum(rows, before, done)
        return Publication(" ".join(note for note in notes if note), done, as_of)

    def _count(self, rows: KeyedRows) -> int:
        ((count,),) = self.ledger.session.execute(f"SELECT COUNT(*) FROM {rows.table}")
        return cast("int", count)

    def _find(self, rows: KeyedRows, only: str, held: int, loaded: int) -> StagedChanges:
        """The rows to insert and to update, in a table that has so many rows."""
        if held == 0 and not only:
            return StagedChanges.all_of(rows, loaded)
        return StagedChanges.find(self.ledger, self.plan, rows, only)

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

    def _keep_changed(self, changes: StagedChanges, *, alone: bool) -> int | None:
        """Keeps the rows that will be updated; returns how many."""
        if not self.plan.keeps_undo or not changes.rows.updates:
            return None
        kept, dialect = 0, changes.rows.dialect
        if changes.changed:
            shape = changes.rows.shape
            names = [dialect.quote(one) for one in former_rows.columns_to_keep(shape)]
            undo_table = self.plan.undo_table(self.lease.import_id).sql(dialect.quote)
            kept = self.ledger.session.change(
                f"INSERT INTO {undo_table} ({', '.join(names)})"
                f" SELECT {', '.join(f't.{name}' for name in names)} {changes.former}"
                # Where no lock keeps others away, these rows must stay until they are updated.
                f"{'' if alone else dialect.row_lock}"
            )
        fault_point("former-rows-kept")
        return kept

    def _keep_published(self, rows: KeyedRows, *, fires: bool) -> None:
        """Keeps the new and changed rows as they are now, where the stage does not tell what the
        table's triggers and defaults have made of them."""
        if (fires or rows.others) and rows.lineage:
            number = rows.dialect.quote(rows.lineage[0])
            self._keep(f"WHERE t.{number} = {self.lease.import_id:d}")

    def _require_sum(self, rows: KeyedRows, before: int, done: RowChanges) -> None:
        """Requires that the table has as many rows as the account says."""
        after = self._count(rows)
        if before + done.inserted - done.deleted != after:
            raise AccountingMismatch(
                f"table {self.plan.table} had {before} rows, {done.inserted} were inserted and"
                f" {done.deleted} deleted, but it has {after}",
                hint="nothing was published; this is a bug, please report it",
            )

    def _keep_rejected(self, rejected: int) -> tuple[bool, str, str]:
        """Has the rows of rejected records stay. Returns whether any row may be deleted, the
        condition for the lines of the stage that are the input's, and a sentence."""
        if not rejected:
            return True, "", ""
        kept = keep_rejected(self.ledger, self.lease, self.plan, rejected)
        quoted = self.ledger.target.dialect.quote(self.plan.stage_lineage[1])
        return kept.deletes, f" AND s.{quoted} < {kept.line:d}" if kept.deletes else "", kept.note

    def _delete_first(self, rows: KeyedRows, before: int, loaded: int) -> tuple[int, str, bool]:
        """Does what `_delete` does. Returns also whether that must wait: rows that stay refer to
        the others, and may refer to none of them once they are updated."""
        try:
            with self.ledger.session.savepoint():
                return *self._delete(rows, before, loaded), False
        except StillReferred:
            return 0, "", True

    def _delete(self, rows: KeyedRows, before: int, loaded: int) -> tuple[int, str]:
        """Deletes the rows whose keys the stage lacks, and keeps them; returns how many, and what
        that has done to rows of others. Raises TooManyDeletes, StillReferred."""
        self._keep(f"WHERE {rows.vanished}")
        target, session, table = self.ledger.target, self.ledger.session, self.plan.table
        note = require_no_cascade(target, session, table, rows, allowed=self.options.allow_cascade)
        deleted = delete_some(target, session, table, rows.table, rows.vanished, lasting=True)
        require_few_deletes(before, deleted, loaded, self.options)
        return deleted, note

    def _give(
        self, rows: KeyedRows, only: str, changes: StagedChanges, *, alone: bool
    ) -> tuple[int, int]:
        """Updates and inserts; returns how many rows were updated, and inserted. `alone`: no row
        can come into the table meanwhile.

        Raises RefusedLines where the table refuses rows, however often they are given, and
        CertainRefusals where these are many.
        """
        if not rows.dialect.savepoints:
            return self._give_asked(rows, changes)
        try:
            with self.ledger.session.savepoint():
                return self._give_all(rows, only, changes, FEW_REFUSED, alone=alone)
        except TooManyRefused:
            pass
        if not changes.copied:
            changes = StagedChanges.find(self.ledger, self.plan, rows, only)
        RefusalFinder(self.ledger, self.plan, rows, changes).require_none()
        return self._give_all(rows, only, changes, MOST_REFUSED, alone=alone)

    def _give_asked(self, rows: KeyedRows, changes: StagedChanges) -> tuple[int, int]:
        """The same where a refused row would end the transaction."""
        given, session = changes.rows, self.ledger.session
        leaving = f"EXISTS (SELECT 1 FROM {given.stage} AS n WHERE {rows.same_key('o', 'n')})"
        taken = ask(self.ledger, self.plan, rows.columns, given.stage, rows.line, leaving)
        updated = inserted = 0
        # A row that is new may be the parent of one that is changed.
        for new in (True, False) if taken.asked.levels else (False, True):
            if new and changes.new:
                inserted = taken.insert(changes.insert, f"s.{rows.line}", " AND ")
            elif not new and changes.changed:
                statements = changes.updates_apart(taken.asked.moving)
                updated = sum(map(session.change, statements))
        return updated, inserted

    def _give_all(
        self, rows: KeyedRows, only: str, changes: StagedChanges, most: int, *, alone: bool
    ) -> tuple[int, int]:
        """The same. Raises TooManyRefused for more than `most` refused rows."""
        session, given = self.ledger.session, changes.rows.stage
        lines = f" AND s.{rows.line} >= ? AND s.{rows.line} < ?"
        inserting = changes.insert if alone else changes.insert_if_lacking
        insert = HalvedChange(session, inserting, given, rows.line, lines, most=most)
        update = HalvedChange(session, changes.update, given, rows.line, lines, most=most)
        updated = inserted = 0
        if not changes.changed:
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
        if changes.new:
            inserted = insert.begin()
        backwards = False
        while update.refused or insert.refused:
            more = update.again(backwards=backwards)
            others = insert.again(backwards=backwards)
            updated, inserted, backwards = updated + more, inserted + others, not backwards
            if not more + others:
                raise RefusedLines({**insert.refused, **update.refused})
        return updated, inserted

    def _require_inserted(self, new: int, inserted: int) -> None:
        """Raises TargetError, worth a retry, where a row of such a key has come into the table."""
        if inserted != new:
            raise TargetError(
                f"{new} rows were to be inserted into table {self.plan.table}, but {inserted} were",
                hint="somebody else writes to the table; nothing was published",
                retryable=True,
            )

    def _require_stage(self, rows: KeyedRows, loaded: int) -> None:
        """Requires that the stage has as many rows as the account says."""
        found = self.ledger.session.execute(f"SELECT COUNT(*) FROM {rows.stage}")
        staged = cast("int", found[0][0])
        if staged != loaded:
            raise AccountingMismatch(
                f"the stage should have {loaded} rows, and has {staged}",
                hint="nothing was published; this is a bug, please report it",
            )
