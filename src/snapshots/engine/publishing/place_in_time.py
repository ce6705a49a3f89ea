"""Where a version of a table stands among those that are published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots.engine.plan.open_tables import canonical
from snapshots.engine.plan.plan import keeps_history, placed
from snapshots.engine.plan.version_date import shown
from snapshots.errors import OlderVersion
from snapshots.ledger import other_appends

if TYPE_CHECKING:
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.history import History
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.model import TableName


class PlaceInTime(Struct, frozen=True):
    """The interval of a version: from its date to that of the next one."""

    begin: str
    """As the ledger writes times."""
    end: str | None
    """None: it is the newest version."""
    again: bool
    """Whether a version of the same date is published: this one corrects it."""

    @property
    def newest(self) -> bool:
        """Whether all other versions are older."""
        return self.end is None and not self.again


def place_of(ledger: Ledger, lease: Lease, plan: Plan) -> PlaceInTime:
    """Finds the place of the import's version, in the transaction that publishes it.

    Raises OlderVersion where a newer one is published and the plan allows no other order.
    """
    begin = plan.as_of
    if begin is None:
        entry = ledger.entry(lease.import_id)
        begin = "" if entry is None else entry.started_at
    return allowed_place(ledger, lease.import_id, plan, begin)


def allowed_place(ledger: History, import_id: int, plan: Plan, begin: str) -> PlaceInTime:
    """The place of a version of that date. Raises OlderVersion if the plan does not allow it."""
    place = place_at(ledger, import_id, plan.table, begin)
    if place.end is not None and not plan.out_of_order:
        raise OlderVersion(
            f"Table {plan.table} has a newer version, of {shown(place.end)}. This version is of"
            f" {shown(begin)}: nothing was published.",
            hint="--out-of-order puts it in its place in time.",
        )
    return place


def place_at(ledger: History, import_id: int, table: TableName, begin: str) -> PlaceInTime:
    """The place of a version of that date among those of other imports."""
    end, again = None, False
    own = canonical(ledger, table)
    for _, date, text in other_appends.newest_versions(ledger, import_id):
        if date < begin:
            break
        into = placed(text)[0] if keeps_history(text) else None
        # A table that began its history empty may have had versions by other modes before.
        if into is None or canonical(ledger, into) != own:
            continue
        if date == begin:
            again = True
            break
        end = date
    return PlaceInTime(begin, end, again)
