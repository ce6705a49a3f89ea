"""Tables as MySQL's information_schema describes them: their columns, keys and triggers."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.errors import TargetError
from snapshots.model import TableColumn, TableShape, Type
from snapshots.targets.mysql.quoting import quote
from snapshots.targets.mysql.types import kernel_type, values_of, wire_of
from snapshots.targets.sql import ddl

if TYPE_CHECKING:
    from snapshots.model import TableName
    from snapshots.ports import Session

_COLUMNS = """
SELECT column_name, column_type, is_nullable, COALESCE(column_default, 'NULL') <> 'NULL',
       extra, column_comment, collation_name
FROM information_schema.columns
WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position
"""
_TRIGGERS = """
SELECT trigger_name FROM information_schema.triggers
WHERE event_object_schema = DATABASE() AND event_object_table = ? AND event_manipulation = 'INSERT'
ORDER BY 1
"""
_HAS_COLUMN = """
SELECT 1 FROM information_schema.columns
WHERE table_schema = DATABASE() AND column_name = ? LIMIT 1
"""
_PRIMARY_KEY = """
SELECT column_name FROM information_schema.statistics
WHERE table_schema = DATABASE() AND table_name = ? AND index_name = 'PRIMARY'
ORDER BY seq_in_index
"""
_VIEW = """
SELECT 1 FROM information_schema.views
WHERE table_schema = DATABASE() AND table_name = ? AND is_updatable = 'NO'
"""
_KIND = """
SELECT table_type, engine,
       engine IN (SELECT engine FROM information_schema.engines WHERE transactions <> 'YES')
FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?
"""
_IS_JSON = """
SELECT check_clause FROM information_schema.check_constraints
WHERE constraint_schema = DATABASE() AND table_name = ? AND check_clause LIKE 'json_valid(%'
"""
"""MariaDB's json is a longtext with a check."""


class MysqlCatalog:
    """The part of a `ports.Target` that reads what tables are made of."""

    def inspect(self, session: Session, table: TableName) -> TableShape | None:
        found = session.execute(_COLUMNS, (table.name,))
        if not found:
            return None
        ((kind, engine, plain),) = session.execute(_KIND, (table.name,))
        if str(kind) == "SEQUENCE":
            raise ddl.name_is_taken(table, "a sequence")
        if plain:
            raise TargetError(
                f"The table's engine, {engine!s}, has no transactions, so exactly-once loading is"
                " impossible.",
                place=str(table),
                hint=f"ALTER TABLE {quote(table.name)} ENGINE = InnoDB",
            )
        maria = "MariaDB" in str(session.execute("SELECT VERSION()")[0][0])
        json = self._json_columns(session, table) if maria else set()
        columns = []
        for name, declared, nullable, default, extra, comment, collation in found:
            known = kernel_type(str(declared), comment=str(comment), collation=str(collation))
            extras = str(extra).upper()
            columns.append(
                TableColumn(
                    name=str(name),
                    type=Type("json") if name in json else known,
                    sql_type=str(declared),
                    nullable=nullable == "YES",
                    has_default=bool(default) or "AUTO_INCREMENT" in extras,
                    generated="VIRTUAL" in extras or "STORED" in extras or "PERSISTENT" in extras,
                    wire=wire_of(str(declared), known),
                    values=values_of(str(declared)),
                )
            )
        keys = session.execute(_PRIMARY_KEY, (table.name,))
        key = tuple(str(name) for (name,) in keys)
        return TableShape(table, tuple(columns), key, view=str(kind) == "VIEW")

    def require_loadable(self, session: Session, table: TableName) -> None:
        if session.execute(_VIEW, (table.name,)):
            raise ddl.takes_no_rows(
                table, "it is not updatable: it aggregates, joins or is read-only"
            )

    def triggers(self, session: Session, table: TableName) -> tuple[str, ...]:
        return tuple(str(name) for (name,) in session.execute(_TRIGGERS, (table.name,)))

    def has_column(self, session: Session, column: str) -> bool:
        return bool(session.execute(_HAS_COLUMN, (column,)))

    def _json_columns(self, session: Session, table: TableName) -> set[str]:
        clauses = session.execute(_IS_JSON, (table.name,))
        return {str(clause)[12:-2].replace("``", "`") for (clause,) in clauses}
