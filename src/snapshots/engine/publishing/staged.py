"""Publishes the rows of a stage in the transaction that finishes the import.

Readers see the rows of before until COMMIT, and those of after from then on. How the rows become
the table's is up to an `TableChange`: one for each way to do it.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from snapshots.engine.plan.open_tables import canonical
from snapshots.engine.publishing import former_rows, half_published, stage
from snapshots.engine.publishing.by_key.duplicates import DuplicateRows
from snapshots.engine.publishing.by_key.keyed_rows import KeyedRows
from snapshots.engine.publishing.by_key.merged import MergeStage
from snapshots.engine.publishing.copied import CopyStage
from snapshots.engine.publishing.history import KeepHistory, needs_undo_table
from snapshots.engine.publishing.publisher import Publication
from snapshots.engine.publishing.refusals import RefusedLines, rejects_of
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
            self.why_copied = why_not(ledger, lease, plan)
            self.renames = not self.why_copied
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
        if plan.key and (statement := ledger.target.dialect.for_joins):
            ledger.session.execute(statement)
        if plan.key and (settled := self._settle_duplicates(ledger, lease, plan, source)):
            return Publication(refused=settled)
        change = self._change(ledger, lease, plan)
        try:
            with ledger.session.savepoint():
                published = change.run()
        except RefusedLines as refused:
            rejects = rejects_of(source, plan, ledger.chunks(lease.import_id), refused)
            _remove(ledger, lease, plan, sorted(refused.reasons))
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
        if plan.mode == "history":
            return KeepHistory(ledger, lease, plan, self.options)
        if plan.key:
            return MergeStage(ledger, lease, plan, self.options)
        if self.renames:
            return RenameStage(ledger, lease, plan, self.options)
        return CopyStage(ledger, lease, plan, self.options)

    def _settle_duplicates(self, ledger: Ledger, lease: Lease, plan: Plan, source: Source) -> int:
        rows = KeyedRows.of(ledger, lease, plan)
        return DuplicateRows(ledger, lease, plan, source, rows).settle()

    def clean_up(self, ledger: Ledger, lease: Lease, plan: Plan) -> None:
        """See `Publisher`."""
        fault_point("cleaning")
        stage.sweep(ledger)
        former_rows.settle(ledger, lease, plan)
        fault_point("cleaned")


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
            ledger.session.execute(held.release)


def _remove(ledger: Ledger, lease: Lease, plan: Plan, lines: list[int]) -> None:
    """Takes rows out of the stage that will not be published."""
    quote = ledger.target.dialect.quote
    stage_table = plan.stage_table(lease.import_id).sql(quote)
    ledger.session.executemany(
        f"DELETE FROM {stage_table} WHERE {quote(plan.stage_lineage[1])} = ?",
        [(one,) for one in lines],
    )


def _make_ready(ledger: Ledger, lease: Lease, plan: Plan) -> None:
    """Makes the undo table, and an index on the key of the stage."""
    if plan.mode != "history" or needs_undo_table(ledger, lease, plan):
        former_rows.prepare(ledger, lease, plan)
    if plan.key:
        ledger.target.index_stage(ledger.session, plan.stage_table(lease.import_id), plan.key)
        fault_point("stage-indexed")
