"""Frees what publishing has left in a database, and is not needed any more."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, cast

from msgspec import Struct

from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.publishing import former_rows, stage
from snapshots.engine.support.fault_points import fault_point
from snapshots.ledger import stages

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.ledger.record import Ledger
    from snapshots.ledger.undo_tables import PublishedVersion
    from snapshots.ports import Target


class PrunedStage(Struct, frozen=True):
    """A stage that was looked at."""

    import_id: int
    stage: str
    """The name of the table."""
    state: str
    """That of its import."""
    dropped: bool
    """False: its import is being worked on, or was stopped and may go on."""


class PrunedUndoTable(Struct, frozen=True):
    """An undo table that was dropped. Its import can no longer be undone."""

    import_id: int
    undo_table: str
    """The name of the table."""
    rows: int
    """How many rows it kept."""
    bytes: int | None
    """About how much storage it took; None where the database cannot tell."""


def prune(
    target: Target,
    *,
    unfinished: bool,
    keep_undo: int | None = None,
    say: Callable[[str], None],
) -> list[PrunedStage | PrunedUndoTable]:
    """Drops the stages of imports that are finished, and undo tables that nothing keeps any more.

    Returns all stages that there were, and the undo tables that it has dropped. With `unfinished`
    also the stages of imports that were stopped: their rows are given up, and resuming them begins
    anew. `keep_undo`: the imports of each table that can still be undone; None: as many as its
    newest import was told to keep. Raises NoDatabase.
    """
    with closing(LedgerSession(target, create=False, migrate=say)) as ledger_session:
        ledger = ledger_session.ledger
        if not ledger.exists():
            return []
        found = [one for one in stages.known(ledger) if not one.kept]
        stage.sweep(ledger)
        looked_at = [
            PrunedStage(
                one.import_id,
                one.stage,
                one.state,
                one.state in stages.SETTLED
                or (unfinished and stage.discard(ledger, one.import_id)),
            )
            for one in found
        ]
        old = former_rows.unneeded(ledger, keep_undo)
        return [*looked_at, *(_free(ledger, one) for one in old)]


def _free(ledger: Ledger, version: PublishedVersion) -> PrunedUndoTable:
    """Drops an undo table; returns what that has freed."""
    undo_table = ledger.target.table_name(cast("str", version.undo_table))
    rows, size = 0, None
    if ledger.target.inspect(ledger.session, undo_table) is not None:
        name = undo_table.sql(ledger.target.dialect.quote)
        ((count,),) = ledger.session.execute(f"SELECT COUNT(*) FROM {name}")
        rows, size = cast("int", count), ledger.target.bytes_of(ledger.session, undo_table)
    fault_point("pruning")
    former_rows.release(ledger, version.import_id, undo_table)
    stage.sweep(ledger)
    fault_point("pruned")
    return PrunedUndoTable(version.import_id, str(undo_table), rows, size)
