"""What a name stands for: views, rules, partitions and inheritance lead to other tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.targets.postgres.names import qualified

if TYPE_CHECKING:
    from snapshots.model import TableName
    from snapshots.ports import Session

_ITSELF = """
SELECT relname, relhasrules OR relispartition OR relhassubclass
       OR EXISTS (SELECT 1 FROM pg_inherits WHERE inhrelid = pg_class.oid)
FROM pg_class WHERE oid = to_regclass(?)
"""
"""A view is a table with a rule."""
_ALL = """
WITH RECURSIVE above (id) AS (
    SELECT to_regclass(?)::oid
  UNION
    SELECT further.id FROM above JOIN LATERAL (
        SELECT inhparent FROM pg_inherits WHERE inhrelid = above.id
      UNION ALL
        SELECT refobjid FROM pg_rewrite JOIN pg_depend ON objid = pg_rewrite.oid
        WHERE ev_class = above.id AND classid = 'pg_rewrite'::regclass
              AND refclassid = 'pg_class'::regclass
    ) AS further (id) ON true
), below (id) AS (
    SELECT to_regclass(?)::oid
  UNION
    SELECT inhrelid FROM below JOIN pg_inherits ON inhparent = below.id
)
SELECT relname FROM pg_class
WHERE oid IN (SELECT id FROM above UNION SELECT id FROM below)
"""


def bases(session: Session, table: TableName) -> frozenset[str]:
    """See `ports.Target.bases`."""
    name = qualified(table)
    found = session.execute(_ITSELF, (name,))
    if found and found[0][1]:
        found = session.execute(_ALL, (name, name))
    return frozenset(str(row[0]) for row in found)
