"""What publishing asks of MySQL: stages."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.ports import UNDO_ROW
from snapshots.targets.mysql.quoting import quote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.model import TableName
    from snapshots.ports import Session


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
        of, line = map(quote, lineage)
        names = ", ".join(map(quote, columns))
        # A key that grows with the file keeps InnoDB's pages full, and finds a line at once.
        session.execute(
            f"CREATE TABLE {quote(stage.name)} ({of} bigint NOT NULL, {line} bigint NOT NULL,"
            f" PRIMARY KEY ({line})) ENGINE = InnoDB"
            f" SELECT {names}, 0 AS {of}, 0 AS {line} FROM {quote(table.name)} LIMIT 0"
        )

    def create_undo_table(
        self, session: Session, undo: TableName, table: TableName, columns: Sequence[str]
    ) -> None:
        if _exists(session, undo):
            return
        names, row = ", ".join(map(quote, columns)), quote(UNDO_ROW)
        session.execute(
            f"CREATE TABLE {quote(undo.name)} ({row} bigint NOT NULL AUTO_INCREMENT PRIMARY KEY)"
            f" ENGINE = InnoDB SELECT {names} FROM {quote(table.name)} LIMIT 0"
        )

    def bytes_of(self, session: Session, table: TableName) -> int | None:
        rows = session.execute(
            "SELECT data_length + index_length FROM information_schema.tables"
            " WHERE table_schema = DATABASE() AND table_name = ?",
            (table.name,),
        )
        return int(rows[0][0]) if rows and rows[0][0] is not None else None


def _exists(session: Session, table: TableName) -> bool:
    return bool(
        session.execute(
            "SELECT 1 FROM information_schema.tables"
            " WHERE table_schema = DATABASE() AND table_name = ?",
            (table.name,),
        )
    )
