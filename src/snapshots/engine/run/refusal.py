"""Keeps inputs that cannot even be planned in the history, with the reason.

A user who runs `snapshots import` sees the reason at once, and nothing is written. A service has
nobody who looks on: what it could not import must be found later.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from snapshots.engine.plan.table_name import table_of
from snapshots.errors import LedgerError, SnapshotsError
from snapshots.ledger import locks
from snapshots.ledger.new_import import refuse
from snapshots.ports import Identity

if TYPE_CHECKING:
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Ledger
    from snapshots.model import ImportRecord


def record_refusal(
    ledger: Ledger,
    name: str,
    table: str | None,
    error: SnapshotsError,
    known: Identity | None = None,
) -> ImportRecord:
    """Writes a failed import. Returns the one there is already if the input was refused as it is
    now. `known` is what a server says of it; without, it is a local file."""
    identity = known or _as_it_lies(name)
    with ledger.writing(locks.of_name(name)):
        last = next(reversed(ledger.sightings([name])), None)
        seen = last and (last.size, last.mtime_ns, last.inode, last.etag, last.state)
        if last is not None and seen == (
            identity.size,
            identity.mtime_ns,
            identity.inode,
            identity.etag,
            "failed",
        ):
            import_id = last.import_id
        else:
            into, why = _table(ledger, name, table), error.for_the_ledger()
            import_id = refuse(ledger, identity, into, why, error.code)
    entry: Entry | None = ledger.entry(import_id)
    if entry is None:
        raise LedgerError(f"the ledger no longer has import {import_id}")
    return entry.record(ledger.target.display())


def _as_it_lies(name: str) -> Identity:
    """Finds out what is known of a file that perhaps nobody may read.

    Who may read it changes without the file's time: such a file is not known when it is seen again.
    """
    try:
        status = os.stat(name)  # noqa: PTH116 (a name may hold any bytes)
    except OSError:
        return Identity(name, None, None, None, None)
    mtime = status.st_mtime_ns if os.access(name, os.R_OK) else None
    return Identity(name, status.st_size, mtime, status.st_ino, None)


def _table(ledger: Ledger, name: str, given: str | None) -> str:
    """Returns where it would have gone; nothing if no table can be named after it."""
    try:
        return str(table_of(ledger.target, name, given))
    except SnapshotsError:
        return ""
