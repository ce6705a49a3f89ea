"""SQL as DuckDB writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from snapshots.sql_dialect import SqlDialect
from snapshots.targets.duckdb.quoting import quote

if TYPE_CHECKING:
    from snapshots.model import TableColumn

_SHAPE = "'%Y-%m-%dT%H:%M:%S.%gZ'"


class DuckdbDialect(SqlDialect):
    """What DuckDB writes otherwise than the standard."""

    name: ClassVar[str] = "duckdb"
    # The time at which the transaction has begun.
    now: ClassVar[str] = f"strftime(now() AT TIME ZONE 'UTC', {_SHAPE})"
    # A transaction that writes is the only one: see `session.py`.
    row_lock: ClassVar[str] = ""
    share_lock: ClassVar[str] = ""
    stay_lock: ClassVar[str] = ""
    listed: ClassVar[str] = """SELECT unnest(from_json(CAST(? AS JSON), '["VARCHAR"]')) AS v"""
    text: ClassVar[str] = "VARCHAR"
    # A row is found in the index until the transaction has ended, also after its DELETE.
    deletes_in_any_order: ClassVar[bool] = False
    partial_indexes: ClassVar[bool] = False
    savepoints: ClassVar[bool] = False

    def quote(self, identifier: str) -> str:
        """See `SqlDialect`."""
        return quote(identifier)

    def byte_length(self, expression: str) -> str:
        """See `SqlDialect`: `octet_length` takes blobs alone."""
        return f"strlen({self.as_text(expression)})"

    def blob_length(self, expression: str) -> str:
        """See `SqlDialect`."""
        return f"octet_length({expression})"

    def blob_begin(self, expression: str) -> str:
        """See `SqlDialect`."""
        return f"array_slice({expression}, 1, CAST(? AS BIGINT))"

    def alike(self, column: TableColumn, mine: str, theirs: str) -> str:
        """See `SqlDialect`: 0 equals -0."""
        same = super().alike(column, mine, theirs)
        if column.type is None or column.type.kind != "float":
            return same
        texts = f"{self.as_text(mine)} = {self.as_text(theirs)}"
        return f"({same} AND ({mine} IS DISTINCT FROM 0 OR {texts}))"

    def equal_is_alike(self, column: TableColumn) -> bool:
        """See `SqlDialect`: texts are compared by their bytes, decimals have one scale."""
        return column.type is not None and column.type.kind != "float"

    def moment(self, mark: str = "?") -> str:
        """See `SqlDialect`."""
        return f"CAST({mark} AS TIMESTAMPTZ)"

    def moment_text(self, expression: str) -> str:
        """See `SqlDialect`."""
        return f"strftime({expression} AT TIME ZONE 'UTC', {_SHAPE})"


DIALECT = DuckdbDialect()
