"""The job of an import: the rows of an input go into a table, beside their account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from snapshots.engine.columns import require_unchanged
from snapshots.engine.execute import Execution
from snapshots.engine.plan import Options, Plan, make_plan
from snapshots.engine.tables import table_for
from snapshots.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.engine.books import Books
    from snapshots.engine.job import Ended, Task
    from snapshots.model import RunKind
    from snapshots.ports import Session, Source, Target


@dataclass(frozen=True)
class Loading:
    """See `engine.job.Job`."""

    target: Target
    options: Options

    kind: ClassVar[RunKind] = "import"
    stream_again: ClassVar[str] = "snapshots import - --table TABLE"

    def destination(self) -> str | None:
        """The table, as the database calls it."""
        table = self.options.table
        return None if table is None else str(self.target.table_name(table))

    def likely(self, name: str) -> str | None:
        """The table that is made of the input's name."""
        return None if name == "-" else table_for(name, None)

    def plan(self, source: Source, books: Books, say: Callable[[str], None]) -> Plan:
        """See `engine.job.Job`."""
        plan = make_plan(
            source, self.target, books.session, self.options, say, books.ledger.last_plan
        )
        plan.converter(0)
        if plan.create:
            self.target.check(plan.create, lineage=plan.lineage)
        return plan

    def prepare(self, plan: Plan, books: Books, *, new: bool) -> None:
        """All DDL comes before the first chunk: on MySQL it would commit one in its middle."""
        session = books.session
        if plan.create and new and self.target.inspect(session, plan.table) is None:
            try:
                self.target.create_table(session, plan.table, plan.create, lineage=plan.lineage)
            except TargetError:
                # Another process may have made it since it was looked for.
                if self.target.inspect(session, plan.table) is None:
                    raise
        if plan.add:
            self._add_missing(plan, session)
        if plan.loads:
            require_unchanged(
                self.target.inspect(session, plan.table), plan.contract, plan.encoding
            )

    def carry_out(self, task: Task) -> Ended:
        """See `engine.job.Job`."""
        return Execution(self.target, task).run()

    def _add_missing(self, plan: Plan, session: Session) -> None:
        shape = self.target.inspect(session, plan.table)
        there = {column.name for column in shape.columns} if shape else set()
        missing = [
            column
            for column in plan.contract.columns
            if column.name in plan.add and column.name not in there
        ]
        if missing:
            self.target.add_columns(session, plan.table, missing)
