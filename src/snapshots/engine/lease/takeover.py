"""Takes over an import whose owner is gone, or has been silent for longer than its lease. Also
tells that owner so when it wakes up."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from zlib import crc32

from snapshots.engine.lease import owner
from snapshots.errors import LedgerDamaged, LostLease, SnapshotsError, TargetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.engine.lease.ledger_session import LedgerSession
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Lease, Ledger


def session_name(of: Lease | Entry) -> str:
    """Names the sessions in which an owner writes, so that its successor finds them. Those of a
    task of a cluster have its name besides: see `ports.Session.name`."""
    return f"snapshots import {of.import_id}.{of.fence} {crc32((of.owner or '').encode()):08x}"


def require_undamaged(entry: Entry) -> None:
    """Raises LedgerDamaged where chunks of the import are lost: it would load their rows again."""
    if entry.damage is not None:
        raise LedgerDamaged(
            entry.damage,
            hint="restore the ledger's tables from a backup; or load the input into a new table"
            " with --again, and compare the two tables",
        )


def take_over(ledger: Ledger, entry: Entry, lost: int = 0) -> Lease:
    """Takes the lease of an import that nobody works on any more, as far as can be told. `lost` is
    how many workers died of it.

    An owner that is stopped, or whose host is gone, may have left transactions open, and those
    hold locks on the import. They are ended first; if the owner does wake up, the fence keeps it
    from writing.

    Raises LedgerError when another process was faster, and what the database says where it can
    end nobody else's transaction.
    """
    if entry.state == "running":
        ledger.session.end_named(session_name(entry))
    try:
        with ledger.writing():
            return ledger.take(entry, owner.this_process(), lost)
    except TargetError as error:
        if error.retryable and entry.state == "running":
            error.hint = (
                f"{owner.in_words(entry.owner)} worked on the import and may hold the lock; if it"
                " is suspended, continue it or kill it"
            )
        raise


def require_ours(ledger_session: LedgerSession, lease: Lease) -> None:
    """Raises LostLease if another process has taken the import over, whatever has become of it.

    To be asked before any other reason is given for an end: who takes over ends the sessions of the
    owner before, and what that one sees, when it wakes up, is a lost connection. Where the ledger
    cannot be asked, nothing is known, and nothing is raised.
    """
    try:
        ledger = ledger_session.renewed()
        now = ledger.lease_state(lease.import_id)
        if now is not None and now.fence != lease.fence:
            ledger.require(ledger.session, lease)
    except LostLease:
        raise
    except SnapshotsError:
        return


@contextmanager
def ours(ledger_session: LedgerSession, lease: Lease) -> Iterator[None]:
    """Raises LostLease in place of an error from the block, where that is the reason."""
    try:
        yield
    except LostLease:
        raise
    except SnapshotsError:
        require_ours(ledger_session, lease)
        raise
