"""What publishing asks of SQLite: stages."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.errors import TargetError
from snapshots.model import TableName
from snapshots.table_facts import NEW_ROW
from snapshots.targets.sqlite import row_rules as rules
from snapshots.targets.sqlite.collations import collations_of
from snapshots.targets.sqlite.quoting import quote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.ports import Session
    from snapshots.table_facts import RowRule

_TYPES = "SELECT name, type FROM pragma_table_xinfo(?)"
_STRICT = "SELECT 1 FROM pragma_table_list(?) WHERE strict"
_TRIAL = TableName("snapshots_trial")
_CHANGES = TableName("snapshots_changes", "temp")
_FIRES = """
SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND lower(tbl_name) = lower(?) LIMIT 1
"""


class SqlitePublishing:
    """The part of a `ports.Target` that publishing needs."""

    def create_stage(
        self,
        session: Session,
        stage: TableName,
        table: TableName,
        columns: Sequence[str],
        lineage: tuple[str, str],
    ) -> None:
        self._create(session, "TABLE IF NOT EXISTS", stage, table, columns, lineage)

    def trial_stage(
        self,
        session: Session,
        table: TableName,
        columns: Sequence[str],
        lineage: tuple[str, str],
    ) -> TableName:
        self._create(session, "TEMPORARY TABLE", _TRIAL, table, columns, lineage)
        return _TRIAL

    def _create(
        self,
        session: Session,
        what: str,
        stage: TableName,
        table: TableName,
        columns: Sequence[str],
        lineage: tuple[str, str],
        more: str = "",
    ) -> None:
        types = _types(session, table)
        of, line = (quote(name) for name in lineage)
        collations = collations_of(session, table.name, columns)
        parts = [f"{quote(name)} {types[name]}{collations[name]}" for name in columns]
        # The line is the number of the row: it is found at once, and costs nothing.
        parts += [f"{of} INTEGER NOT NULL", f"{line} INTEGER PRIMARY KEY{more}"]
        strict = _strict(session, table)
        session.execute(f"CREATE {what} {quote(stage.name)} ({', '.join(parts)}){strict}")

    def changes_stage(
        self,
        session: Session,
        table: TableName,
        columns: Sequence[str],
        select: str,
        key: Sequence[str],  # noqa: ARG002
    ) -> TableName:
        *own, of, line = columns
        name = _CHANGES.sql(quote)
        session.execute(f"DROP TABLE IF EXISTS {name}")
        more = f", {quote(NEW_ROW)} INTEGER NOT NULL"
        self._create(session, "TEMPORARY TABLE", _CHANGES, table, own, (of, line), more)
        session.execute(f"INSERT INTO {name} {select}")
        return _CHANGES

    def index_stage(
        self,
        session: Session,
        stage: TableName,
        key: Sequence[str],
        *,
        lines: str | None = None,  # noqa: ARG002
    ) -> None:
        names = ", ".join(map(quote, key))
        index = quote(f"{stage.name}_key")
        session.execute(f"CREATE INDEX IF NOT EXISTS {index} ON {quote(stage.name)} ({names})")

    def row_rules(self, session: Session, table: TableName) -> tuple[RowRule, ...]:
        return rules.row_rules(session, table)

    def fires_triggers(self, session: Session, table: TableName) -> bool:
        return bool(session.execute(_FIRES, (table.name,)))

    def create_undo_table(
        self,
        session: Session,
        undo: TableName,
        table: TableName,
        columns: Sequence[str],
        key: Sequence[str] = (),
    ) -> None:
        types = _types(session, table)
        # An index serves only comparisons of its own collation.
        collations = collations_of(session, table.name, columns)
        fields = ", ".join(f"{quote(name)} {types[name]}{collations[name]}" for name in columns)
        session.execute(
            f"CREATE TABLE IF NOT EXISTS {quote(undo.name)} ({fields}){_strict(session, table)}"
        )
        if key:
            self.index_stage(session, undo, key)

    def bytes_of(self, session: Session, table: TableName) -> int | None:
        try:
            rows = session.execute("SELECT SUM(pgsize) FROM dbstat WHERE name = ?", (table.name,))
        except TargetError:
            return None
        return int(rows[0][0]) if rows[0][0] is not None else None


def _types(session: Session, table: TableName) -> dict[str, str]:
    """The types of a table's columns, by name."""
    return {str(name): str(kind) for name, kind in session.execute(_TYPES, (table.name,))}


def _strict(session: Session, table: TableName) -> str:
    """Ends the CREATE of a table whose columns are to take the same values."""
    return " STRICT" if session.execute(_STRICT, (table.name,)) else ""
