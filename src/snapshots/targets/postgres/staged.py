"""Loads rows into what COPY cannot write into: views without triggers, and tables with row
security.

They are copied into a temporary table of the same types, and inserted from there by one statement,
in their order. The policies of a table and the check option of a view hold as for any INSERT.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.errors import TargetError
from snapshots.model import TableName
from snapshots.targets.postgres.quoting import qualified, quote

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from snapshots.ports import ResultRows

STAGE = TableName("snapshots_rows", "pg_temp")
_IS_NEEDED = """
SELECT relkind = 'v' AND NOT EXISTS (
         SELECT FROM pg_trigger
         WHERE tgrelid = pg_class.oid AND tgenabled NOT IN ('D', 'R') AND tgtype & 68 = 68
       ) OR row_security_active(oid)
FROM pg_class WHERE oid = to_regclass(?)
"""
"""68 stands for INSTEAD OF INSERT, which COPY respects."""
_TYPES = """
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped
"""
_MAY = "SELECT has_database_privilege(current_database(), 'TEMPORARY')"


class StagedInsert:
    """The statements that copy rows into a temporary table and insert them from there."""

    def __init__(
        self, execute: Callable[..., ResultRows], table: TableName, columns: Sequence[str]
    ) -> None:
        """Writes the statements. Raises TargetError if the user may create no temporary table."""
        if execute(_MAY) != [(True,)]:
            raise TargetError(
                "Loading into a view, or a table with row-level security, needs a temporary table,"
                " which this user may not create.",
                place=str(table),
                hint="GRANT TEMPORARY ON DATABASE, or load as the owner of the table.",
            )
        types = {str(name): str(kind) for name, kind in execute(_TYPES, (qualified(table),))}
        fields = ", ".join(f"{quote(name)} {types[name]}" for name in columns)
        names = ", ".join(map(quote, columns))
        stage = qualified(STAGE)
        self.create = f"CREATE TEMP TABLE {stage} ({fields}) ON COMMIT DROP"
        # As COPY does: what stands in the input goes into an identity, too.
        self.insert = (
            f"INSERT INTO {qualified(table)} ({names}) OVERRIDING SYSTEM VALUE"
            f" SELECT {names} FROM {stage}"
        )
        self.drop = f"DROP TABLE {stage}"


def staged(
    execute: Callable[..., ResultRows], table: TableName, columns: Sequence[str]
) -> StagedInsert | None:
    """Returns how to insert rows where COPY cannot write; None: COPY can write there."""
    if execute(_IS_NEEDED, (qualified(table),)) != [(True,)]:
        return None
    return StagedInsert(execute, table, columns)
