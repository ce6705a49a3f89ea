"""What publishing asks of PostgreSQL: stages, and which tables refer to one."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.targets.postgres.quoting import qualified, quote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.model import TableName
    from snapshots.ports import Session

_TYPES = """
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped
"""
_REFERENCED_BY = """
WITH RECURSIVE family (id) AS (
    SELECT to_regclass(?)::oid
  UNION
    SELECT inhrelid FROM family JOIN pg_inherits ON inhparent = id
)
SELECT DISTINCT conrelid::regclass::text FROM pg_constraint
WHERE contype = 'f' AND confrelid IN (SELECT id FROM family)
  AND conrelid NOT IN (SELECT id FROM family) ORDER BY 1
"""
"""The keys that refer to a table, or to one of its partitions, from elsewhere."""


class PostgresPublishing:
    """The part of a `ports.Target` that publishing needs."""

    def referenced_by(self, session: Session, table: TableName) -> tuple[str, ...]:
        found = session.execute(_REFERENCED_BY, (qualified(table),))
        return tuple(str(name) for (name,) in found)

    def create_stage(
        self,
        session: Session,
        stage: TableName,
        table: TableName,
        columns: Sequence[str],
        lineage: tuple[str, str],
    ) -> None:
        found = session.execute(_TYPES, (qualified(table),))
        types = {str(name): str(kind) for name, kind in found}
        types |= dict.fromkeys(lineage, "bigint NOT NULL")
        fields = ", ".join(f"{quote(name)} {types[name]}" for name in (*columns, *lineage))
        session.execute(f"CREATE TABLE IF NOT EXISTS {qualified(stage)} ({fields})")
