"""Foreign keys that refer to a table of PostgreSQL, or to the partitioned table it is part of."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.targets.postgres.quoting import qualified
from snapshots.targets.sql.referencing_keys import referencing_keys

if TYPE_CHECKING:
    from snapshots.model import TableName
    from snapshots.ports import Session
    from snapshots.table_facts import ReferencingKey

_KEYS = """
WITH family (id) AS (
    SELECT to_regclass(?)::oid
  UNION
    SELECT relid FROM pg_partition_tree(COALESCE(pg_partition_root(to_regclass(?)), to_regclass(?)))
)
SELECT CASE WHEN NOT pg_table_is_visible(conrelid) THEN nspname END, relname, conname,
       conrelid IN (SELECT id FROM family),
       CASE confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT'
         ELSE 'NO ACTION' END,
       mine.attname, theirs.attname
FROM pg_constraint
JOIN pg_class ON pg_class.oid = conrelid
JOIN pg_namespace ON pg_namespace.oid = relnamespace
JOIN LATERAL unnest(conkey, confkey) WITH ORDINALITY AS pair (my, their, place) ON true
JOIN pg_attribute AS mine ON mine.attrelid = conrelid AND mine.attnum = my
JOIN pg_attribute AS theirs ON theirs.attrelid = confrelid AND theirs.attnum = their
WHERE contype = 'f' AND conparentid = 0 AND confrelid IN (SELECT id FROM family)
ORDER BY pg_constraint.oid, place
"""
"""A constraint with a parent is the part that it has in a partition."""


class PostgresReferencingKeys:
    """The part of a `ports.Target` that knows which foreign keys refer to a table."""

    def referencing_keys(self, session: Session, table: TableName) -> tuple[ReferencingKey, ...]:
        name = qualified(table)
        return referencing_keys(session.execute(_KEYS, (name, name, name)))
