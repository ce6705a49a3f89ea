"""The constraints of a table of MySQL whose violations a query finds."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from snapshots.errors import SnapshotsError
from snapshots.targets.sql import row_rules as found_rules

if TYPE_CHECKING:
    from snapshots.model import TableName
    from snapshots.ports import Session
    from snapshots.table_facts import RowRule

_UNIQUE = """
SELECT index_name, column_name, NULL, NULL, NULL, FALSE, NULL FROM information_schema.statistics
WHERE table_schema = DATABASE() AND table_name = ? AND index_name NOT IN (
    SELECT index_name FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = ?
      AND (non_unique = 1 OR sub_part IS NOT NULL OR column_name IS NULL)
) ORDER BY index_name, seq_in_index
"""
_KEYS = """
SELECT constraint_name, column_name, NULL, referenced_table_name, referenced_column_name,
       referenced_table_name = table_name, NULL
FROM information_schema.key_column_usage
WHERE table_schema = DATABASE() AND table_name = ? AND referenced_table_schema = DATABASE()
ORDER BY constraint_name, ordinal_position
"""
_CHECKS = """
SELECT constraint_name, NULL, NULL, NULL, NULL, FALSE, check_clause
FROM information_schema.check_constraints
WHERE constraint_schema = DATABASE() AND table_name = ? ORDER BY constraint_name
"""
"""As MariaDB has them; MySQL has no such table, or no names of tables in it."""


def row_rules(session: Session, table: TableName) -> tuple[RowRule, ...]:
    """See `ports.Target`."""
    found = session.execute(_UNIQUE, (table.name, table.name))
    found += session.execute(_KEYS, (table.name,))
    with suppress(SnapshotsError):
        found += session.execute(_CHECKS, (table.name,))
    return found_rules.row_rules(found)
