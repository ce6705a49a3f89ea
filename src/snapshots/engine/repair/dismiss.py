"""Dismisses rejects: they are to stay as they are, for a reason that somebody gives."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.repair import allowed
from snapshots.engine.support.fault_points import fault_point
from snapshots.errors import LostLease, UsageError
from snapshots.ledger import repairs
from snapshots.plain import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.ledger.record import Ledger
    from snapshots.ports import Target

MOST_CHARACTERS = 2000


class DismissReport(Struct, frozen=True):
    """What was dismissed."""

    import_id: int
    database: str
    dismissed: int
    """Rejects that this has dismissed."""
    open: int
    """Rejects that are left."""
    because: str

    def to_object(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return plain(self)


def dismiss_rejects(
    import_id: int,
    target: Target,
    say: Callable[[str], None],
    *,
    because: str,
    line: int | None = None,
    codes: tuple[str, ...] = (),
) -> DismissReport:
    """Dismisses the open rejects of an import or a delivery: all, that of a line of the input, or
    those with some codes. `say` gets sentences about the ledger.

    Raises UsageError without a reason or for a line without an open reject, NoSuchImport, Forbids,
    ImportBusy, or TargetError.
    """
    with closing(LedgerSession(target, create=False, migrate=say)) as session:
        return dismiss_in(session.ledger, import_id, because=because, line=line, codes=codes)


def dismiss_in(
    ledger: Ledger,
    import_id: int,
    *,
    because: str,
    line: int | None = None,
    codes: tuple[str, ...] = (),
) -> DismissReport:
    """Does the same in a ledger that is open."""
    because = because.strip()
    if not because or len(because) > MOST_CHARACTERS:
        raise UsageError(f"a reason has 1 to {MOST_CHARACTERS:,} characters")
    allowed.require_finished(ledger, allowed.find(ledger, import_id), "dismissed")
    with ledger.session.transaction():
        held = repairs.lock(ledger, import_id)
        if held is None or held[1] != "finished":
            raise LostLease(f"another process has changed import {import_id} meanwhile")
        count = repairs.dismiss(ledger, import_id, line, codes, because)
        if line is not None and not count:
            raise UsageError(
                f"line {line} of the input is no open reject of import {import_id}",
                hint=f"see its rejects with snapshots rejects {import_id}",
            )
        fault_point("dismiss-before-commit")
    entry = allowed.find(ledger, import_id)
    return DismissReport(
        import_id,
        ledger.target.display(),
        count,
        entry.counts.rejected - entry.dismissed,
        because,
    )
