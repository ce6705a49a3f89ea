"""Adds corrected rows to a table whose rows are found by key.

A row whose key the table has already is refused: nobody can say which of both is right. In a table
with history it is added if no row of its key holds now. It holds from the date of its version on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.engine.plan.endpoint import Endpoint
from snapshots.engine.plan.open_tables import canonical
from snapshots.engine.publishing import former_rows
from snapshots.engine.publishing.by_key.trial import TrialStage
from snapshots.errors import RefusedRows
from snapshots.ledger import locks
from snapshots.targets.sql.validity import VALID_FROM

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from snapshots._native import Block
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Ledger
    from snapshots.ports import Session, Target


class RowPlacing:
    """Adds rows of one import to its table."""

    def __init__(self, target: Target, entry: Entry, plan: Plan) -> None:
        self._target = target
        self._entry = entry
        self._plan = plan
        self._trial: TrialStage | None = None
        self._keeps_for_undo = False
        self._published: tuple[str, ...] = ()

    @property
    def by_key(self) -> bool:
        """Whether rows are found by their keys."""
        return bool(self._plan.key)

    def prepare(self, session: Session) -> None:
        """Makes what `put` needs. Call it before each transaction, outside of it."""
        if not self.by_key:
            return
        if self._trial is None or self._trial.session is not session:
            self._trial = TrialStage.begin(self._target, session, self._plan)
        self._keeps_for_undo = (
            self._plan.mode != "history"
            and self._entry.stage is not None
            and self._target.inspect(session, self._plan.stage_table(self._entry.import_id))
            is not None
        )
        undo_table, of = self._plan.undo_table(self._entry.import_id), self._entry.import_id
        self._published = (
            former_rows.published_columns(self._target, session, undo_table, of)
            if self._keeps_for_undo
            else ()
        )

    def alone(self, ledger: Ledger) -> AbstractContextManager[None]:
        """A transaction in which no import publishes into the table."""
        if isinstance(self._plan.into, Endpoint):
            return ledger.session.transaction()
        return ledger.writing(locks.of_table(canonical(ledger, self._plan.table)))

    def lock_rows(self, session: Session) -> None:
        """Keeps all others from changing rows that are found by key, until the transaction ends."""
        dialect = self._target.dialect
        if self._plan.versioned and (
            lock := dialect.lock_rows(self._plan.table.sql(dialect.quote))
        ):
            session.execute(lock)

    def put(self, session: Session, blocks: Sequence[Block]) -> None:
        """Adds rows, all or none, within a savepoint. Raises RefusedRows."""
        if self._trial is None:
            session.load(self._plan.table, self._plan.columns, blocks)
            return
        trial = self._trial
        stage = trial.rows.stage
        session.execute(f"DELETE FROM {stage}")
        session.load(trial.stage, trial.columns, blocks)
        self._require_new_keys(session, trial)
        session.change(self._insert)
        if self._keeps_for_undo:
            # By it, an undo sees that the row is still as it was loaded.
            names = ", ".join(map(self._target.dialect.quote, trial.columns))
            kept = self._plan.stage_table(self._entry.import_id).sql(self._target.dialect.quote)
            session.execute(f"INSERT INTO {kept} ({names}) SELECT {names} FROM {stage}")
        if self._published:
            quote = self._target.dialect.quote
            names = ", ".join(map(quote, self._published))
            undo_table = self._plan.undo_table(self._entry.import_id).sql(quote)
            session.execute(
                f"INSERT INTO {undo_table} ({names}) SELECT {names} FROM {trial.rows.table} AS t"
                f" WHERE EXISTS (SELECT 1 FROM {stage} AS s WHERE {trial.rows.same})"
            )
        session.execute(f"DELETE FROM {stage}")

    @property
    def _insert(self) -> str:
        trial = self._trial
        assert trial is not None  # noqa: S101 - for the type checker
        dialect, rows = self._target.dialect, trial.rows
        names = list(map(dialect.quote, (*rows.columns, *rows.lineage)))
        given = [f"s.{name}" for name in names]
        if self._plan.mode == "history":
            names.append(dialect.quote(VALID_FROM))
            given.append(dialect.moment(f"'{self._entry.as_of or self._entry.started_at}'"))
        return (
            f"INSERT INTO {self._plan.table.sql(dialect.quote)} ({', '.join(names)})"
            f"{dialect.keeps_given_identity} SELECT {', '.join(given)} FROM {rows.stage} AS s"
        )

    def _require_new_keys(self, session: Session, trial: TrialStage) -> None:
        rows = trial.rows
        ((found,),) = session.execute(
            f"SELECT COUNT(*) FROM {rows.stage} AS s"
            f" WHERE EXISTS (SELECT 1 FROM {rows.table} AS t WHERE {rows.same})"
        )
        if found:
            raise RefusedRows("The table has a row with this key.")
        ((found,),) = session.execute(
            f"SELECT COUNT(*) FROM (SELECT {rows.keys_of('s')} FROM {rows.stage} AS s"
            f" GROUP BY {rows.keys_of('s')} HAVING COUNT(*) > 1) AS twice"
        )
        if found:
            raise RefusedRows("Another correction has the same key.")
