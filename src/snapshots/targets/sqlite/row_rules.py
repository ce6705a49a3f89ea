"""The constraints of a table of SQLite whose violations a query finds; checks have no text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.targets.sql import row_rules as found_rules

if TYPE_CHECKING:
    from snapshots.model import TableName
    from snapshots.ports import Session
    from snapshots.table_facts import RowRule

_UNIQUE = """
SELECT made.name, of.name, NULL, NULL, NULL, 0, NULL
FROM pragma_index_list(?) AS made, pragma_index_xinfo(made.name) AS of
WHERE made."unique" AND NOT made.partial AND of.key AND NOT EXISTS (
    SELECT 1 FROM pragma_index_xinfo(made.name) AS other WHERE other.key AND other.name IS NULL
) ORDER BY made.name, of.seqno
"""
_KEYS = """
SELECT 'foreign key ' || id, "from", NULL, "table", COALESCE("to", (
    SELECT name FROM pragma_table_info(keyed."table") WHERE pk = keyed.seq + 1
)), "table" = ? COLLATE NOCASE, NULL
FROM pragma_foreign_key_list(?) AS keyed ORDER BY id, seq
"""


def row_rules(session: Session, table: TableName) -> tuple[RowRule, ...]:
    """See `ports.Target`."""
    found = session.execute(_UNIQUE, (table.name,))
    return found_rules.row_rules([*found, *session.execute(_KEYS, (table.name, table.name))])
