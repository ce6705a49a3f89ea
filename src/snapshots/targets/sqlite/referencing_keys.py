"""Foreign keys that refer to a table of SQLite."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.targets.sql.referencing_keys import referencing_keys

if TYPE_CHECKING:
    from snapshots.model import TableName
    from snapshots.ports import Session
    from snapshots.table_facts import ReferencingKey

_KEYS = """
SELECT NULL, child.name, keyed.id, child.name = parent.name, on_delete, "from", COALESCE("to", (
    SELECT name FROM pragma_table_info(parent.name) WHERE pk = keyed.seq + 1
))
FROM sqlite_schema AS parent
JOIN sqlite_schema AS child ON child.type = 'table'
JOIN pragma_foreign_key_list(child.name) AS keyed ON keyed."table" = parent.name COLLATE NOCASE
WHERE parent.type = 'table' AND parent.name = ? COLLATE NOCASE
ORDER BY child.name, keyed.id, keyed.seq
"""
"""A key without columns of its parent refers to the primary key."""


class SqliteReferencingKeys:
    """The part of a `ports.Target` that knows which foreign keys refer to a table."""

    def referencing_keys(self, session: Session, table: TableName) -> tuple[ReferencingKey, ...]:
        return referencing_keys(session.execute(_KEYS, (table.name,)))
