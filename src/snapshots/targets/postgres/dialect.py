"""SQL as PostgreSQL writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from snapshots.sql_dialect import NumberSequence, SqlDialect, TransactionLock
from snapshots.targets.postgres.quoting import quote

if TYPE_CHECKING:
    from snapshots.model import TableColumn

_TEXTS = ("text", "character varying")


class PostgresDialect(SqlDialect):
    """What PostgreSQL writes otherwise than the standard."""

    name: ClassVar[str] = "postgres"
    now: ClassVar[str] = (
        """to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""
    )
    stay_lock: ClassVar[str] = " FOR KEY SHARE"
    returns_inserted: ClassVar[bool] = True
    listed: ClassVar[str] = "SELECT v FROM json_array_elements_text(CAST(? AS json)) AS listed (v)"
    keeps_given_identity: ClassVar[str] = " OVERRIDING SYSTEM VALUE"
    one_snapshot: ClassVar[tuple[str, ...]] = ("BEGIN ISOLATION LEVEL REPEATABLE READ",)
    empty_temporary: ClassVar[str] = "TRUNCATE"
    # A session that looks rows up prefers indexes, and sorts little.
    for_joins: ClassVar[str] = "SET LOCAL enable_seqscan = on; SET LOCAL work_mem = '64MB'"
    # A planner expects few rows of those that two tables lack, and would compare each with a table.
    for_joins_alone: ClassVar[str] = f"{for_joins}; SET LOCAL enable_nestloop = off"
    import_numbers: ClassVar[NumberSequence | None] = NumberSequence(
        "nextval('snapshots_imports_id')",
        "SELECT setval('snapshots_imports_id', GREATEST(?, last_value)) FROM snapshots_imports_id",
    )

    def transaction_lock(self, number: int) -> TransactionLock | None:
        """See `SqlDialect`: COMMIT and ROLLBACK give it back."""
        return TransactionLock(
            f"CASE WHEN pg_advisory_xact_lock({number:d}) IS NULL THEN 0 ELSE 1 END",
            f"CASE WHEN pg_try_advisory_xact_lock({number:d}) THEN 1 ELSE 0 END",
        )

    def lock_rows(self, table: str) -> str:
        """See `SqlDialect`."""
        return f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"

    def quote(self, identifier: str) -> str:
        """See `SqlDialect`: names have at most 63 bytes."""
        return quote(identifier)

    def byte_length(self, expression: str) -> str:
        """See `SqlDialect`: `octet_length` takes texts alone."""
        return f"octet_length({self.as_text(expression)})"

    def alike(self, column: TableColumn, mine: str, theirs: str) -> str:
        """See `SqlDialect`: bytes are compared, also of types that have no `=`."""
        if self.equal_is_alike(column):
            return super().alike(column, mine, theirs)
        if column.sql_type.startswith(_TEXTS):
            # Other collations may find different texts equal, and are slower.
            return f'{mine} COLLATE "C" IS NOT DISTINCT FROM {theirs}'
        if column.type is not None and column.type.kind == "float":
            # 0 equals -0.
            zero = f"{mine} IS DISTINCT FROM 0 OR {mine}::text = {theirs}::text"
            return f"({mine} IS NOT DISTINCT FROM {theirs} AND ({zero}))"
        return f"record_image_eq(ROW({mine}), ROW({theirs}))"

    def bound(self, value: float | str | bool, text: str) -> int | float | str:
        """See `SqlDialect`: the server reads a boolean, and a float in the column's precision."""
        if isinstance(value, bool):
            return text.lower()
        return text if isinstance(value, float) else value

    def moment(self, mark: str = "?") -> str:
        """See `SqlDialect`."""
        return f"CAST({mark} AS timestamptz)"

    def moment_text(self, expression: str) -> str:
        """See `SqlDialect`."""
        shape = """'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'"""
        return f"to_char({expression} AT TIME ZONE 'UTC', {shape})"


DIALECT = PostgresDialect()
