"""Makes an empty table of PostgreSQL one with history."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.targets.postgres.dialect import DIALECT
from snapshots.targets.postgres.quoting import qualified, quote
from snapshots.targets.postgres.referencing_keys import PostgresReferencingKeys
from snapshots.targets.postgres.types import sql_type
from snapshots.targets.sql.adoption import historic_key, key_obstacles, require_empty
from snapshots.targets.sql.validity import INSTANT, VALID_FROM, VALID_TO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.model import TableName
    from snapshots.ports import Session

_ODD = """
SELECT 1 FROM pg_class WHERE oid = to_regclass(?)
  AND (relkind <> 'r' OR relispartition
       OR EXISTS (SELECT FROM pg_inherits WHERE pg_class.oid IN (inhparent, inhrelid)))
"""
_UNIQUE = """
SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE indrelid = to_regclass(?) AND (indisunique OR indisexclusion) AND NOT indisprimary ORDER BY 1
"""
_PRIMARY = "SELECT conname FROM pg_constraint WHERE conrelid = to_regclass(?) AND contype = 'p'"


class PostgresAdoption(PostgresReferencingKeys):
    """The part of a `ports.Target` that gives an empty table a history, and knows which foreign
    keys refer to it."""

    def history_obstacles(self, session: Session, table: TableName) -> tuple[str, ...]:
        name = qualified(table)
        if session.execute(_ODD, (name,)):
            return ("It has partitions, or shares rows with other tables.",)
        unique = [str(one) for (one,) in session.execute(_UNIQUE, (name,))]
        return key_obstacles(unique, self.referencing_keys(session, table))

    def add_intervals(self, session: Session, table: TableName, key: Sequence[str]) -> None:
        name, kind = qualified(table), sql_type(INSTANT)
        with session.transaction():
            session.execute(f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE")
            require_empty(session, DIALECT, table)
            gone, named = "", ""
            for (own,) in session.execute(_PRIMARY, (name,)):
                gone = f"DROP CONSTRAINT {quote(str(own))}, "
                named = f"CONSTRAINT {quote(str(own))} "
            session.execute(
                f"ALTER TABLE {name} {gone}ADD COLUMN {quote(VALID_FROM)} {kind} NOT NULL,"
                f" ADD COLUMN {quote(VALID_TO)} {kind},"
                f" ADD {named}PRIMARY KEY ({historic_key(DIALECT, key)})"
            )
