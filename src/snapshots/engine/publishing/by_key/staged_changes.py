"""Finds what publishing by key inserts and updates, by one join of the stage with its table.

The rows are copied into a table that only this transaction sees. All statements that follow read
it alone, so unchanged rows are looked at once, however many of them there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msgspec import Struct
from msgspec.structs import replace

from snapshots.table_facts import NEW_ROW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.engine.plan.plan import Plan
    from snapshots.engine.publishing.by_key.keyed_rows import KeyedRows
    from snapshots.ledger.record import Ledger


class StagedChanges(Struct, frozen=True):
    """Rows of a stage that are new to their table, or changed."""

    rows: KeyedRows
    """The table, and a stage that has nothing but these rows."""
    new: int
    changed: int
    copied: bool = True
    """False: that is the stage itself, for the table is empty."""

    @classmethod
    def all_of(cls, rows: KeyedRows, loaded: int) -> StagedChanges:
        """Those of a table without rows."""
        return cls(rows, loaded, 0, copied=False)

    @classmethod
    def find(cls, ledger: Ledger, plan: Plan, rows: KeyedRows, only: str) -> StagedChanges:
        """Finds them, within a transaction.

        `only` is a further condition for the rows of the stage, or empty.
        """
        quote, session = rows.dialect.quote, ledger.session
        flag, key = quote(NEW_ROW), f"t.{rows.key_names[0]}"
        names = [f"s.{quote(name)}" for name in (*rows.columns, *plan.stage_lineage)]
        # An equal key is not NULL, so this tells rows of the stage that the table lacks.
        found = ledger.target.changes_stage(
            session,
            plan.table,
            (*rows.columns, *plan.stage_lineage),
            f"SELECT {', '.join(names)}, CASE WHEN {key} IS NULL THEN 1 ELSE 0 END AS {flag}"
            f" FROM {rows.stage} AS s LEFT JOIN {rows.table} AS t ON {rows.same}"
            f" WHERE ({key} IS NULL OR {rows.changed}){only}",
            rows.unindexed,
        )
        changes = replace(rows, stage=found.sql(quote))
        ((every, new),) = session.execute(
            f"SELECT COUNT(*), COALESCE(SUM({flag}), 0) FROM {changes.stage}"
        )
        new = int(str(new))
        return cls(changes, new, cast("int", every) - new)

    def drop(self, ledger: Ledger) -> None:
        """Drops the copies, within the transaction."""
        if self.copied:
            dialect = self.rows.dialect
            ledger.session.execute(f"DROP {dialect.temporary_table} {self.rows.stage}")

    @property
    def insert(self) -> str:
        """Inserts the new rows. `AND ...` may follow."""
        return self.rows.insert_from(f"{self.rows.stage} AS s WHERE {self._are(1)}")

    @property
    def insert_if_lacking(self) -> str:
        """The same, but for rows whose keys have come into the table meanwhile."""
        return self.rows.insert_from(f"{self.rows.lacking} AND {self._are(1)}")

    @property
    def update(self) -> str:
        """Updates the changed rows. `AND ...` may follow."""
        return self.rows.update_where(self._are(0))

    def updates_apart(self, columns: Sequence[str]) -> tuple[str, ...]:
        """The same as statements to be run in their order. Rows that are alike in some columns come
        first, and these are not set: a row of the others would be one of them afterwards."""
        apart = [
            name for name in columns if name in self.rows.columns and name not in self.rows.key
        ]
        kept = tuple(name for name in self.rows.columns if name not in apart)
        others = replace(self.rows, columns=kept)
        if not apart or not others.set_by_update:
            return (self.update,)
        differ = self.rows.differs("t", "s", apart)
        return (
            others.update_where(f"{self._are(0)} AND NOT ({differ})"),
            self.rows.update_where(f"{self._are(0)} AND {differ}"),
        )

    @property
    def former(self) -> str:
        """The end of a SELECT of the table's rows `t` that are changed."""
        rows = self.rows
        return f"FROM {rows.stage} AS s JOIN {rows.table} AS t ON {rows.same} WHERE {self._are(0)}"

    def _are(self, new: int) -> str:
        return f"s.{self.rows.dialect.quote(NEW_ROW)} = {new}" if self.copied else "1 = 1"
