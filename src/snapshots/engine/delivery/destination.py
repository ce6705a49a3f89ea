"""One delivery at a time works on an address whose confirmed rows are remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.engine.input.identity import at_work
from snapshots.engine.publishing.append import AppendPublisher
from snapshots.engine.publishing.publisher import Publication
from snapshots.errors import ImportBusy
from snapshots.ledger import destinations
from snapshots.model import RowChanges

if TYPE_CHECKING:
    from snapshots.engine.plan.endpoint import Endpoint
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.destinations import Destination
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.ports import Source


def take_destination(ledger: Ledger, lease: Lease, request: Endpoint) -> None:
    """Makes a delivery the one that works on its address.

    Raises ImportBusy while another one does, Forbids where a later one was begun, and UsageError
    where rows were sent there by other columns.
    """
    with ledger.writing(f"destination {request.url}"):
        known = destinations.find(ledger, request.url)
        if known is not None and known.working != lease.import_id:
            _require_idle(ledger, known)
        destinations.claim(
            ledger,
            lease,
            request.url,
            request.key,
            request.changed_since,
            rows=request.method != "DELETE",
        )


def forget(ledger: Ledger, known: Destination) -> None:
    """Forgets what was sent to an address. Raises ImportBusy while a delivery works on it."""
    with ledger.writing(f"destination {known.address}"):
        _require_idle(ledger, known)
        destinations.reset(ledger, known)


def _require_idle(ledger: Ledger, known: Destination) -> None:
    other = ledger.entry(known.working)
    if other is not None and at_work(other):
        raise ImportBusy(
            f"delivery {known.working} is sending rows to this address now",
            place=known.address,
            hint="wait until it ends; see its progress with snapshots list",
        )


class DestinationPublisher(AppendPublisher):
    """Moves the cursor of an address, and counts what was new and what had changed."""

    def publish(self, ledger: Ledger, lease: Lease, plan: Plan, _source: Source) -> Publication:
        """See `Publisher`."""
        request = plan.request
        found = destinations.find(ledger, request.url)
        if found is None or request.method == "DELETE":
            return Publication()
        destinations.finish(ledger.session, found.number)
        if not request.key:
            return Publication()
        made = destinations.totals(ledger, found.number, lease.import_id)
        return Publication(changes=RowChanges(inserted=made.new, updated=made.changed))
