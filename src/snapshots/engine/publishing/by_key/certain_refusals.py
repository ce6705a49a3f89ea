"""Finds many rows that the table is certain to refuse, by one query for each of its constraints.

Halving gives each refused row to the database some times, alone in the end. Where they are many,
the constraints themselves tell them: a value that must be unique and stays with another row, a
parent that is not there, a check. Triggers, and what a database does not tell, are left to halving.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msgspec import Struct

from snapshots.engine.publishing.refusals import REFUSED_AT_ONCE, certain_refusals
from snapshots.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.engine.plan.plan import Plan
    from snapshots.engine.publishing.by_key.keyed_rows import KeyedRows
    from snapshots.engine.publishing.by_key.staged_changes import StagedChanges
    from snapshots.ledger.record import Ledger
    from snapshots.model import TableName
    from snapshots.table_facts import RowRule


class RefusalFinder(Struct, frozen=True):
    """Looks for such rows among those that an import is to insert or update."""

    ledger: Ledger
    plan: Plan
    rows: KeyedRows
    """The table with the complete stage."""
    changes: StagedChanges

    def require_none(self) -> None:
        """Raises CertainRefusals if there are any. The copies of changed rows lack them then."""
        session, given = self.ledger.session, self.changes.rows.stage
        found = self._quote("snapshots_refused")
        line = self.rows.line
        session.execute(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {found}"
            " (line bigint NOT NULL PRIMARY KEY, reason integer)"
        )
        session.execute(f"{self.rows.dialect.empty_temporary} {found}")
        reasons: list[str] = []
        for reason, query in self._queries():
            try:
                with session.savepoint():
                    count = session.change(
                        f"INSERT INTO {found} SELECT {query[0]}, {len(reasons):d} FROM {query[1]}"
                    )
            except TargetError as error:
                if error.retryable:
                    raise
                # Such as a check of columns that the input lacks.
                continue
            reasons.append(reason)
            if count:
                session.change(f"DELETE FROM {given} WHERE {line} IN (SELECT line FROM {found})")
        limit = self.rows.dialect.limit(REFUSED_AT_ONCE)
        refused = certain_refusals(session, limit, found, reasons)
        session.execute(f"DROP {self.rows.dialect.temporary_table} {found}")
        if refused is not None:
            raise refused

    def _queries(self) -> Iterator[tuple[str, tuple[str, str]]]:
        """A reason, the column of lines, and what stands behind FROM. A row that one query has
        found is not among those of the next one."""
        session, given = self.ledger.session, {*self.rows.columns}
        rules = self.ledger.target.row_rules(session, self.plan.table)
        line, stage = f"s.{self.rows.line}", f"{self.changes.rows.stage} AS s"
        for rule in rules:
            if rule.expression:
                where = f"NOT COALESCE(({rule.expression}), TRUE)"
                yield f"It violates the check {rule.name}.", (line, f"{stage} WHERE {where}")
        rules = tuple(one for one in rules if one.columns and given.issuperset(one.columns))
        for rule in rules:
            if rule.parent is not None:
                shown = ", ".join(rule.columns)
                yield (
                    f"Table {rule.parent} has no row that its {shown} refers to.",
                    (line, f"{stage} WHERE {self._lacks_parent(rule)}"),
                )
        for rule in rules:
            if rule.parent is None and {*rule.columns} != {*self.plan.key}:
                shown = ", ".join(rule.columns)
                taken = f"Another row of the table has its {shown}."
                yield taken, (line, f"{stage} WHERE {self._is_taken(rule)}")
        # Only now: a row that another constraint refuses takes no value from those behind it.
        for rule in rules:
            if rule.parent is None and {*rule.columns} != {*self.plan.key}:
                shown = ", ".join(rule.columns)
                yield f"A row before it has its {shown}.", ("line", self._repeated(rule))

    def _quote(self, name: str) -> str:
        return self.rows.dialect.quote(name)

    def _given(self, rule: RowRule) -> str:
        return " AND ".join(f"s.{self._quote(name)} IS NOT NULL" for name in rule.columns)

    def _lacks_parent(self, rule: RowRule) -> str:
        quote, parent = self._quote, cast("TableName", rule.parent).sql(self._quote)
        same = " AND ".join(
            f"p.{quote(theirs)} = s.{quote(mine)}"
            for mine, theirs in zip(rule.columns, rule.parents, strict=True)
        )
        lacking = f"NOT EXISTS (SELECT 1 FROM {parent} AS p WHERE {same})"
        if rule.own:
            # Or it comes with the input, or is the row itself.
            lacking += f" AND NOT EXISTS (SELECT 1 FROM {self.rows.stage} AS p WHERE {same})"
        return f"{self._given(rule)} AND {lacking}"

    def _is_taken(self, rule: RowRule) -> str:
        """A row that stays as it is has the values."""
        rows, quote = self.rows, self._quote
        same = " AND ".join(f"o.{quote(name)} = s.{quote(name)}" for name in rule.columns)
        stays = (
            f"NOT EXISTS (SELECT 1 FROM {rows.stage} AS n WHERE {rows.same_key('o', 'n')}"
            f" AND {rows.differs('o', 'n')})"
        )
        return f"EXISTS (SELECT 1 FROM {rows.table} AS o WHERE {same} AND {stays})"

    def _repeated(self, rule: RowRule) -> str:
        names = ", ".join(f"s.{self._quote(name)}" for name in rule.columns)
        line = f"s.{self.rows.line}"
        return (
            f"(SELECT {line} AS line, MIN({line}) OVER (PARTITION BY {names}) AS taken"
            f" FROM {self.changes.rows.stage} AS s WHERE {self._given(rule)}) AS marked"
            " WHERE line <> taken"
        )
