"""The job of a delivery: the rows of an input go to an API, and the account stays at home."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from snapshots.engine.delivery.execution import DeliveryExecution
from snapshots.engine.delivery.group_commit import unwritten
from snapshots.engine.delivery.settings import settings
from snapshots.engine.plan.columns import fitting, for_requests
from snapshots.engine.plan.doubts import settle
from snapshots.engine.plan.plan import Options, Plan, UnansweredRows, path_of
from snapshots.errors import UsageError
from snapshots.formats.names import clean
from snapshots.formats.sniff import HEAD, sniff
from snapshots.ports import Described, Layout

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.engine.input.identity import KnownInput
    from snapshots.engine.job import JobContext, JobOutcome
    from snapshots.engine.lease.ledger_session import LedgerSession
    from snapshots.engine.plan.endpoint import Endpoint
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.model import RunKind
    from snapshots.ports import Source, Target

CHUNK_BYTES = 256 * 1024
"""Of input that is packed at a time: some thousand records, so that one that is retried for long
holds up little."""


@dataclass(frozen=True)
class DeliveryJob:
    """See `engine.job.Job`."""

    home: Target
    options: Options

    kind: ClassVar[RunKind] = "delivery"
    stream_again: ClassVar[str] = "snapshots send - --to URL"

    def destination(self) -> str | None:
        """The URL, as the user wrote it."""
        return None if self.options.request is None else self.options.request.url

    def likely(self, _name: str) -> str | None:
        """Nothing follows from an input's name."""
        return None

    def plan(
        self, source: Source, _ledger_session: LedgerSession, say: Callable[[str], None]
    ) -> Plan:
        """See `engine.job.Job`."""
        return checked_plan(source, self.options, say)

    def make(self, _plan: Plan, _ledger_session: LedgerSession, _lease: Lease) -> bool:
        """Nothing is made at an API."""
        return True

    def at_once(
        self,
        _plan: Plan,
        _ledger_session: LedgerSession,
        _source: Source,
        _known: KnownInput,
        _stop: threading.Event,
    ) -> None:
        """An API knows no transactions."""

    def prepare(
        self, plan: Plan, _ledger_session: LedgerSession, _lease: Lease, *, new: bool
    ) -> None:
        """Nothing is made at an API; but the secrets must be there, also when going on."""
        if not new:
            settings(plan.request.with_secrets_of(self.options.request))

    def settle(self, _plan: Plan, _lease: Lease, _ledger: Ledger) -> str:
        """What an API has confirmed is so."""
        return ""

    def carry_out(self, task: JobContext) -> JobOutcome:
        """See `engine.job.Job`."""
        request = task.plan.request.with_secrets_of(self.options.request)
        return DeliveryExecution(self.home, task, request).run()


def checked_plan(source: Source, options: Options, say: Callable[[str], None]) -> Plan:
    """The plan of a delivery whose secrets are there and whose contract can be carried out."""
    plan = make_plan(source, options, say)
    settings(plan.request)
    plan.converter(0)
    return plan


def make_plan(source: Source, options: Options, say: Callable[[str], None]) -> Plan:
    """Decides how an input will be sent. `say` gets a sentence for everything detected."""
    layout = source.layout if isinstance(source, Described) else _detected(source, options, say)
    request = _seeded(options.request)
    return Plan(
        into=request,
        dialect=layout.dialect,
        contract=layout.contract,
        header=layout.header,
        encoding="json",
        lineage=False,
        chunk_size=CHUNK_BYTES,
        path=path_of(source),
        given=options.given(),
        # From its beginning on: whatever kills it, the next run knows what may have been sent.
        unheard=UnansweredRows(unwritten(request)),
    )


def _detected(source: Source, options: Options, say: Callable[[str], None]) -> Layout:
    wanted = replace(options.wanted(source.identity.name), primary_key=())
    sniffed = sniff(source.head(HEAD), options.dialect)
    sniffed = settle(sniffed, fitting(None, wanted), wanted.place)
    for note in sniffed.notes:
        say(note)
    chosen = for_requests(source, sniffed, clean(sniffed.header), wanted, say)
    for note in chosen.notes:
        say(note)
    return Layout(sniffed.dialect, chosen.header, chosen.contract)


def _seeded(request: Endpoint | None) -> Endpoint:
    if request is None:
        raise UsageError("a delivery needs a URL", hint="--to URL")
    return replace(request, seed=secrets.token_hex(16))
