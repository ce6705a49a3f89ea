"""SQL as SQLite writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from snapshots.sql_dialect import SqlDialect
from snapshots.targets.sqlite.quoting import quote

if TYPE_CHECKING:
    from snapshots.model import TableColumn, TypeKind

_PAST_ITS_INTEGERS = 1 << 63


class SqliteDialect(SqlDialect):
    """What SQLite writes otherwise than the standard."""

    name: ClassVar[str] = "sqlite"
    now: ClassVar[str] = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"
    # A transaction that may write has the whole file.
    row_lock: ClassVar[str] = ""
    # The limit has it made once: an UPDATE would read it again for each row of a table.
    listed: ClassVar[str] = "SELECT value AS v FROM json_each(?) LIMIT -1"
    share_lock: ClassVar[str] = ""
    returns_inserted: ClassVar[bool] = True
    readers_block: ClassVar[str] = "SELECT 1 FROM pragma_journal_mode WHERE journal_mode <> 'wal'"
    stay_lock: ClassVar[str] = ""
    types_are_binding: ClassVar[bool] = False
    streams_elsewhere: ClassVar[bool] = True

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

    def alike(self, column: TableColumn, mine: str, theirs: str) -> str:  # noqa: ARG002
        """See `SqlDialect`: a column holds values of any type, and 1 equals 1.0."""
        return f"({mine} COLLATE BINARY IS {theirs} AND typeof({mine}) = typeof({theirs}))"

    def equal_is_alike(self, column: TableColumn) -> bool:
        """See `SqlDialect`: integers alone. Of an integer that equals one, no other is stored."""
        return column.type is not None and column.type.kind == "integer"

    def bound(self, value: float | str | bool, text: str) -> int | float | str:
        """See `SqlDialect`: a float compares exactly with integers that are too large."""
        if isinstance(value, int) and value >= _PAST_ITS_INTEGERS:
            return float(value)
        return super().bound(value, text)


DIALECT = SqliteDialect()
