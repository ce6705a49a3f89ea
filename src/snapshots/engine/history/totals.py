"""Totals over all imports of a database, for metrics."""

from __future__ import annotations

from contextlib import closing, suppress
from typing import TYPE_CHECKING

from msgspec.structs import replace

from snapshots.engine.lease import owner
from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.errors import NoDatabase
from snapshots.ledger.totals import LedgerTotals, StateCounts, owners, states, totals

if TYPE_CHECKING:
    from snapshots.ports import Target


def totals_of(target: Target) -> LedgerTotals:
    """The totals of all committed chunks; zeros if there is no ledger yet."""
    with closing(LedgerSession(target, create=False)) as ledger_session, suppress(NoDatabase):
        if ledger_session.ledger.exists():
            return totals(ledger_session.ledger)
    return LedgerTotals()


def states_of(ledger_session: LedgerSession) -> StateCounts:
    """How many imports are in each state; none if there is no ledger yet.

    As in `snapshots list`, an import whose process was killed counts as interrupted.
    """
    try:
        ledger = ledger_session.renewed()
        if not ledger.exists():
            return StateCounts()
    except NoDatabase:
        return StateCounts()
    found = states(ledger)
    if not found.imports.get("running"):
        return found
    dead = sum(not owner.alive(name, age) for name, age in owners(ledger))
    imports = dict(found.imports)
    imports["running"] -= dead
    imports["interrupted"] = imports.get("interrupted", 0) + dead
    return replace(found, imports=imports)
