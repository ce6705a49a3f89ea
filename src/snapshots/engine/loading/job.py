"""The job of an import: it loads the records of an input into a table, beside their account."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from msgspec.structs import replace

from snapshots import inner_names
from snapshots.engine.job import SingleTransactionAttempt, not_begun
from snapshots.engine.loading import triggers
from snapshots.engine.loading.execution import LoadingExecution
from snapshots.engine.loading.parent_retry import retry
from snapshots.engine.loading.single_transaction import import_in_one_transaction, is_small
from snapshots.engine.loading.table import add_columns, create_table, prepare_table
from snapshots.engine.plan.options import Options
from snapshots.engine.plan.plan import Plan, make_plan
from snapshots.engine.plan.table_name import require_users, table_for, table_of
from snapshots.engine.plan.tables_of_group import TablesOfGroup
from snapshots.engine.publishing.modes import publisher_for
from snapshots.engine.publishing.stage import make_stage
from snapshots.errors import ClusterGone

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.engine.input.identity import KnownInput
    from snapshots.engine.job import JobContext, JobOutcome
    from snapshots.engine.lease.ledger_session import LedgerSession
    from snapshots.engine.loading.executor import MakesExecutors
    from snapshots.engine.publishing.publisher import Publisher
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.model import RunKind
    from snapshots.ports import Source, Target


class LoadingJob(Struct, frozen=True):
    """Loads into a table of a database. See `engine.job.Job`."""

    target: Target
    options: Options
    cluster: MakesExecutors | None = None
    """Carries the cuts out; None: threads of this process do."""

    kind: ClassVar[RunKind] = "import"
    command_for_stream: ClassVar[str] = "snapshots import - --table TABLE"

    def requested_destination(self) -> str | None:
        """Returns the table that the user has named, as the database calls it."""
        table = self.options.table
        return None if table is None else str(table_of(self.target, "-", table))

    def default_destination(self, name: str) -> str | None:
        """Returns the table that is named after the input; None for a stream."""
        return None if inner_names.nameless(name) else table_for(name, None)

    def plan(
        self,
        source: Source,
        ledger_session: LedgerSession,
        say: Callable[[str], None],
        tables: TablesOfGroup | None = None,
    ) -> Plan:
        """See `engine.job.Job`. `tables`: what others of a group have asked already."""
        tables = tables or TablesOfGroup(ledger_session.ledger)
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
            tables.last_plan,
            tables.described,
        )
        plan.require_convertible()
        if plan.create:
            self.target.check(plan.create, lineage=plan.lineage)
        return plan

    def create_destination(self, plan: Plan, ledger_session: LedgerSession, lease: Lease) -> bool:
        """See `engine.job.Job`."""
        if plan.create is not None:
            return create_table(ledger_session.ledger, lease, plan)
        if plan.add:
            require_users(self.target, ledger_session.session, plan.table)
            self._require_allowed(plan, ledger_session)
        return add_columns(self.target, ledger_session.session, plan)

    def run_in_one_transaction(
        self,
        plan: Plan,
        ledger_session: LedgerSession,
        source: Source,
        known: KnownInput,
        stop: threading.Event,
    ) -> SingleTransactionAttempt:
        """Loads a small file into a table that exists, and has no triggers.

        Readers see the rows of it at once: they need no stage.
        """
        if not fits_one_transaction(plan):
            return SingleTransactionAttempt()
        plan = replace(plan, stage="")
        if not is_small(source, self.options, known):
            return SingleTransactionAttempt()
        return import_in_one_transaction(
            ledger_session.ledger, source, plan, known, self.options, self.publisher(plan), stop
        )

    def prepare_destination(
        self, plan: Plan, ledger_session: LedgerSession, lease: Lease, *, new: bool
    ) -> None:
        """See `engine.job.Job`."""
        # Plans of older versions did not know whose a table is.
        require_users(self.target, ledger_session.session, plan.table)
        if new:
            create_table(ledger_session.ledger, lease, plan)
        self._require_allowed(plan, ledger_session)
        prepare_table(self.target, ledger_session.session, plan)
        if plan.stage and plan.loads:
            make_stage(ledger_session.ledger, lease, plan, new=new)

    def _require_allowed(self, plan: Plan, ledger_session: LedgerSession) -> None:
        """Raises ForbiddenTable unless the table, which may be new since the plan was, is open."""
        if self.options.tables is not None and plan.loads:
            self.options.tables.require_open(ledger_session.ledger, plan.table)

    def transfer(self, context: JobContext) -> JobOutcome:
        """Loads the records, and then those again that waited for others of their table."""
        try:
            executor = None if self.cluster is None else self.cluster.executor(context)
        except ClusterGone as error:
            return not_begun(context.committed, error)
        return retry(self.target, context, LoadingExecution(self.target, context, executor).run())

    def complete_account(self, plan: Plan, lease: Lease, ledger: Ledger) -> str:
        """Counts the records that triggers have left out of the table."""
        return triggers.count_left_out(ledger, lease, plan)

    def publisher(self, plan: Plan) -> Publisher:
        """See `engine.job.Job`."""
        return publisher_for(plan, self.options)


def fits_one_transaction(plan: Plan) -> bool:
    """Whether a plan adds rows to a table as it is, and nobody else has a say in that."""
    alters_the_table = plan.create or plan.add
    return bool(plan.loads and not (alters_the_table or plan.triggers or plan.versioned))
