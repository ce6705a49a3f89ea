"""Makes the statements that load rows of some columns into one table of MySQL or MariaDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.targets.mysql.exact_types import expression
from snapshots.targets.mysql.quoting import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from snapshots.model import TableName


class LoadStatements:
    """The statements that load some columns of one table.

    `inexact` maps the folded names of columns that need an expression to their types.
    """

    def __init__(self, table: TableName, columns: Sequence[str], inexact: dict[str, str]) -> None:
        name = quote(table.name)
        places, settings = [], []
        self.inexact = [column for column in columns if column.casefold() in inexact]
        for number, column in enumerate(columns):
            if column in self.inexact:
                variable = f"@snapshots_{number}"
                value = expression(inexact[column.casefold()], variable)
                places.append(variable)
                settings.append(f"{quote(column)} = {value}")
            else:
                places.append(quote(column))
        settings_sql = f" SET {', '.join(settings)}" if settings else ""
        self.data_statement: Callable[[str], str] = lambda file: (
            f"LOAD DATA LOCAL INFILE '{file}' INTO TABLE {name} CHARACTER SET utf8mb4"
            r" FIELDS TERMINATED BY '\t' ENCLOSED BY '' ESCAPED BY '\\'"
            r" LINES STARTING BY '' TERMINATED BY '\n'"
            f" ({', '.join(places)}){settings_sql}"
        )
        names = ", ".join(map(quote, columns))
        insert = f"INSERT INTO {name} ({names}) VALUES "
        self.insert_head = insert.encode()
        self.insert_statement = f"{insert}({', '.join('?' for _ in columns)})"
        self.prepared: int | None = None
