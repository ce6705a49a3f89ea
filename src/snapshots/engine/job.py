"""What is to become of the records of an input: the part of a run that depends on it.

`engine/run/run.py` finds out what is known of an input, begins it or goes on with it, and writes
its end into the ledger. A job says what is done in between: `engine/loading/job.py` puts the rows
into a table, `engine/delivery/` sends them to an HTTP API."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from snapshots.engine.events import Listener
    from snapshots.engine.input.identity import KnownInput
    from snapshots.engine.lease.ledger_session import LedgerSession
    from snapshots.engine.plan.plan import Options, Plan
    from snapshots.ledger.entry import CommittedChunk
    from snapshots.ledger.record import ChunkDone, Lease, Ledger
    from snapshots.model import Counts, RunKind
    from snapshots.ports import Source


@dataclass(frozen=True, slots=True)
class JobContext:
    """One run, ready to be carried out."""

    source: Source
    plan: Plan
    lease: Lease
    options: Options
    chunks: tuple[CommittedChunk, ...]
    """What is accounted for already."""
    committed: Counts
    content_hash: str | None
    """Of the whole input, if it is known."""
    stop: threading.Event
    listener: Listener
    heartbeat: Callable[[], None]
    waiting: int = 0
    """Records among the rejects that are to be tried again."""


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """How the work ended."""

    counts: Counts
    complete: bool
    """Every byte of the input is accounted for."""
    over_budget: bool
    limited: bool
    error: BaseException | None
    end: int
    """Bytes of the input as the kernel sees them, as far as it was read."""
    content_hash: str | None
    size: int | None
    waiting: int = 0
    """Records among the rejects that are to be tried again."""


@dataclass(frozen=True, slots=True)
class SingleTransactionImport:
    """A small import that has been committed."""

    lease: Lease
    chunk: ChunkDone


class Job(Protocol):
    """What is done with an input. Holds settings, no connection."""

    @property
    def kind(self) -> RunKind:
        """What the ledger calls it."""

    @property
    def stream_again(self) -> str:
        """The command that takes a stream once more."""

    def destination(self) -> str | None:
        """Where the user wants the records, in the ledger's words; None: not said."""

    def likely(self, name: str) -> str | None:
        """Where those of an input of that name would go if nothing is said."""

    def plan(
        self, source: Source, ledger_session: LedgerSession, say: Callable[[str], None]
    ) -> Plan:
        """Decides everything. Raises what cannot work, before the ledger knows of it."""

    def make(self, plan: Plan, ledger_session: LedgerSession, lease: Lease) -> bool:
        """Makes the destination if the plan says so; False if somebody else just has."""

    def at_once(
        self,
        plan: Plan,
        ledger_session: LedgerSession,
        source: Source,
        known: KnownInput,
        stop: threading.Event,
    ) -> SingleTransactionImport | None:
        """A whole new run in one transaction; None where that cannot be, and nothing was done."""

    def prepare(
        self, plan: Plan, ledger_session: LedgerSession, lease: Lease, *, new: bool
    ) -> None:
        """Makes the destination ready; `new`: nothing has come to it yet."""

    def settle(self, plan: Plan, lease: Lease, ledger: Ledger) -> str:
        """The last of the account, in the transaction that finishes the run; what could not be
        settled, as a sentence for the summary, or nothing."""

    def carry_out(self, task: JobContext) -> JobOutcome:
        """Works until every record is accounted for, or until there is a reason to stop."""
