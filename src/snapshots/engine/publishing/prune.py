"""Frees what publishing has left in a database, and is not needed any more."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.publishing import stage
from snapshots.ledger import stages

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.ports import Target


@dataclass(frozen=True, slots=True)
class PrunedStage:
    """A stage that was looked at."""

    import_id: int
    stage: str
    """The name of the table."""
    state: str
    """That of its import."""
    dropped: bool
    """False: its import is being worked on, or was stopped and may go on."""


def prune(target: Target, *, unfinished: bool, say: Callable[[str], None]) -> list[PrunedStage]:
    """Drops the stages of imports that are finished, and returns all stages that there were.

    With `unfinished` also those of imports that were stopped: their rows are given up, and resuming
    them begins anew. Raises NoDatabase.
    """
    with closing(LedgerSession(target, create=False, migrate=say)) as ledger_session:
        ledger = ledger_session.ledger
        if not ledger.exists():
            return []
        found = stages.known(ledger)
        stage.sweep(ledger)
        return [
            PrunedStage(
                one.import_id,
                one.stage,
                one.state,
                one.state in stages.SETTLED
                or (unfinished and stage.discard(ledger, one.import_id)),
            )
            for one in found
        ]
