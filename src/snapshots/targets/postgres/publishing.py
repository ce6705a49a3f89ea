"""What publishing asks of PostgreSQL: stages."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.model import TableName
from snapshots.targets.postgres import row_rules as rules
from snapshots.targets.postgres.quoting import qualified, quote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.ports import Session
    from snapshots.table_facts import RowRule

_TYPES = """
SELECT attname, format_type(atttypid, atttypmod) || CASE WHEN attcollation <> typcollation
    THEN format(' COLLATE %I.%I', nspname, collname) ELSE '' END
FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
LEFT JOIN (pg_collation JOIN pg_namespace ON pg_namespace.oid = collnamespace)
  ON pg_collation.oid = attcollation
WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped
"""
_TRIAL = TableName("snapshots_trial", "pg_temp")
_CHANGES = TableName("snapshots_changes", "pg_temp")
_FIRES = """
WITH RECURSIVE family (id) AS (
    SELECT to_regclass(?)::oid
  UNION
    SELECT inhrelid FROM family JOIN pg_inherits ON inhparent = id
)
SELECT 1 FROM family JOIN pg_trigger ON tgrelid = id
WHERE NOT tgisinternal AND tgenabled NOT IN ('D', 'R')
UNION ALL
SELECT 1 FROM family JOIN pg_rewrite ON ev_class = id
WHERE ev_type <> '1' AND ev_enabled NOT IN ('D', 'R')
LIMIT 1
"""


_BYTES = "SELECT pg_total_relation_size(to_regclass(?))"


class PostgresPublishing:
    """The part of a `ports.Target` that publishing needs."""

    def create_stage(
        self,
        session: Session,
        stage: TableName,
        table: TableName,
        columns: Sequence[str],
        lineage: tuple[str, str],
    ) -> None:
        fields = _fields(session, table, columns, lineage)
        session.execute(f"CREATE TABLE IF NOT EXISTS {qualified(stage)} ({fields})")

    def trial_stage(
        self,
        session: Session,
        table: TableName,
        columns: Sequence[str],
        lineage: tuple[str, str],
    ) -> TableName:
        fields = _fields(session, table, columns, lineage)
        session.execute(f"CREATE TEMPORARY TABLE {qualified(_TRIAL)} ({fields})")
        return _TRIAL

    def changes_stage(
        self,
        session: Session,
        table: TableName,  # noqa: ARG002
        columns: Sequence[str],
        select: str,
        key: Sequence[str],  # noqa: ARG002
    ) -> TableName:
        name = qualified(_CHANGES)
        session.execute(f"DROP TABLE IF EXISTS {name}")
        # Such a query may be done by several processes, which an INSERT is not.
        session.execute(f"CREATE TEMPORARY TABLE {name} ON COMMIT DROP AS {select}")
        session.execute(f"CREATE INDEX ON {name} ({quote(columns[-1])})")
        session.execute(f"ANALYZE {name}")
        return _CHANGES

    def index_stage(
        self,
        session: Session,
        stage: TableName,
        key: Sequence[str],  # noqa: ARG002
        *,
        lines: str | None = None,  # noqa: ARG002
    ) -> None:
        # Joins by hashes need no index, but a planner that knows how many rows there are.
        session.execute(f"ANALYZE {qualified(stage)}")

    def row_rules(self, session: Session, table: TableName) -> tuple[RowRule, ...]:
        return rules.row_rules(session, table)

    def fires_triggers(self, session: Session, table: TableName) -> bool:
        return bool(session.execute(_FIRES, (qualified(table),)))

    def create_undo_table(
        self,
        session: Session,
        undo: TableName,
        table: TableName,
        columns: Sequence[str],
        key: Sequence[str] = (),  # noqa: ARG002
    ) -> None:
        types = _types(session, table)
        fields = ", ".join(f"{quote(name)} {types[name]}" for name in columns)
        session.execute(f"CREATE TABLE IF NOT EXISTS {qualified(undo)} ({fields})")

    def bytes_of(self, session: Session, table: TableName) -> int | None:
        ((size,),) = session.execute(_BYTES, (qualified(table),))
        return None if size is None else int(size)


def _fields(
    session: Session, table: TableName, columns: Sequence[str], lineage: tuple[str, str]
) -> str:
    """The columns of a stage, as CREATE TABLE takes them."""
    types = _types(session, table) | dict.fromkeys(lineage, "bigint NOT NULL")
    return ", ".join(f"{quote(name)} {types[name]}" for name in (*columns, *lineage))


def _types(session: Session, table: TableName) -> dict[str, str]:
    """The types of a table's columns, by name."""
    found = session.execute(_TYPES, (qualified(table),))
    return {str(name): str(kind) for name, kind in found}
