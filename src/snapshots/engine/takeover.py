"""Going on with an import whose owner is gone, or has been silent for longer than its lease."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

from snapshots.engine import owner
from snapshots.errors import LedgerDamaged, TargetError

if TYPE_CHECKING:
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Lease, Ledger


def session_name(of: Lease | Entry) -> str:
    """Of the sessions in which an owner writes; its successor finds them by it."""
    return f"snapshots import {of.import_id}.{of.fence} {crc32((of.owner or '').encode()):08x}"


def require_whole(entry: Entry) -> None:
    """Raises LedgerDamaged where chunks of the import are lost: it would load their rows again."""
    if entry.damage is not None:
        raise LedgerDamaged(
            entry.damage,
            hint="restore the ledger's tables from a backup; or load the input with --again, into a"
            " new table, and compare the two",
        )


def take_over(ledger: Ledger, entry: Entry) -> Lease:
    """The lease of an import that nobody works on any more, as far as can be told.

    An owner that is stopped, or whose host is gone, may have left transactions open, and those
    hold locks on the import. They are ended first; if the owner does wake up, the fence keeps it
    from writing.

    Raises LedgerError when another process was faster, and what the database says where it can
    end nobody else's transaction.
    """
    if entry.state == "running":
        ledger.session.end_named(session_name(entry))
    try:
        with ledger.locked():
            return ledger.take(entry, owner.this_process())
    except TargetError as error:
        if error.retryable and entry.state == "running":
            error.hint = (
                f"{entry.owner} (host:process:start) was at work on the import and may hold the"
                " lock: if it is stopped, let it go on or kill it"
            )
        raise
