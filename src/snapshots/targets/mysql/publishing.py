"""What publishing asks of MySQL: stages."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.model import TableName
from snapshots.table_facts import UNDO_ROW
from snapshots.targets.mysql import row_rules as rules
from snapshots.targets.mysql.quoting import quote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from snapshots.ports import Session
    from snapshots.table_facts import RowRule

_TRIAL = TableName("snapshots_trial")
_CHANGES = TableName("snapshots_changes")
_INDEX = "snapshots_key"
_SORTED = """
SELECT 1 FROM information_schema.statistics
WHERE table_schema = DATABASE() AND table_name = ? AND index_name = 'PRIMARY' AND seq_in_index = 2
"""
_FIRES = """
SELECT 1 FROM information_schema.triggers
WHERE event_object_schema = DATABASE() AND event_object_table = ? LIMIT 1
"""
_UNINDEXED = ("json", "geometry", "point", "linestring", "polygon", "geomcollection")
_TEXTS = ("char", "varchar", "binary", "varbinary")
_KEY_COLUMNS = 4
"""Columns of a key that an index has: more tell hardly more rows apart."""
_KEY_CHARACTERS = 191
"""Characters of a column that an index has: four such columns fit into every index."""


class MysqlPublishing:
    """The part of a `ports.Target` that publishing needs."""

    def create_stage(
        self,
        session: Session,
        stage: TableName,
        table: TableName,
        columns: Sequence[str],
        lineage: tuple[str, str],
    ) -> None:
        if _exists(session, stage):
            return
        self._create(session, "TABLE", stage, table, columns, lineage)

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
    ) -> None:
        of, line = map(quote, lineage)
        names = ", ".join(map(quote, columns))
        # A key that grows with the file keeps InnoDB's pages full, and finds a line at once.
        session.execute(
            f"CREATE {what} {quote(stage.name)} ({of} bigint NOT NULL, {line} bigint NOT NULL,"
            f" PRIMARY KEY ({line})) ENGINE = InnoDB"
            # A row of a join that is not there: so all columns take NULL.
            f" SELECT {names}, 0 AS {of}, 0 AS {line}"
            f" FROM (SELECT 1) AS one LEFT JOIN {quote(table.name)} ON FALSE LIMIT 0"
        )

    def changes_stage(
        self,
        session: Session,
        table: TableName,
        columns: Sequence[str],
        select: str,
        key: Sequence[str],
    ) -> TableName:
        name = quote(_CHANGES.name)
        session.execute(f"DROP TEMPORARY TABLE IF EXISTS {name}")
        # In the order of the join, which is that of the key: the table's pages follow one another.
        session.execute(
            f"CREATE TEMPORARY TABLE {name} ({quote(UNDO_ROW)} bigint NOT NULL AUTO_INCREMENT"
            f" PRIMARY KEY, INDEX ({quote(columns[-1])}){_key_index(session, table, key)})"
            f" ENGINE = InnoDB {select}"
        )
        return _CHANGES

    def index_stage(
        self, session: Session, stage: TableName, key: Sequence[str], *, lines: str | None = None
    ) -> None:
        if session.execute(_SORTED, (stage.name,)):
            return
        columns = _types(session, stage)
        parts = _key_parts(columns, key)
        if parts:
            # In the order of the key, as the table may be: pages are then read one after another.
            line = quote(next(name for name in reversed(columns)))
            session.execute(
                f"ALTER TABLE {quote(stage.name)} DROP PRIMARY KEY,"
                f" ADD PRIMARY KEY ({', '.join(parts)}, {line})"
                + (f", ADD INDEX {quote(_INDEX)} ({quote(lines)})" if lines else "")
            )

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
        if _exists(session, undo):
            return
        names, row = ", ".join(map(quote, columns)), quote(UNDO_ROW)
        session.execute(
            f"CREATE TABLE {quote(undo.name)} ({row} bigint NOT NULL AUTO_INCREMENT PRIMARY KEY"
            f"{_key_index(session, table, key)}) ENGINE = InnoDB"
            f" SELECT {names} FROM {quote(table.name)} LIMIT 0"
        )

    def bytes_of(self, session: Session, table: TableName) -> int | None:
        rows = session.execute(
            "SELECT data_length + index_length FROM information_schema.tables"
            " WHERE table_schema = DATABASE() AND table_name = ?",
            (table.name,),
        )
        return int(rows[0][0]) if rows and rows[0][0] is not None else None


def _types(session: Session, table: TableName) -> dict[str, str]:
    """The types of a table's columns, by name: the catalogue does not know temporary tables."""
    found = session.execute(f"SHOW COLUMNS FROM {quote(table.name)}")
    return {str(row[0]): str(row[1]).lower() for row in found}


def _key_parts(types: Mapping[str, str], key: Sequence[str]) -> list[str]:
    """The parts of an index by which rows of a key are found: long values by their beginnings."""
    parts = []
    for name in key:
        kind, _, rest = types[name].partition("(")
        if kind not in _UNINDEXED:
            length = rest.partition(")")[0]
            long = kind.endswith(("text", "blob")) or (
                kind in _TEXTS and int(length) > _KEY_CHARACTERS
            )
            parts.append(f"{quote(name)}{f'({_KEY_CHARACTERS})' if long else ''}")
    return parts[:_KEY_COLUMNS]


def _key_index(session: Session, table: TableName, key: Sequence[str]) -> str:
    """An index for CREATE TABLE with columns of another table, where there is a key."""
    parts = _key_parts(_types(session, table), key) if key else []
    return f", INDEX {quote(_INDEX)} ({', '.join(parts)})" if parts else ""


def _exists(session: Session, table: TableName) -> bool:
    return bool(
        session.execute(
            "SELECT 1 FROM information_schema.tables"
            " WHERE table_schema = DATABASE() AND table_name = ?",
            (table.name,),
        )
    )
