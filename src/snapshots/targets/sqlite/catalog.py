"""Tables as a SQLite file describes them: their columns and triggers."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from snapshots.model import TableColumn, TableShape
from snapshots.targets.sql import ddl
from snapshots.targets.sqlite.types import kernel_type, makes_numbers

if TYPE_CHECKING:
    from snapshots.model import TableName
    from snapshots.ports import ResultRows, Session

_COLUMNS = "SELECT name, type, [notnull], dflt_value, pk, hidden FROM pragma_table_xinfo(?)"
_STRICT = "SELECT 1 FROM pragma_table_list(?) WHERE strict"
_TRIGGERS = (
    "SELECT name, sql FROM sqlite_schema"
    " WHERE type = 'trigger' AND tbl_name = ? COLLATE NOCASE ORDER BY name"
)
_OF_INSERT = re.compile(r"\bINSERT\s+ON\b", re.IGNORECASE)
_NAMED = "SELECT type, sql FROM sqlite_schema WHERE name = ? COLLATE NOCASE"
_INSTEAD_OF_INSERT = re.compile(r"\bINSTEAD\s+OF\s+INSERT\s+ON\b", re.IGNORECASE)
_HAS_COLUMN = (
    "SELECT 1 FROM sqlite_schema AS made, pragma_table_info(made.name) AS of"
    " WHERE made.type = 'table' AND of.name = ? COLLATE NOCASE LIMIT 1"
)
_VIRTUAL_TABLE_HIDDEN = 1


class SqliteCatalog:
    """The part of a `ports.Target` that reads what tables are made of."""

    def inspect(self, session: Session, table: TableName) -> TableShape | None:
        found = session.execute(_COLUMNS, (table.name,))
        if not found:
            return None
        named = session.execute(_NAMED, (table.name,))
        columns, keys = [], []
        strict = bool(session.execute(_STRICT, (table.name,)))
        for name, kind, required, default, key, hidden in found:
            if hidden == _VIRTUAL_TABLE_HIDDEN:
                continue
            # The one column type whose NULL SQLite replaces: the number of the row.
            row_number = bool(key) and str(kind).upper() == "INTEGER"
            columns.append(
                TableColumn(
                    name=str(name),
                    type=kernel_type(str(kind), strict=strict),
                    sql_type=str(kind),
                    nullable=not required and not row_number,
                    has_default=default is not None or row_number,
                    generated=bool(hidden),
                    wire="numeric" if makes_numbers(str(kind)) else "",
                )
            )
            if isinstance(key, int) and key:
                keys.append((key, str(name)))
        keys_in_order = tuple(name for _, name in sorted(keys))
        return TableShape(table, tuple(columns), keys_in_order, view=_is_view(named))

    def require_loadable(self, session: Session, table: TableName) -> None:
        named = session.execute(_NAMED, (table.name,))
        if _is_view(named):
            triggers = session.execute(_TRIGGERS, (table.name,))
            if not any(_INSTEAD_OF_INSERT.search(str(sql)) for _, sql in triggers):
                raise ddl.takes_no_rows(
                    table, "SQLite inserts into views only by an INSTEAD OF INSERT trigger"
                )
        elif any(kind == "index" for kind, _ in named):
            raise ddl.name_is_taken(table, "an index")

    def triggers(self, session: Session, table: TableName) -> tuple[str, ...]:
        found = session.execute(_TRIGGERS, (table.name,))
        return tuple(str(name) for name, sql in found if _OF_INSERT.search(str(sql)))

    def has_column(self, session: Session, column: str) -> bool:
        return bool(session.execute(_HAS_COLUMN, (column,)))


def _is_view(named: ResultRows) -> bool:
    return any(kind == "view" for kind, _ in named)
