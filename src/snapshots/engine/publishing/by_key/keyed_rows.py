"""The SQL that compares the rows of a stage with those of its table, by their keys.

Keys are equal where the column's own `=` says so, with its collation, and column by column. Rows
are unchanged if they are stored alike: in bytes, or in the text of the type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.model import TableColumn, TableShape
    from snapshots.sql_dialect import SqlDialect


class KeyedRows(Struct, frozen=True):
    """A table `t`, and a stage `s` with rows for it."""

    dialect: SqlDialect
    table: str
    """Quoted, as `stage` is."""
    stage: str
    shape: TableShape
    """That of the table, or of a table with the same columns."""
    key: tuple[str, ...]
    columns: tuple[str, ...]
    """The columns that both have, those of the key among them, without lineage."""
    lineage: tuple[str, ...]
    """The columns of lineage that both have; empty if the table has none."""
    line: str
    """The stage's column of lines, quoted."""

    @classmethod
    def of(cls, ledger: Ledger, lease: Lease, plan: Plan) -> KeyedRows:
        """Those of an import. Raises TargetError if its table is gone."""
        dialect = ledger.target.dialect
        shape = ledger.target.inspect(ledger.session, plan.table)
        if shape is None:
            raise TargetError(f"The table {plan.table} does not exist.")
        return cls(
            dialect,
            plan.table.sql(dialect.quote),
            plan.stage_table(lease.import_id).sql(dialect.quote),
            shape,
            plan.key,
            tuple(column.name for column in plan.contract.columns),
            plan.stage_lineage if plan.lineage else (),
            dialect.quote(plan.stage_lineage[1]),
        )

    @property
    def same(self) -> str:
        """A condition: a row of the table and one of the stage have the same key."""
        return self.same_key("t", "s")

    def same_key(self, one: str, other: str) -> str:
        """The same for two rows by their aliases. SQLite takes the collation of the first one."""
        return " AND ".join(f"{one}.{name} = {other}.{name}" for name in self.key_names)

    @property
    def changed(self) -> str:
        """A condition: a row of the table is not stored as the row of the stage is."""
        return self.differs("t", "s")

    def differs(self, one: str, other: str, columns: Sequence[str] | None = None) -> str:
        """A condition: two rows of the same key, by their aliases, are not stored alike.

        `columns`: those to compare, if not all that the input has.
        """
        quote = self.dialect.quote
        conditions = [
            self.dialect.alike(
                column, f"{one}.{quote(column.name)}", f"{other}.{quote(column.name)}"
            )
            for column in self._compared(columns)
        ]
        return f"NOT ({' AND '.join(conditions)})" if conditions else "1 = 0"

    @property
    def key_names(self) -> tuple[str, ...]:
        """The columns of the key, quoted."""
        return tuple(map(self.dialect.quote, self.key))

    def keys_of(self, alias: str) -> str:
        """The columns of the key, of the rows of an alias."""
        return ", ".join(f"{alias}.{name}" for name in self.key_names)

    @property
    def unindexed(self) -> tuple[str, ...]:
        """The columns of the key, unless the table's primary key finds rows by them at once."""
        own = set(self.shape.primary_key)
        return () if own and own <= set(self.key) else self.key

    @property
    def others(self) -> tuple[str, ...]:
        """The columns that the input lacks and the database does not compute from others."""
        given = {*self.columns, *self.lineage}
        return tuple(
            column.name
            for column in self.shape.columns
            if not column.generated and column.name not in given
        )

    @property
    def updates(self) -> bool:
        """Whether a row can be changed: not if the input has nothing but its key."""
        return bool(self._compared(None))

    @property
    def update(self) -> str:
        """Updates the rows of the table that are changed. `AND ...` may follow."""
        return self.update_where(self.changed)

    def update_where(self, where: str) -> str:
        """Updates the rows of the table for which a condition holds. `AND ...` may follow."""
        quote = self.dialect.quote
        news = {quote(name): f"s.{quote(name)}" for name in self.set_by_update}
        return self.dialect.update_matching(self.table, self.stage, self.same, news, where)

    @property
    def set_by_update(self) -> tuple[str, ...]:
        """The columns that an update sets. None if there is nothing but the key."""
        fixed = self._fixed()
        return tuple(name for name in (*self.columns, *self.lineage) if name not in fixed)

    def insert_from(self, source: str) -> str:
        """Inserts rows `s` of the stage from what stands behind FROM."""
        names = tuple(map(self.dialect.quote, (*self.columns, *self.lineage)))
        given = ", ".join(f"s.{name}" for name in names)
        return (
            f"INSERT INTO {self.table} ({', '.join(names)}){self.dialect.keeps_given_identity}"
            f" SELECT {given} FROM {source}"
        )

    @property
    def lacking(self) -> str:
        """Rows of the stage whose keys the table lacks, behind FROM. `AND ...` may follow."""
        # As a join: a subquery for each row would be slow where the table has no index on the key.
        key = f"t.{self.key_names[0]}"
        return f"{self.stage} AS s LEFT JOIN {self.table} AS t ON {self.same} WHERE {key} IS NULL"

    @property
    def vanished(self) -> str:
        """A condition: the stage has no row with the key of a row of the table."""
        return f"NOT EXISTS (SELECT 1 FROM {self.stage} AS s WHERE {self.same})"

    @property
    def missing_lines(self) -> str:
        """Selects lines of the stage whose key the table lacks. `AND ...` may follow."""
        return f"SELECT s.{self.line} FROM {self.lacking}"

    def _compared(self, columns: Sequence[str] | None) -> list[TableColumn]:
        fixed = self._fixed()
        wanted = self.columns if columns is None else columns
        there = {column.name: column for column in self.shape.columns}
        return [there[name] for name in wanted if name not in fixed]

    def _fixed(self) -> set[str]:
        """Columns of the key whose equal values are stored alike: they neither differ nor change.
        Some databases refuse to set them even so."""
        return {
            column.name
            for column in self.shape.columns
            if column.name in self.key and self.dialect.equal_is_alike(column)
        }
