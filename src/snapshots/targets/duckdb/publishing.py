"""What publishing asks of DuckDB: stages."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.model import TableName
from snapshots.table_facts import UNDO_ROW, AskedStage
from snapshots.targets.duckdb import table_rules
from snapshots.targets.duckdb.asked_rows import LEVELS, REFUSED, AskedRows
from snapshots.targets.duckdb.quoting import quote
from snapshots.targets.duckdb.table_constraints import table_constraints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.ports import Session
    from snapshots.table_facts import RowRule

_TYPES = """
SELECT column_name, data_type FROM duckdb_columns()
WHERE database_name = current_database() AND schema_name = 'main' AND lower(table_name) = lower(?)
"""
_TRIAL = TableName("snapshots_trial", "temp")
_CHANGES = TableName("snapshots_changes", "temp")


class DuckdbPublishing:
    """The part of a `ports.Target` that publishing needs."""

    def create_stage(
        self,
        session: Session,
        stage: TableName,
        table: TableName,
        columns: Sequence[str],
        lineage: tuple[str, str],
    ) -> None:
        fields = _fields(session, table, columns, lineage)
        session.execute(f"CREATE TABLE IF NOT EXISTS {stage.sql(quote)} ({fields})")

    def trial_stage(
        self,
        session: Session,
        table: TableName,
        columns: Sequence[str],
        lineage: tuple[str, str],
    ) -> TableName:
        fields = _fields(session, table, columns, lineage)
        session.execute(f"CREATE TEMPORARY TABLE {_TRIAL.sql(quote)} ({fields})")
        return _TRIAL

    def changes_stage(
        self,
        session: Session,
        table: TableName,  # noqa: ARG002
        columns: Sequence[str],  # noqa: ARG002
        select: str,
        key: Sequence[str],  # noqa: ARG002
    ) -> TableName:
        name = _CHANGES.sql(quote)
        session.execute(f"DROP TABLE IF EXISTS {name}")
        session.execute(f"CREATE TEMPORARY TABLE {name} AS {select}")
        return _CHANGES

    def index_stage(
        self,
        session: Session,
        stage: TableName,
        key: Sequence[str],
        *,
        lines: str | None = None,
    ) -> None:
        """Joins by hashes need no index."""

    def ask(
        self,
        session: Session,
        table: TableName,
        columns: Sequence[str],
        rows: str,
        line: str,
        leaving: str = "",
    ) -> AskedStage:
        constraints = table_constraints(session.execute, table, columns)
        asked = AskedRows(
            session.change, constraints, quote(table.name), rows, line, leaving or "FALSE"
        )
        asked.find()
        levels = range(asked.levels) if constraints.own_keys else ()
        return AskedStage(
            REFUSED,
            tuple(reason.sentence for reason in asked.reasons),
            tuple(f"SELECT line FROM {LEVELS} WHERE level = {level:d}" for level in levels),
            constraints.indexed,
        )

    def row_rules(self, session: Session, table: TableName) -> tuple[RowRule, ...]:
        return table_rules.row_rules(session, table)

    def fires_triggers(self, session: Session, table: TableName) -> bool:  # noqa: ARG002
        return False

    def create_undo_table(
        self,
        session: Session,
        undo: TableName,
        table: TableName,
        columns: Sequence[str],
        key: Sequence[str] = (),  # noqa: ARG002
    ) -> None:
        types = _types(session, table) | {UNDO_ROW: "BIGINT"}
        fields = ", ".join(f"{quote(name)} {types[name]}" for name in columns)
        session.execute(f"CREATE TABLE IF NOT EXISTS {undo.sql(quote)} ({fields})")

    def bytes_of(self, session: Session, table: TableName) -> int | None:  # noqa: ARG002
        return None


def _fields(
    session: Session, table: TableName, columns: Sequence[str], lineage: tuple[str, str]
) -> str:
    """The columns of a stage, as CREATE TABLE takes them."""
    types = _types(session, table) | dict.fromkeys(lineage, "BIGINT NOT NULL")
    return ", ".join(f"{quote(name)} {types[name]}" for name in (*columns, *lineage))


def _types(session: Session, table: TableName) -> dict[str, str]:
    """The types of a table's columns, by name."""
    return {str(name): str(kind) for name, kind in session.execute(_TYPES, (table.name,))}
