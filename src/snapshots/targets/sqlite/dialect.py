"""SQL as SQLite writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from snapshots.sql_dialect import SqlDialect
from snapshots.targets.sqlite.quoting import quote

if TYPE_CHECKING:
    from snapshots.model import TypeKind

_PAST_ITS_INTEGERS = 1 << 63


class SqliteDialect(SqlDialect):
    """What SQLite writes otherwise than the standard."""

    name: ClassVar[str] = "sqlite"
    now: ClassVar[str] = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"
    # A transaction that may write has the whole file.
    row_lock: ClassVar[str] = ""
    share_lock: ClassVar[str] = ""
    types_are_binding: ClassVar[bool] = False

    def quote(self, identifier: str) -> str:
        """See `SqlDialect`."""
        return quote(identifier)

    def comparable(self, kind: TypeKind | None, column: str) -> tuple[str, str]:
        """See `SqlDialect`: decimals and instants are kept as text."""
        if kind == "decimal":
            return f"CAST({column} AS REAL)", "CAST(? AS REAL)"
        if kind == "timestamptz":
            # Before its Z a fraction would sort first.
            return f"RTRIM({column}, 'Z')", "?"
        return super().comparable(kind, column)

    def replace_view(self, view: str, select: str) -> tuple[str, ...]:
        """See `SqlDialect`."""
        return (f"DROP VIEW IF EXISTS {view}", f"CREATE VIEW {view} AS {select}")

    def bound(self, value: float | str | bool, text: str) -> int | float | str:
        """See `SqlDialect`: a float compares exactly with integers that are too large."""
        if isinstance(value, int) and value >= _PAST_ITS_INTEGERS:
            return float(value)
        return super().bound(value, text)


DIALECT = SqliteDialect()
