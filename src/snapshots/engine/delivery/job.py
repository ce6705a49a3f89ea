"""The job of a delivery: it sends the rows of an input to an API, and the account stays at home."""

from __future__ import annotations

import dataclasses
import secrets
import threading
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from msgspec.structs import replace

from snapshots.endpoints.http.body import require_nestable
from snapshots.engine.delivery.comparable import order_of
from snapshots.engine.delivery.destination import DestinationPublisher, take_destination
from snapshots.engine.delivery.execution import DeliveryExecution
from snapshots.engine.delivery.group_commit import unwritten
from snapshots.engine.delivery.settings import settings
from snapshots.engine.job import SingleTransactionAttempt
from snapshots.engine.plan.action_line import columns_of_line
from snapshots.engine.plan.address import columns_of
from snapshots.engine.plan.columns import fitting, for_requests, infers_from_all
from snapshots.engine.plan.doubts import settle
from snapshots.engine.plan.key import require_columns, with_key
from snapshots.engine.plan.method_column import with_methods
from snapshots.engine.plan.options import Options
from snapshots.engine.plan.plan import Plan, UnansweredRows, path_of
from snapshots.engine.plan.reading import reading
from snapshots.engine.publishing.modes import publisher_for
from snapshots.errors import UsageError
from snapshots.formats.formats import detected
from snapshots.formats.names import clean
from snapshots.model import Layout, Type
from snapshots.notes import few
from snapshots.ports import Described
from snapshots.row_encoding import JSON

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.engine.input.identity import KnownInput
    from snapshots.engine.job import JobContext, JobOutcome
    from snapshots.engine.lease.ledger_session import LedgerSession
    from snapshots.engine.plan.endpoint import Endpoint
    from snapshots.engine.publishing.publisher import Publisher
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.model import Contract, RunKind
    from snapshots.ports import Source, Target

CHUNK_BYTES = 256 * 1024
"""Bytes of input in one parcel: some thousand records, so that one slow record delays few others.
"""


class DeliveryJob(Struct, frozen=True):
    """Sends to an API; `home` is the database of the ledger. See `engine.job.Job`."""

    home: Target
    options: Options

    kind: ClassVar[RunKind] = "delivery"
    command_for_stream: ClassVar[str] = "snapshots send - --to URL"

    def requested_destination(self) -> str | None:
        """Returns the URL, as the user has written it."""
        return None if self.options.request is None else self.options.request.url

    def default_destination(self, _name: str) -> str | None:
        """Returns None: no URL follows from an input's name."""
        return None

    def plan(
        self, source: Source, _ledger_session: LedgerSession, say: Callable[[str], None]
    ) -> Plan:
        """See `engine.job.Job`."""
        return checked_plan(source, self.options, say)

    def create_destination(
        self, _plan: Plan, _ledger_session: LedgerSession, _lease: Lease
    ) -> bool:
        """Creates nothing: an API exists already."""
        return True

    def run_in_one_transaction(
        self,
        _plan: Plan,
        _ledger_session: LedgerSession,
        _source: Source,
        _known: KnownInput,
        _stop: threading.Event,
    ) -> SingleTransactionAttempt:
        """Does nothing: an API has no transactions."""
        return SingleTransactionAttempt()

    def prepare_destination(
        self, plan: Plan, ledger_session: LedgerSession, lease: Lease, *, new: bool
    ) -> None:
        """Looks the secrets up again where the run is resumed, and makes this delivery the one that
        works on its address, if what was sent there is remembered. Raises UsageError without the
        secrets, and what `take_destination` raises."""
        if not new:
            settings(plan.request.with_secrets_of(self.options.request))
        if plan.request.remembers:
            take_destination(ledger_session.renewed(), lease, plan.request)

    def transfer(self, context: JobContext) -> JobOutcome:
        """Sends the records. See `engine.job.Job`."""
        request = context.plan.request.with_secrets_of(self.options.request)
        return DeliveryExecution(self.home, context, request).run()

    def complete_account(self, _plan: Plan, _lease: Lease, _ledger: Ledger) -> str:
        """Does nothing: what an API has confirmed is counted."""
        return ""

    def publisher(self, plan: Plan) -> Publisher:
        """See `engine.job.Job`."""
        if plan.request.remembers:
            return DestinationPublisher()
        return publisher_for(plan, self.options)


def checked_plan(source: Source, options: Options, say: Callable[[str], None]) -> Plan:
    """Makes the plan of a delivery, and checks that its secrets are there and its contract works.

    Raises UsageError and ContractError.
    """
    plan = make_plan(source, options, say)
    settings(plan.request)
    plan.converter(0)
    order_of(plan.contract, plan.request.changed_since)
    return plan


def make_plan(source: Source, options: Options, say: Callable[[str], None]) -> Plan:
    """Decides how an input will be sent. `say` gets a sentence for what was detected."""
    layout = source.layout if isinstance(source, Described) else _detected(source, options, say)
    request = _seeded(options.request)
    contract = _with_key(layout.contract, request.key, source.identity.name)
    there = [column.name for column in contract.columns]
    require_columns(columns_of(request.url), there, "input", source.identity.name, "address")
    in_line = columns_of_line(request.action_line)
    require_columns(in_line, there, "input", source.identity.name, "action line")
    if request.nested:
        require_nestable([name for name in there if name != request.method_column])
    contract = with_methods(contract, request.method_column, source.identity.name)
    return Plan(
        into=request,
        dialect=layout.dialect,
        contract=contract,
        header=layout.header,
        encoding=JSON,
        lineage=False,
        chunk_size=CHUNK_BYTES,
        format=source.format,
        path=path_of(source),
        given=options.given(),
        # From its beginning on: whatever kills it, the next run knows what may have been sent.
        unheard=UnansweredRows(unwritten(request)),
    )


def _detected(source: Source, options: Options, say: Callable[[str], None]) -> Layout:
    wanted = replace(options.wanted(source.identity.name).of(source), primary_key=())
    with_types = infers_from_all(source, wanted)
    sniffed = detected(source, options.dialect, wanted.declared(), with_types=with_types)
    sniffed = settle(sniffed, fitting(None, wanted), wanted.place)
    for note in sniffed.notes:
        say(note)
    chosen = for_requests(source, sniffed, clean(sniffed.header), wanted, say)
    if sniffed.dialect.syntax != "delimited" and not options.contract and not wanted.all_text:
        chosen = replace(chosen, contract=_as_written(chosen.contract, options.request))
    say(reading(sniffed, chosen.contract))
    for note in few(chosen.notes, "columns that differ"):
        say(note)
    return Layout(sniffed.dialect, chosen.header, chosen.contract)


def _as_written(contract: Contract, request: Endpoint | None) -> Contract:
    """The contract by which an API gets the values of JSON objects as they are written.

    Only values that are compared, or stand in the address or the action line, have types.
    """
    typed: set[str | None] = set()
    if request is not None:
        typed = {*request.key, *columns_of(request.url), request.changed_since}
        typed |= {*columns_of_line(request.action_line)}
    columns = tuple(
        one if one.name in typed else replace(one, type=Type("json")) for one in contract.columns
    )
    return replace(contract, columns=columns)


def _with_key(contract: Contract, key: tuple[str, ...], place: str) -> Contract:
    """The contract, in which each record has a key. Raises ContractError where there is none."""
    require_columns(key, [column.name for column in contract.columns], "input", place)
    return with_key(contract, key)


def _seeded(request: Endpoint | None) -> Endpoint:
    if request is None:
        raise UsageError("a delivery needs a URL", hint="--to URL")
    return dataclasses.replace(request, seed=secrets.token_hex(16))
