"""Exchanges the rows of a table for those of a stage, or adds them, by statements on whole tables.

Views, grants, triggers, keys and sequences of the table stay what they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots.engine.publishing import appends, former_rows
from snapshots.engine.publishing.asked import ask
from snapshots.engine.publishing.deletes import delete_all
from snapshots.engine.publishing.publisher import Publication
from snapshots.engine.publishing.refusals import insert_all
from snapshots.engine.publishing.replacement import admit
from snapshots.engine.support.fault_points import fault_point
from snapshots.errors import AccountingMismatch
from snapshots.model import RowChanges

if TYPE_CHECKING:
    from snapshots.engine.plan.options import Options
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.record import Lease, Ledger


class CopyStage(Struct, frozen=True):
    """Copies the rows of a stage into its table, in place of the table's rows or beside them."""

    ledger: Ledger
    lease: Lease
    plan: Plan
    options: Options

    def run(self) -> Publication:
        """Makes the rows of the stage the table's. Raises RefusedLines, and what guards raise."""
        plan, counts = self.plan, self.ledger.counts(self.lease.import_id)
        before = deleted = 0
        as_of: str | None = None
        notes: list[str] = []
        if plan.replaces:
            admission = admit(self.ledger, self.lease, plan, self.options)
            as_of, before = admission.as_of, admission.before
            deleted, note = self._delete(counts.rejected)
            notes.append(note)
            notes.append(appends.supersede_all(self.ledger, self.lease, plan))
            notes.append(former_rows.about_unneeded(self.ledger, self.lease, plan))
            fault_point("deleted")
        inserted = self._insert()
        decided_elsewhere = plan.triggers or self.ledger.target.passed_by(
            self.ledger.session, plan.table
        )
        if inserted != counts.loaded and not decided_elsewhere:
            raise AccountingMismatch(
                f"the stage has {counts.loaded} rows, but {inserted} rows were inserted into table"
                f" {plan.table}",
                hint="nothing was published; this is a bug, please report it",
            )
        changes = RowChanges(inserted=inserted, deleted=deleted, kept=before - deleted)
        note = " ".join(part for part in notes if part)
        return Publication(note, changes, as_of, "copy" if plan.replaces else None)

    @property
    def _table(self) -> str:
        return self.plan.table.sql(self.ledger.target.dialect.quote)

    @property
    def _stage(self) -> str:
        stage_table = self.plan.stage_table(self.lease.import_id)
        return stage_table.sql(self.ledger.target.dialect.quote)

    def _delete(self, rejected: int) -> tuple[int, str]:
        """Deletes the table's rows; returns how many, and why others were kept."""
        session, table, note = self.ledger.session, self.plan.table, ""
        if rejected:
            where, note = self._replaced_by_key(rejected)
            if not where:
                return 0, note
            kept = former_rows.keep(self.ledger, self.lease, self.plan, where)
            deleted = session.change(f"DELETE FROM {self._table}{where}")
        else:
            kept = former_rows.keep(self.ledger, self.lease, self.plan)
            deleted = delete_all(self.ledger.target, session, table)
        former_rows.require_kept(kept, deleted)
        return deleted, note

    def _replaced_by_key(self, rejected: int) -> tuple[str, str]:
        """The condition for rows that the input has by their key; empty without a key. And a
        sentence: a rejected record may be any of the rows that are missing."""
        target, plan = self.ledger.target, self.plan
        shape = target.inspect(self.ledger.session, plan.table)
        key = () if shape is None else shape.primary_key
        some = f"{rejected:,} record{'s were' if rejected > 1 else ' was'} rejected"
        columns = {column.name for column in plan.contract.columns}
        if not key or not columns.issuperset(key):
            return "", (
                f"{some}, and table {plan.table} has no key: no row was deleted. The rows of before"
                " are kept beside those of the input."
            )
        quote = target.dialect.quote
        same = " AND ".join(f"s.{quote(name)} = {self._table}.{quote(name)}" for name in key)
        return f" WHERE EXISTS (SELECT 1 FROM {self._stage} s WHERE {same})", (
            f"{some}: rows of table {plan.table} that the input lacks are kept, because a rejected"
            " record may be one of them."
        )

    def _insert(self) -> int:
        plan, dialect = self.plan, self.ledger.target.dialect
        names = ", ".join(map(dialect.quote, plan.columns))
        line = dialect.quote(plan.stage_lineage[1])
        statement = (
            f"INSERT INTO {self._table} ({names}){dialect.keeps_given_identity}"
            f" SELECT {names} FROM {self._stage}"
        )
        if not dialect.savepoints:
            taken = ask(self.ledger, plan, plan.columns, self._stage, line)
            return taken.insert(statement, line, " WHERE ")
        return insert_all(self.ledger.session, statement, self._stage, line)
