"""Foreign keys of a table of MySQL into itself."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.targets.sql.own_keys import grouped

if TYPE_CHECKING:
    from snapshots.model import TableName
    from snapshots.ports import Session
    from snapshots.table_facts import OwnKey

_OWN_KEYS = """
SELECT constraint_name, column_name, referenced_column_name, 0
FROM information_schema.key_column_usage
WHERE table_schema = DATABASE() AND table_name = ?
  AND referenced_table_schema = table_schema AND referenced_table_name = table_name
ORDER BY constraint_name, ordinal_position
"""


class MysqlOwnKeys:
    """The part of a `ports.Target` that knows a table's foreign keys into itself.

    InnoDB judges each row when it comes, so that a parent must be there before: only trying tells
    which rows have none, as `SqlTarget.orphans` says.
    """

    def own_keys(self, session: Session, table: TableName) -> tuple[OwnKey, ...]:
        return grouped(session.execute(_OWN_KEYS, (table.name,)))
