"""The rows of an input beside those of its table, in a table that ends with the session.

So a dry run tells what publishing would do, and a verification what has become of the rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msgspec import Struct

from snapshots.engine.publishing.by_key.keyed_rows import KeyedRows
from snapshots.errors import TargetError
from snapshots.targets.sql.validity import VALID_TO, is_history

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from snapshots._native import Block
    from snapshots.engine.plan.plan import Plan
    from snapshots.model import TableName
    from snapshots.ports import Session, Target, Value

_AT_ONCE = 500
_PAGE = 50_000
"""Lines in memory."""


class TrialStage(Struct, frozen=True):
    """Such a table. Nothing of it is ever seen by anybody else."""

    session: Session
    stage: TableName
    columns: tuple[str, ...]
    """The stage's columns in the order of the payload."""
    rows: KeyedRows

    @classmethod
    def begin(cls, target: Target, session: Session, plan: Plan) -> TrialStage:
        """Makes it for a plan whose table exists. Raises TargetError."""
        shape = target.inspect(session, plan.table)
        if shape is None:
            raise TargetError(f"The table {plan.table} does not exist.")
        own = tuple(column.name for column in plan.contract.columns)
        stage = target.trial_stage(session, plan.table, own, plan.stage_lineage)
        quote = target.dialect.quote
        table = plan.table.sql(quote)
        if plan.mode == "history" and is_history(shape):
            # What holds now is what the input is compared with.
            table = f"(SELECT * FROM {table} WHERE {quote(VALID_TO)} IS NULL)"
        rows = KeyedRows(
            target.dialect,
            table,
            stage.sql(quote),
            shape,
            plan.key,
            own,
            plan.stage_lineage if plan.lineage else (),
            quote(plan.stage_lineage[1]),
        )
        return cls(session, stage, (*own, *plan.stage_lineage), rows)

    def load(self, blocks: Iterable[Block]) -> None:
        """Adds rows."""
        with self.session.transaction():
            self.add(blocks)

    def add(self, blocks: Iterable[Block]) -> None:
        """Adds rows in a transaction that the caller has begun."""
        self.session.load(self.stage, self.columns, (block for block in blocks if block.loaded))

    def empty(self) -> None:
        """Takes out all rows."""
        self.session.execute(f"{self.rows.dialect.empty_temporary} {self.rows.stage}")

    def remove(self, lines: Sequence[int]) -> None:
        """Takes out rows by their lines."""
        for start in range(0, len(lines), _AT_ONCE):
            some = lines[start : start + _AT_ONCE]
            marks = ", ".join("?" for _ in some)
            self.session.execute(
                f"DELETE FROM {self.rows.stage} WHERE {self.rows.line} IN ({marks})", some
            )

    def remove_duplicates(self, choice: str) -> int:
        """Takes out all rows but one of each key; returns how many there were."""
        line, which = f"s.{self.rows.line}", "MAX" if choice == "last" else "MIN"
        dialect, count, after = self.rows.dialect, 0, -1
        lines = dialect.quote("snapshots_lines")
        # A temporary table can be read once in a statement, on some databases.
        self.session.execute(
            f"CREATE TEMPORARY TABLE {lines} AS"
            f" SELECT line FROM (SELECT {line} AS line, {which}({line}) OVER (PARTITION BY"
            f" {self.rows.keys_of('s')}) AS taken FROM {self.rows.stage} AS s) AS marked"
            " WHERE line <> taken"
        )
        while found := self.session.execute(
            f"SELECT line FROM {lines} WHERE line > ? ORDER BY line{dialect.limit(_PAGE)}", (after,)
        ):
            some = [cast("int", one) for (one,) in found]
            self.remove(some)
            count, after = count + len(some), some[-1]
        self.session.execute(f"DROP {dialect.temporary_table} {lines}")
        return count

    def index(self, target: Target) -> None:
        """Makes the joins that follow fast."""
        target.index_stage(self.session, self.stage, self.rows.key)
        if statement := target.dialect.for_joins:
            for one in statement.replace("SET LOCAL", "SET").split("; "):
                self.session.execute(one)

    def count(self, source: str) -> int:
        """Counts the rows of what stands behind FROM."""
        ((count,),) = self.session.execute(f"SELECT COUNT(*) FROM {source}")
        return cast("int", count)

    @property
    def lacking(self) -> str:
        """Rows of the stage that the table lacks, behind FROM."""
        return self.rows.lacking

    @property
    def changed(self) -> str:
        """Rows of both that differ, behind FROM."""
        rows = self.rows
        return f"{rows.table} AS t JOIN {rows.stage} AS s ON {rows.same} WHERE {rows.changed}"

    @property
    def matched(self) -> str:
        """Rows of the table whose key the stage has, behind FROM."""
        rows = self.rows
        return f"{rows.table} AS t WHERE EXISTS (SELECT 1 FROM {rows.stage} AS s WHERE {rows.same})"

    @property
    def vanished(self) -> str:
        """Rows of the table that the stage lacks, behind FROM."""
        return f"{self.rows.table} AS t WHERE {self.rows.vanished}"

    def first_lines(self, source: str, most: int) -> list[tuple[int, list[tuple[str, Value]]]]:
        """The first rows of the stage, `s` in `source`, by line: each with its values as text."""
        line = f"s.{self.rows.line}"
        found = self.session.execute(
            f"SELECT {line}, {self._texts('s')} FROM {source} ORDER BY {line}"
            f"{self.rows.dialect.limit(most)}"
        )
        return [
            (cast("int", number), list(zip(self.rows.columns, values, strict=True)))
            for number, *values in found
        ]

    def first_rows(self, source: str, most: int) -> list[list[tuple[str, Value]]]:
        """Rows of the table, `t` in `source`, in the order of the key: their values as text."""
        order = f" ORDER BY {self.rows.keys_of('t')}" if self.rows.key else ""
        found = self.session.execute(
            f"SELECT {self._texts('t')} FROM {source}{order}{self.rows.dialect.limit(most)}"
        )
        return [list(zip(self.rows.columns, values, strict=True)) for values in found]

    def _texts(self, alias: str) -> str:
        dialect = self.rows.dialect
        return ", ".join(
            dialect.as_text(f"{alias}.{dialect.quote(name)}") for name in self.rows.columns
        )

    def examples(self, source: str, most: int) -> list[tuple[int, list[tuple[str, Value, Value]]]]:
        """The first rows of both by line, each with its values that differ: column, the table's
        and the stage's, as text."""
        dialect = self.rows.dialect
        columns = [one for one in self.rows.shape.columns if one.name in self.rows.columns]
        parts = []
        for column in columns:
            mine, theirs = (f"{of}.{dialect.quote(column.name)}" for of in "ts")
            parts += [
                f"CASE WHEN {dialect.alike(column, mine, theirs)} THEN 0 ELSE 1 END",
                dialect.as_text(mine),
                dialect.as_text(theirs),
            ]
        line = f"s.{self.rows.line}"
        found = self.session.execute(
            f"SELECT {line}, {', '.join(parts)} FROM {source} ORDER BY {line}{dialect.limit(most)}"
        )
        examples = []
        for number, *values in found:
            triples = zip(values[::3], values[1::3], values[2::3], strict=True)
            named = zip(columns, triples, strict=True)
            differing = [(one.name, old, new) for one, (differs, old, new) in named if differs]
            examples.append((cast("int", number), differing))
        return examples
