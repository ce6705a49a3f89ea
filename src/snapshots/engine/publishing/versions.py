"""Versions of a table: the date of each says which one is newer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from snapshots.engine.plan.open_tables import canonical
from snapshots.engine.plan.plan import placed
from snapshots.engine.plan.version_date import read, shown
from snapshots.engine.publishing.place_in_time import allowed_place
from snapshots.errors import OlderVersion
from snapshots.ledger import other_appends

if TYPE_CHECKING:
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.history import History
    from snapshots.ledger.record import Lease, Ledger


def require_newest(ledger: Ledger, lease: Lease, plan: Plan) -> str:
    """Returns the date of the import's version, in the transaction that publishes it.

    Raises OlderVersion where a newer one is published. Of equal dates the later publish counts.
    """
    as_of = plan.as_of
    if as_of is None:
        entry = ledger.entry(lease.import_id)
        as_of = "" if entry is None else entry.started_at
    _require_newest(ledger, lease.import_id, plan, as_of)
    return as_of


def late_version(history: History, plan: Plan) -> OlderVersion | None:
    """The error with which a version would be refused if it was published now; None: it would not
    be. For a plan without import."""
    if not plan.versioned:
        return None
    begin = plan.as_of or read(datetime.now(UTC).isoformat())
    try:
        if plan.mode == "history":
            allowed_place(history, 0, plan, begin)
        else:
            _require_newest(history, 0, plan, begin)
    except OlderVersion as error:
        return error
    return None


def _require_newest(ledger: History, import_id: int, plan: Plan, as_of: str) -> None:
    own = canonical(ledger, plan.table)
    for other, date, text in other_appends.newest_versions(ledger, import_id):
        if date <= as_of:
            break
        into = placed(text)[0]
        if into is not None and canonical(ledger, into) == own:
            raise OlderVersion(
                f"Table {plan.table} has a newer version, of {shown(date)}, from import {other}."
                f" This version is of {shown(as_of)}: nothing was published.",
                hint="To publish it anyway, load it again with --again and a later --as-of.",
            )
