"""What publishing asks of MySQL: stages."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING

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
        if session.execute(
            "SELECT 1 FROM information_schema.tables"
            " WHERE table_schema = DATABASE() AND table_name = ?",
            (stage.name,),
        ):
            return
        of, line = map(quote, lineage)
        names = ", ".join(map(quote, columns))
        # A key that grows with the file keeps InnoDB's pages full, and finds a line at once.
        session.execute(
            f"CREATE TABLE {quote(stage.name)} ({of} bigint NOT NULL, {line} bigint NOT NULL,"
            f" PRIMARY KEY ({line})) ENGINE = InnoDB"
            f" SELECT {names}, 0 AS {of}, 0 AS {line} FROM {quote(table.name)} LIMIT 0"
        )
