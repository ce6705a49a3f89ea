"""The step that publishes the rows of an import. A new mode adds an implementation of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from snapshots.defaults import Publish
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.model import RowChanges
    from snapshots.ports import Source


class Publication(Struct, frozen=True):
    """What publishing has done."""

    note: str = ""
    """A sentence for the summary; empty if there is nothing to report."""
    changes: RowChanges | None = None
    """What has become of the table's rows; None: the rows were loaded as readers see them."""
    as_of: str | None = None
    """The date of the version that is published; None where there is none."""
    way: Publish | None = None
    """How the rows have become the table's, where there is a choice."""
    refused: int = 0
    """Staged rows that the table has refused, or whose key another row of the input has. If there
    are any, nothing is published: they are no loaded records any more, and the others are to be
    published in another transaction."""


class Publisher(Protocol):
    """Makes the loaded rows of an import what readers of its destination see."""

    def lock(self, ledger: Ledger, plan: Plan) -> str | None:
        """The lock, by its name, that whoever publishes into this destination holds; None where
        nobody needs to wait for others."""

    def prepared(self, ledger: Ledger, lease: Lease, plan: Plan) -> AbstractContextManager[None]:
        """Makes what publishing needs, outside a transaction, before each try to publish. The
        transaction is within the block.

        Whoever is killed afterwards leaves something that the ledger knows.
        """

    def publish(self, ledger: Ledger, lease: Lease, plan: Plan, source: Source) -> Publication:
        """Publishes the rows, in the transaction that finishes the import.

        Every record is accounted for when it is called. It may be called again for the same import:
        in a new transaction where the one before was rolled back, and where that one was committed
        without an answer. An error rolls everything back, and the import is not finished.
        """

    def clean_up(self, ledger: Ledger, lease: Lease, plan: Plan) -> None:
        """Removes what is not needed any more, once the import is finished, outside a transaction.

        Whoever is killed before leaves something that the ledger knows.
        """


class TableChange(Protocol):
    """Makes the rows of a stage the table's, within the transaction that finishes the import."""

    def run(self) -> Publication:
        """Does it, and returns what has become of the rows.

        Raises RefusedLines where the table refuses rows, and GuardRefusal, OlderVersion or
        AccountingMismatch. Whoever calls it rolls back then what it has done.
        """
