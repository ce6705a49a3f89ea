"""Publishes the rows of a stage in the transaction that finishes the import.

Readers see the rows of before until COMMIT, and those of after from then on. How the rows become
the table's is up to an `TableChange`: one for each way to do it.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec.structs import replace

from snapshots.engine.plan.open_tables import canonical
from snapshots.engine.publishing import former_rows, half_published, stage
from snapshots.engine.publishing.asked import PublishAgain
from snapshots.engine.publishing.publisher import Publication
from snapshots.engine.publishing.refusals import CertainRefusals, RefusedLines, rejects_of
from snapshots.engine.publishing.renamed import RenameStage, why_not
from snapshots.engine.support.fault_points import fault_point
from snapshots.errors import SnapshotsError, TargetError
from snapshots.ledger import locks, refused_rows, stages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.engine.plan.options import Options
    from snapshots.engine.plan.plan import Plan
    from snapshots.engine.publishing.publisher import TableChange
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.ports import Source


@dataclass(slots=True)
class StagePublisher:
    """See `Publisher`. The options have the guards, which a resumption may change."""

    options: Options
    renames: bool = False
    """Whether the stage takes the table's name, in this try to publish."""
    why_copied: str = field(default="", init=False)
    """Why it does not, though its plan says so."""
    known_refusals: CertainRefusals | None = field(default=None, init=False)
    """Rows that the table refuses: the transaction that has found them was rolled back."""

    def lock(self, ledger: Ledger, plan: Plan) -> str | None:
        """Publishes into one table follow each other. See `Publisher`."""
        return locks.of_table(canonical(ledger, plan.table))

    @contextmanager
    def prepared(self, ledger: Ledger, lease: Lease, plan: Plan) -> Iterator[None]:
        """Chooses between renaming and copying, and makes the undo table. See `Publisher`."""
        if ledger.is_finished(lease):
            yield
            return
        self.renames = plan.publish != "copy"
        if self.renames and not half_published.is_renamed(ledger, lease.import_id):
            self.renames = self.options.publish != "copy"
            self.why_copied = why_not(ledger, lease, plan) if self.renames else ""
            self.renames = self.renames and not self.why_copied
        if not self.renames:
            _make_ready(ledger, lease, plan)
        elif ledger.target.dialect.ddl_commits:
            with _held(ledger, self.lock(ledger, plan)):
                RenameStage(ledger, lease, plan, self.options).rename_tables()
                yield
            return
        yield

    def publish(self, ledger: Ledger, lease: Lease, plan: Plan, source: Source) -> Publication:
        """See `Publisher`."""
        if ledger.is_finished(lease):
            return Publication()
        fault_point("publishing")
        if statement := ledger.target.dialect.for_joins:
            # Also where no table is joined, the rows of a large one are counted or copied.
            ledger.session.execute(statement)
        if settled := self._settle(ledger, lease, plan, source):
            return Publication(refused=settled)
        change = self._change(ledger, lease, plan)
        try:
            with ledger.session.savepoint():
                published = change.run()
        except CertainRefusals as refused:
            if not ledger.target.dialect.savepoints:
                self.known_refusals = refused
                raise PublishAgain("The table refuses rows.") from refused
            return Publication(refused=_reject_certain(ledger, lease, plan, source, refused))
        except RefusedLines as refused:
            from snapshots.engine.publishing.by_key.duplicates import remove_lines

            rejects = rejects_of(source, plan, ledger.chunks(lease.import_id), refused)
            remove_lines(ledger, plan, lease.import_id, sorted(refused.reasons))
            refused_rows.refuse(ledger, lease, rejects)
            fault_point("refused")
            return Publication(refused=len(rejects))
        # A table with history has its rows of every version itself.
        keeps_stage = plan.key and plan.keeps_undo and plan.mode != "history"
        if not ledger.target.dialect.ddl_commits and not keeps_stage:
            stage.drop(ledger, plan.stage_table(lease.import_id))
            stages.forget(ledger, lease.import_id)
        fault_point("published")
        if self.why_copied:
            note = f"The rows were copied into table {plan.table}: {self.why_copied}."
            return replace(published, note=f"{note} {published.note}".strip())
        return published

    def _change(self, ledger: Ledger, lease: Lease, plan: Plan) -> TableChange:
        """What makes the rows of the stage the table's, in the mode of the plan."""
        # Each mode has modules of its own, which take a moment to load.
        if plan.mode == "history":
            from snapshots.engine.publishing.history import KeepHistory

            return KeepHistory(ledger, lease, plan, self.options)
        if plan.key:
            from snapshots.engine.publishing.by_key.merged import MergeStage

            return MergeStage(ledger, lease, plan, self.options)
        if self.renames:
            return RenameStage(ledger, lease, plan, self.options)
        from snapshots.engine.publishing.copied import CopyStage

        return CopyStage(ledger, lease, plan, self.options)

    def _settle(self, ledger: Ledger, lease: Lease, plan: Plan, source: Source) -> int:
        """Takes rows out of the stage that are known not to come into the table; returns how
        many."""
        if self.known_refusals is not None:
            known, self.known_refusals = self.known_refusals, None
            return _reject_certain(ledger, lease, plan, source, known)
        if not plan.key:
            return 0
        from snapshots.engine.publishing.by_key.duplicates import DuplicateRows
        from snapshots.engine.publishing.by_key.keyed_rows import KeyedRows

        rows = KeyedRows.of(ledger, lease, plan)
        return DuplicateRows(ledger, lease, plan, source, rows).settle()

    def clean_up(self, ledger: Ledger, lease: Lease, plan: Plan) -> None:
        """See `Publisher`."""
        fault_point("cleaning")
        stage.sweep(ledger)
        former_rows.settle(ledger, lease, plan)
        fault_point("cleaned")


def _reject_certain(
    ledger: Ledger, lease: Lease, plan: Plan, source: Source, refused: CertainRefusals
) -> int:
    from snapshots.engine.publishing.by_key.duplicates import reject_certain

    count = reject_certain(ledger, lease, plan, source, refused)
    fault_point("refused")
    return count


@contextmanager
def _held(ledger: Ledger, lock: str | None) -> Iterator[None]:
    """Holds a lock of the ledger beyond the transactions within the block, where the database's
    locks belong to sessions. The transactions may take it once more."""
    dialect = ledger.target.dialect
    held = None if lock is None else dialect.transaction_lock(locks.number_of(lock))
    if held is None or not held.release:
        yield
        return
    if ledger.session.execute(f"SELECT {held.take}") != [(1,)]:
        raise TargetError(
            "Another process publishes into the same table for too long.",
            hint="Try again after it has ended.",
            retryable=True,
        )
    try:
        yield
    finally:
        # Where the session is gone the server has given the lock back.
        with suppress(SnapshotsError):
            ledger.session.execute(f"SELECT {held.release}")


def _make_ready(ledger: Ledger, lease: Lease, plan: Plan) -> None:
    """Makes the undo table, and an index on the key of the stage."""
    if _needs_undo_table(ledger, lease, plan):
        former_rows.prepare(ledger, lease, plan)
    if plan.key:
        # A version of a history looks for rows by their lines, too.
        lines = plan.stage_lineage[1] if plan.mode == "history" else None
        stage_table = plan.stage_table(lease.import_id)
        ledger.target.index_stage(ledger.session, stage_table, plan.key, lines=lines)
        fault_point("stage-indexed")


def _needs_undo_table(ledger: Ledger, lease: Lease, plan: Plan) -> bool:
    if plan.mode != "history":
        return True
    from snapshots.engine.publishing.history import needs_undo_table

    return needs_undo_table(ledger, lease, plan)
