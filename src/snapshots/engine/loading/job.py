"""The job of an import: the rows of an input go into a table, beside their account."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from snapshots.engine.job import SingleTransactionImport
from snapshots.engine.loading import triggers
from snapshots.engine.loading.execution import LoadingExecution
from snapshots.engine.loading.parent_retry import retry
from snapshots.engine.loading.single_transaction import import_small, is_small
from snapshots.engine.loading.table import create_table, prepare_table
from snapshots.engine.plan.plan import Options, Plan, make_plan
from snapshots.engine.plan.table_name import require_users, table_for, table_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.engine.input.identity import KnownInput
    from snapshots.engine.job import JobContext, JobOutcome
    from snapshots.engine.lease.ledger_session import LedgerSession
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.model import RunKind
    from snapshots.ports import Source, Target


@dataclass(frozen=True)
class LoadingJob:
    """See `engine.job.Job`."""

    target: Target
    options: Options

    kind: ClassVar[RunKind] = "import"
    stream_again: ClassVar[str] = "snapshots import - --table TABLE"

    def destination(self) -> str | None:
        """The table, as the database calls it."""
        table = self.options.table
        return None if table is None else str(table_of(self.target, "-", table))

    def likely(self, name: str) -> str | None:
        """The table that is made of the input's name."""
        return None if name == "-" else table_for(name, None)

    def plan(
        self, source: Source, ledger_session: LedgerSession, say: Callable[[str], None]
    ) -> Plan:
        """See `engine.job.Job`."""
        if self.options.tables is not None:
            # Before anything of the table is seen, or told.
            table = table_of(self.target, source.identity.name, self.options.table)
            self.options.tables.require_takes(ledger_session.ledger, table)
        plan = make_plan(
            source,
            self.target,
            ledger_session.session,
            self.options,
            say,
            ledger_session.ledger.last_plan,
        )
        plan.converter(0)
        if plan.create:
            self.target.check(plan.create, lineage=plan.lineage)
        return plan

    def make(self, plan: Plan, ledger_session: LedgerSession, lease: Lease) -> bool:
        """See `engine.job.Job`."""
        return plan.create is None or create_table(ledger_session.ledger, lease, plan)

    def at_once(
        self,
        plan: Plan,
        ledger_session: LedgerSession,
        source: Source,
        known: KnownInput,
        stop: threading.Event,
    ) -> SingleTransactionImport | None:
        """A small file goes into a table that exists in one transaction."""
        if not is_small(source, self.options) or plan.create or plan.add or not plan.loads:
            return None
        if plan.triggers:
            return None
        return import_small(ledger_session.ledger, source, plan, known, self.options, stop)

    def prepare(
        self, plan: Plan, ledger_session: LedgerSession, lease: Lease, *, new: bool
    ) -> None:
        """See `engine.job.Job`."""
        # Plans of older versions did not know whose a table is.
        require_users(self.target, ledger_session.session, plan.table)
        if new:
            create_table(ledger_session.ledger, lease, plan)
        if self.options.tables is not None and plan.loads:
            # Somebody may have made it since the plan was.
            self.options.tables.require_open(ledger_session.ledger, plan.table)
        prepare_table(self.target, ledger_session.session, plan)

    def settle(self, plan: Plan, lease: Lease, ledger: Ledger) -> str:
        """See `engine.job.Job`."""
        return triggers.settle(ledger, lease, plan)

    def carry_out(self, task: JobContext) -> JobOutcome:
        """See `engine.job.Job`."""
        return retry(self.target, task, LoadingExecution(self.target, task).run())
