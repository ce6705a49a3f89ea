"""The constraints of a table of PostgreSQL whose violations a query finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.targets.postgres.quoting import qualified
from snapshots.targets.sql import row_rules as found_rules

if TYPE_CHECKING:
    from snapshots.model import TableName
    from snapshots.ports import Session
    from snapshots.table_facts import RowRule

_RULES = """
WITH own (id) AS (SELECT to_regclass(?)::oid)
SELECT name, part, schema, parent, parents, self, expression FROM (
    SELECT indexrelid::regclass::text AS name, n, attname::text AS part, NULL::text AS schema,
           NULL::text AS parent, NULL::text AS parents, FALSE AS self, NULL::text AS expression
    FROM own JOIN pg_index ON indrelid = own.id
    CROSS JOIN LATERAL unnest(indkey) WITH ORDINALITY AS keyed (attribute, n)
    JOIN pg_attribute ON attrelid = indrelid AND attnum = attribute
    WHERE indisunique AND indpred IS NULL AND indexprs IS NULL AND n <= indnkeyatts
  UNION ALL
    SELECT conname::text, n, mine.attname::text, nspname::text, relname::text, theirs.attname::text,
           confrelid = conrelid, NULL
    FROM own JOIN pg_constraint ON conrelid = own.id AND contype = 'f'
    CROSS JOIN LATERAL unnest(conkey, confkey) WITH ORDINALITY AS keyed (a, b, n)
    JOIN pg_attribute AS mine ON mine.attrelid = conrelid AND mine.attnum = a
    JOIN pg_attribute AS theirs ON theirs.attrelid = confrelid AND theirs.attnum = b
    JOIN pg_class ON pg_class.oid = confrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
  UNION ALL
    SELECT conname::text, 1, NULL, NULL, NULL, NULL, FALSE, pg_get_expr(conbin, conrelid)
    FROM own JOIN pg_constraint ON conrelid = own.id AND contype = 'c'
) AS rules ORDER BY name, n
"""


def row_rules(session: Session, table: TableName) -> tuple[RowRule, ...]:
    """See `ports.Target`."""
    return found_rules.row_rules(session.execute(_RULES, (qualified(table),)))
