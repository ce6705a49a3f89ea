"""Asks which of some rows a table would refuse, before it is given them.

DuckDB ends a transaction with its first error, and has no savepoints. So the rows are compared with
the table's constraints by queries, which are no errors: one for each constraint, however many rows
are refused. A row is refused if rows before it, which are taken, have its unique values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from snapshots.targets.duckdb.quoting import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from snapshots.targets.duckdb.table_constraints import ForeignKey, TableConstraints

REFUSED = "temp.snapshots_refused"
"""The table of refused rows: their lines, and the numbers of their reasons."""
LEVELS = "temp.snapshots_levels"
"""The table of rows by levels: the parents of a row are in the table, or on levels before it."""


class Reason(Struct, frozen=True):
    """Why a row is refused. `key` is as `RefusedRows.key` says."""

    sentence: str
    key: str | None = None
    certain: bool = True
    """The table refuses the row whichever of the others it takes."""


class AskedRows(Struct):
    """Rows for a table, in a relation that has columns of the same names and types, and lines."""

    change: Callable[[str], int]
    """Runs a statement; returns how many rows it has changed."""
    constraints: TableConstraints
    table: str
    """Quoted, as `rows` and `line` are."""
    rows: str
    line: str
    leaving: str = "FALSE"
    """A condition: a row `o` of the table is about to be changed by one of the rows."""
    unread: tuple[tuple[str, str], ...] = ()
    """Columns of truth of the relation, each with the column whose value it tells to be none."""
    reasons: list[Reason] = field(default_factory=list)
    levels: int = 0
    """How many there are, if the table refers to itself."""

    def find(self) -> int:
        """Fills REFUSED, and LEVELS if the table refers to itself; returns how many are refused.

        Rows whose parents are refused are refused, too.
        """
        self.change(f"CREATE OR REPLACE TEMPORARY TABLE {REFUSED} (line BIGINT, reason INTEGER)")
        found = sum(self._add(reason, rows) for reason, rows in self._certain())
        found += self._place()
        while more := self._add_repeated():
            found += more + self._place()
        return found

    @property
    def _left(self) -> str:
        """The rows that are not refused so far."""
        line = self.line
        return f"(SELECT g.* FROM {self.rows} AS g ANTI JOIN {REFUSED} AS f ON f.line = g.{line})"

    @property
    def _held(self) -> str:
        """The table's rows that stay as they are, behind FROM."""
        return f"{self.table} AS o WHERE NOT ({self.leaving})"

    def _add(self, reason: Reason, rows: str) -> int:
        self.reasons.append(reason)
        number = len(self.reasons) - 1
        return self.change(f"INSERT INTO {REFUSED} SELECT s.{self.line}, {number:d} FROM {rows}")

    def _certain(self) -> Iterator[tuple[Reason, str]]:
        """Reasons that do not depend on the other rows, and the rows `s` behind FROM."""
        rules, left = self.constraints, self._left
        for truth, name in self.unread:
            yield Reason(f"Column {name} cannot hold its value."), f"{left} AS s WHERE {truth}"
        for name in rules.required:
            yield (
                Reason(f"Column {name} takes no NULL."),
                f"{left} AS s WHERE {quote(name)} IS NULL",
            )
        for check in rules.checks:
            # An error of the expression would be one of the INSERT, too.
            holds = f"TRY(COALESCE(CAST(({check}) AS BOOLEAN), TRUE))"
            yield (
                Reason(f"It violates the check {check}."),
                f"{left} AS s WHERE {holds} IS NOT TRUE",
            )
        for key in rules.keys:
            given, same = _given(key), _same(key)
            rows = f"{left} AS s ANTI JOIN {key.parent} AS p ON {same} WHERE {given}"
            yield Reason(_no_parent(key), key.name), rows
        for expressions in rules.unique:
            names = ", ".join(f"{one} AS k{at}" for at, one in enumerate(expressions))
            same = " AND ".join(f"h.k{at} = s.k{at}" for at in range(len(expressions)))
            yield (
                Reason(f"Another row of the table has its {_shown(expressions)}."),
                f"(SELECT {self.line}, {names} FROM {left}) AS s"
                f" SEMI JOIN (SELECT {names} FROM {self._held}) AS h ON {same}",
            )

    def _add_repeated(self) -> int:
        """Refuses rows whose unique values a row before them has, which is certain to be taken.

        Returns how many. Those that are left may be taken now, or refused the next time.
        """
        unique = self.constraints.unique
        if not unique:
            return 0
        firsts, whens = [], []
        for at, expressions in enumerate(unique):
            given = " AND ".join(f"{one} IS NOT NULL" for one in expressions)
            names = ", ".join(expressions)
            firsts.append(
                f"CASE WHEN {given} THEN MIN({self.line}) OVER (PARTITION BY {names})"
                f" ELSE {self.line} END AS f{at}"
            )
            say = f"A row before it has its {_shown(expressions)}."
            self.reasons.append(Reason(say, certain=not self.constraints.own_keys))
            number = len(self.reasons) - 1
            whens.append(f"WHEN f{at} < line AND f{at} IN (SELECT line FROM a) THEN {number:d}")
        taken = " AND ".join(f"f{at} = line" for at in range(len(unique)))
        return self.change(
            f"INSERT INTO {REFUSED} WITH m AS MATERIALIZED"
            f" (SELECT {self.line} AS line, {', '.join(firsts)} FROM {self._left}),"
            f" a AS MATERIALIZED (SELECT line FROM m WHERE {taken})"
            f" SELECT line, reason FROM (SELECT line, CASE {' '.join(whens)} END AS reason FROM m"
            f" WHERE NOT ({taken})) WHERE reason IS NOT NULL"
        )

    def _place(self) -> int:
        """Finds the levels of rows that refer to others of the table, and refuses those that have
        no parent; returns how many."""
        keys = self.constraints.own_keys
        if not keys:
            return 0
        self.change(f"CREATE OR REPLACE TEMPORARY TABLE {LEVELS} (line BIGINT, level INTEGER)")
        ready = " AND ".join(self._has_parent(key) for key in keys)
        for level in range(1 << 62):
            self.levels = level
            if not self.change(
                f"INSERT INTO {LEVELS} SELECT s.{self.line}, {level:d} FROM {self._left} AS s"
                f" ANTI JOIN {LEVELS} AS l ON l.line = s.{self.line} WHERE {ready}"
            ):
                break
        waits = f"{self._left} AS s ANTI JOIN {LEVELS} AS l ON l.line = s.{self.line}"
        # Each of the keys may be the reason: the rows that one of them finds are refused by then.
        return sum(
            self._add(
                Reason(_no_parent(key), key.name, certain=False),
                f"{waits} WHERE NOT {self._has_parent(key)}",
            )
            for key in keys
        )

    def _has_parent(self, key: ForeignKey) -> str:
        missing = " OR ".join(f"s.{quote(one)} IS NULL" for one in key.columns)
        same = _same(key)
        placed = (
            f"(SELECT g.* FROM {self.rows} AS g SEMI JOIN {LEVELS} AS l ON l.line = g.{self.line})"
        )
        return (
            f"({missing} OR EXISTS (SELECT 1 FROM {key.parent} AS p WHERE {same})"
            f" OR EXISTS (SELECT 1 FROM {placed} AS p WHERE {same}))"
        )


def _given(key: ForeignKey) -> str:
    return " AND ".join(f"s.{quote(one)} IS NOT NULL" for one in key.columns)


def _same(key: ForeignKey) -> str:
    pairs = zip(key.parents, key.columns, strict=True)
    return " AND ".join(f"p.{quote(theirs)} = s.{quote(mine)}" for theirs, mine in pairs)


def _no_parent(key: ForeignKey) -> str:
    parent = key.parent.strip('"')
    return f"Table {parent} has no row that its {', '.join(key.columns)} refers to."


def _shown(expressions: tuple[str, ...]) -> str:
    return ", ".join(one.strip('"') for one in expressions)
