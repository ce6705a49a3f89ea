"""What is done with the records of an input: the part of a run that depends on where they go.

`engine/run/run.py` finds out what is known of an input, begins or resumes its import, and writes
the end into the ledger. A job does what lies between: `engine/loading/job.py` loads the records
into a table, `engine/delivery/job.py` sends them to an HTTP API.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

from snapshots.ledger.entry import Beginning

if TYPE_CHECKING:
    from snapshots.engine.events import Listener
    from snapshots.engine.input.identity import KnownInput
    from snapshots.engine.lease.ledger_session import LedgerSession
    from snapshots.engine.plan.options import Options
    from snapshots.engine.plan.plan import Plan
    from snapshots.engine.publishing.publisher import Publisher
    from snapshots.ledger.chunk_account import ChunkDone
    from snapshots.ledger.entry import CommittedChunk, Entry
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.model import Counts, RunKind
    from snapshots.ports import Source


class JobContext(Struct, frozen=True):
    """One run, ready to be carried out."""

    source: Source
    plan: Plan
    lease: Lease
    options: Options
    chunks: Callable[[], Iterator[CommittedChunk]]
    """Reads the chunks that are accounted for already, on the ledger's session."""
    committed: Counts
    content_hash: str | None
    """The hash of the whole input, if it is known."""
    stop: threading.Event
    listener: Listener
    heartbeat: Callable[[], None]
    waiting: int = 0
    """How many of the rejects are to be tried again."""
    beginning: Beginning = field(default_factory=Beginning)
    """Where in the input its records begin: earlier imports have loaded what is before."""


class JobOutcome(Struct, frozen=True):
    """How the work ended."""

    counts: Counts
    complete: bool
    """Every byte of the input is accounted for."""
    over_budget: bool
    """More records were rejected than the options allow."""
    limited: bool
    """The limit of records was reached before the end of the input."""
    error: BaseException | None
    end: int
    """Bytes of the input as the kernel sees them, as far as it was read."""
    content_hash: str | None
    size: int | None
    waiting: int = 0
    """How many of the rejects are to be tried again."""


def not_begun(committed: Counts, error: BaseException) -> JobOutcome:
    """The work could not begin; `committed` is what earlier runs have done."""
    return JobOutcome(
        committed,
        complete=False,
        over_budget=False,
        limited=False,
        error=error,
        end=0,
        content_hash=None,
        size=None,
    )


class SingleTransactionImport(Struct, frozen=True):
    """A small import that has been committed in one transaction."""

    lease: Lease
    chunk: ChunkDone
    entry: Entry | None = None
    """It, as the ledger has it, if the database has told."""
    seconds: float = 0.0
    """How long it took, as it was written: no other import has the same number."""


class SingleTransactionAttempt(Struct, frozen=True):
    """What became of the attempt to do a run in one transaction."""

    done: SingleTransactionImport | None = None
    """None: that could not be, and nothing of it is in the database."""
    number: int | None = None
    """The number that was taken for the import, for who begins it in the ordinary way."""
    in_doubt: SingleTransactionImport | None = None
    """What is committed if only the answer to COMMIT was lost."""


class Job(Protocol):
    """What is done with an input. Holds settings, and no connection."""

    @property
    def kind(self) -> RunKind:
        """What the ledger calls such a run."""

    @property
    def command_for_stream(self) -> str:
        """The command that takes a stream from standard input once more."""

    def requested_destination(self) -> str | None:
        """Where the user wants the records, as the ledger calls it; None where nothing is said."""

    def default_destination(self, name: str) -> str | None:
        """Where the records of an input of that name go if nothing is said, as far as that is
        known."""

    def plan(
        self, source: Source, ledger_session: LedgerSession, say: Callable[[str], None]
    ) -> Plan:
        """Decides everything about the run. `say` gets a sentence for what was detected.

        Raises whatever cannot work, before the ledger knows of the run.
        """

    def run_in_one_transaction(
        self,
        plan: Plan,
        ledger_session: LedgerSession,
        source: Source,
        known: KnownInput,
        stop: threading.Event,
    ) -> SingleTransactionAttempt:
        """Does a whole new run in one transaction, if it is small and simple enough."""

    def create_destination(self, plan: Plan, ledger_session: LedgerSession, lease: Lease) -> bool:
        """Creates the destination if the plan says so. False where somebody else just has."""

    def prepare_destination(
        self, plan: Plan, ledger_session: LedgerSession, lease: Lease, *, new: bool
    ) -> None:
        """Makes the destination ready for records; `new` says that none has come to it yet."""

    def transfer(self, context: JobContext) -> JobOutcome:
        """Moves the records until each is accounted for, or until there is a reason to stop."""

    def complete_account(self, plan: Plan, lease: Lease, ledger: Ledger) -> str:
        """Counts what only the destination can tell, in the transaction that finishes the run.

        Returns what could not be counted, as a sentence for the summary, or nothing.
        """

    def publisher(self, plan: Plan) -> Publisher:
        """The step that publishes the rows, in the same transaction, once the account is
        complete."""
