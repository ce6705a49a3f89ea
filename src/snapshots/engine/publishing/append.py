"""Publishing in the mode `append`, which has nothing left to do at the end of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.engine.publishing.publisher import Publication

if TYPE_CHECKING:
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.ports import Source


class AppendPublisher:
    """Does nothing: readers see the rows of a chunk as soon as its transaction is committed.

    The records of a delivery are with the API once it has confirmed them.
    """

    def lock(self, _ledger: Ledger, _plan: Plan) -> str | None:
        """Needs none. See `Publisher`."""
        return None

    def prepare(self, _ledger: Ledger, _lease: Lease, _plan: Plan) -> None:
        """Needs nothing. See `Publisher`."""

    def publish(self, _ledger: Ledger, _lease: Lease, _plan: Plan, _source: Source) -> Publication:
        """Does nothing, and has nothing to say. See `Publisher`."""
        return Publication()

    def clean_up(self, _ledger: Ledger, _lease: Lease, _plan: Plan) -> None:
        """Leaves nothing behind. See `Publisher`."""
