"""The step that publishes the rows of an import. A new mode adds an implementation of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.record import Lease, Ledger


@dataclass(frozen=True, slots=True)
class Publication:
    """What publishing has done."""

    note: str = ""
    """A sentence for the summary; empty if there is nothing to report."""


class Publisher(Protocol):
    """Makes the loaded rows of an import what readers of its destination see."""

    def publish(self, ledger: Ledger, lease: Lease, plan: Plan) -> Publication:
        """Publishes the rows, in the transaction that finishes the import.

        Every record is accounted for when it is called. It may be called again for the same import:
        in a new transaction where the one before was rolled back, and where that one was committed
        without an answer. An error rolls everything back, and the import is not finished.
        """
