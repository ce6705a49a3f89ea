"""Foreign keys that refer to a table of MySQL, those of other databases of the server included."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.targets.sql.referencing_keys import referencing_keys

if TYPE_CHECKING:
    from snapshots.model import TableName
    from snapshots.ports import Session
    from snapshots.table_facts import ReferencingKey

_KEYS = """
SELECT NULLIF(used.table_schema, DATABASE()), used.table_name, used.constraint_name,
       used.table_schema = DATABASE() AND used.table_name = used.referenced_table_name, delete_rule,
       column_name, referenced_column_name
FROM information_schema.key_column_usage AS used
JOIN information_schema.referential_constraints AS keyed
  ON keyed.constraint_schema = used.constraint_schema
 AND keyed.constraint_name = used.constraint_name AND keyed.table_name = used.table_name
WHERE used.referenced_table_schema = DATABASE() AND used.referenced_table_name = ?
ORDER BY used.table_schema, used.table_name, used.constraint_name, ordinal_position
"""


class MysqlReferencingKeys:
    """The part of a `ports.Target` that knows which foreign keys refer to a table."""

    def referencing_keys(self, session: Session, table: TableName) -> tuple[ReferencingKey, ...]:
        return referencing_keys(session.execute(_KEYS, (table.name,)))
