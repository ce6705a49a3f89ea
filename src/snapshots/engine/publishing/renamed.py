"""Publishes a stage that is a full copy of its table: it takes the table's name.

The rows are written once. The former table becomes the undo table.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots.engine.publishing import appends, former_rows, half_published
from snapshots.engine.publishing.deletes import count_rows
from snapshots.engine.publishing.publisher import Publication
from snapshots.engine.publishing.replacement import admit
from snapshots.engine.publishing.versions import require_newest
from snapshots.engine.support.fault_points import fault_point
from snapshots.errors import CannotRename, TableInUse
from snapshots.ledger import stages, undo_tables
from snapshots.model import RowChanges
from snapshots.targets.sql.ddl import written
from snapshots.time_limits import TICK_SECONDS

if TYPE_CHECKING:
    from snapshots.engine.plan.options import Options
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.record import Lease, Ledger

_SNAPSHOT_SECONDS = 2.0
"""How long transactions that were open when all rows were loaded may take to end."""


def why_not(ledger: Ledger, lease: Lease, plan: Plan) -> str:
    """Why the stage of an import cannot take its table's name, as part of a sentence; empty if it
    can. Asked when all rows are in the stage, outside a transaction.

    Where the user wants nothing else it raises TableInUse, if it may be possible in a moment, and
    CannotRename otherwise.
    """
    why = _obstacle(ledger, lease, plan)
    if not why:
        return _older_snapshot(ledger, plan)
    if plan.publish == "rename":
        raise CannotRename(
            f"Table {plan.table} cannot be replaced by renaming: {why}. Nothing was published."
        )
    return why


def _obstacle(ledger: Ledger, lease: Lease, plan: Plan) -> str:
    """What does not pass by waiting."""
    target, session = ledger.target, ledger.session
    if ledger.counts(lease.import_id).rejected:
        return "records were rejected, and rows of before are kept"
    if why := target.rename_obstacles(session, plan.table):
        return why[0]
    clone = plan.stage_table(lease.import_id)
    return target.clone_difference(session, plan.table, clone)


def _older_snapshot(ledger: Ledger, plan: Plan) -> str:
    """Waits for those who read the database as it was before the last row was loaded."""
    target, session = ledger.target, ledger.session
    # A reader whose snapshot is older would see a part of the rows under the table's name.
    before = target.open_snapshots(session) or frozenset()
    until = time.monotonic() + _SNAPSHOT_SECONDS
    while before:
        before &= target.open_snapshots(session) or before
        if before and time.monotonic() > until:
            if plan.publish == "rename":
                raise TableInUse(
                    "a transaction that began before all rows were loaded is still open",
                    retryable=True,
                )
            return "a transaction that began before all rows were loaded is still open"
        time.sleep(TICK_SECONDS if before else 0)
    return ""


class RenameStage(Struct, frozen=True):
    """Exchanges the names of a stage and its table. See `TableChange`."""

    ledger: Ledger
    lease: Lease
    plan: Plan
    options: Options

    def run(self) -> Publication:
        """Does it where that is part of the transaction, or completes it where it is done."""
        ledger, plan, import_id = self.ledger, self.plan, self.lease.import_id
        if ledger.target.dialect.ddl_commits:
            return self._completed()
        admission = admit(ledger, self.lease, plan, self.options)
        note = self._notes()
        undo_tables.mark(ledger, self.lease, written(plan.undo_table(import_id)))
        fault_point("renaming")
        self._exchange()
        fault_point("renamed")
        stages.forget(ledger, import_id)
        changes = RowChanges(inserted=admission.counts.loaded, deleted=admission.before)
        return Publication(note, changes, admission.as_of, "rename")

    def rename_tables(self) -> None:
        """Renames the tables where that commits by itself, with the table's lock held.

        The ledger has the mark before: who goes on after a crash sees what was done.
        """
        ledger, import_id = self.ledger, self.lease.import_id
        if half_published.is_renamed(ledger, import_id):
            return
        with ledger.session.transaction():
            admit(ledger, self.lease, self.plan, self.options)
            appends.require_none_at_work(ledger, self.lease, self.plan)
            undo_tables.mark_renaming(ledger, self.lease, written(self.plan.undo_table(import_id)))
            ledger.require(ledger.session, self.lease, ledger.target.dialect.row_lock)
        fault_point("renaming")
        self._exchange()
        fault_point("renamed")

    def _completed(self) -> Publication:
        ledger, plan = self.ledger, self.plan
        as_of = require_newest(ledger, self.lease, plan)
        note = self._notes()
        undo_table = plan.undo_table(self.lease.import_id)
        deleted = count_rows(ledger.target, ledger.session, undo_table)
        inserted = ledger.counts(self.lease.import_id).loaded
        return Publication(note, RowChanges(inserted=inserted, deleted=deleted), as_of, "rename")

    def _exchange(self) -> None:
        plan, import_id = self.plan, self.lease.import_id
        self.ledger.target.exchange(
            self.ledger.session,
            plan.table,
            plan.stage_table(import_id),
            plan.undo_table(import_id),
        )

    def _notes(self) -> str:
        """What is to be reported. Appends that were stopped have lost their rows."""
        superseded = appends.supersede_all(self.ledger, self.lease, self.plan)
        old = former_rows.about_unneeded(self.ledger, self.lease, self.plan)
        return " ".join(part for part in (superseded, old) if part)
