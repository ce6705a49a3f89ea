"""Loads rows of which the table may refuse some: they wait in a temporary table and are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msgspec import Struct

from snapshots.errors import RefusedRows
from snapshots.targets.duckdb.asked_rows import LEVELS, REFUSED, AskedRows
from snapshots.targets.duckdb.quoting import quote
from snapshots.targets.duckdb.types import kernel_type
from snapshots.targets.sql.ddl import LINEAGE

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.model import TableName
    from snapshots.ports import ResultRows
    from snapshots.targets.duckdb.table_constraints import TableConstraints

_GIVEN = "temp.snapshots_given"
_LINE = "snapshots_given_line"
_UNREAD = "snapshots_unread_"


class BlockLoad(Struct, frozen=True):
    """Statements for rows of one table, which `snapshots_rows` has as c0, c1 and so on."""

    table: TableName
    columns: tuple[str, ...]
    constraints: TableConstraints

    @property
    def _has_lines(self) -> bool:
        return self.columns[-len(LINEAGE) :] == tuple(LINEAGE)

    @property
    def _unread(self) -> tuple[tuple[str, str], ...]:
        """Columns of types that the kernel does not know: the database reads their texts."""
        types = zip(self.columns, self.constraints.types, strict=True)
        return tuple(
            (f"{_UNREAD}{at}", name)
            for at, (name, kind) in enumerate(types)
            if kernel_type(kind) is None or kind.startswith("ENUM(")
        )

    @property
    def stage(self) -> str:
        """Makes the temporary table of the rows. A value that its column cannot hold is NULL."""
        line = f"c{len(self.columns) - 1}" if self._has_lines else "row_number() OVER ()"
        parts = [f"{line} AS {_LINE}"]
        unread = {name: truth for truth, name in self._unread}
        for at, (name, kind) in enumerate(zip(self.columns, self.constraints.types, strict=True)):
            value = f"CAST(c{at} AS {kind})"
            if name in unread:
                # TRY_CAST would keep a list or a struct, and make NULL of what is wrong within it.
                value = f"TRY({value})"
                parts.append(f"(c{at} IS NOT NULL AND {value} IS NULL) AS {unread[name]}")
            parts.append(f"{value} AS {quote(name)}")
        return (
            f"CREATE OR REPLACE TEMPORARY TABLE {_GIVEN} AS"
            f" SELECT {', '.join(parts)} FROM snapshots_rows"
        )

    def require_taken(
        self, execute: Callable[[str], ResultRows], change: Callable[[str], int]
    ) -> tuple[str, ...]:
        """Returns the statements that give the rows of the temporary table to their own, in order.

        Raises RefusedRows if the table refuses some.
        """
        asked = AskedRows(
            change,
            self.constraints,
            quote(self.table.name),
            _GIVEN,
            _LINE,
            unread=self._unread,
        )
        if asked.find():
            raise self._refusal(asked, execute(f"SELECT line, reason FROM {REFUSED} ORDER BY 1"))
        names = ", ".join(map(quote, self.columns))
        statement = f"INSERT INTO {quote(self.table.name)} ({names}) SELECT {names} FROM {_GIVEN}"
        if not self.constraints.own_keys:
            return (f"{statement} ORDER BY {_LINE}",)
        lines = f"SELECT line FROM {LEVELS} WHERE level ="
        return tuple(
            f"{statement} WHERE {_LINE} IN ({lines} {level:d}) ORDER BY {_LINE}"
            for level in range(asked.levels)
        )

    def _refusal(self, asked: AskedRows, found: ResultRows) -> RefusedRows:
        pairs = [(cast("int", line), asked.reasons[cast("int", of)]) for line, of in found]
        first = pairs[0][1]
        refusal = RefusedRows(first.sentence)
        refusal.key = first.key
        if self._has_lines:
            refusal.lines = {line: why.sentence for line, why in pairs if why.certain}
        return refusal
