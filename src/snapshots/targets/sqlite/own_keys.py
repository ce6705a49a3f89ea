"""Foreign keys of a table of SQLite into itself."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from snapshots.model import TableName
from snapshots.table_facts import OwnKey
from snapshots.targets.sql.ddl import quoted
from snapshots.targets.sql.own_keys import edges, without_parents

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots._native import Block
    from snapshots.ports import Session

_KEYS = (
    'SELECT id, "from", "to", "table" = ? COLLATE NOCASE FROM pragma_foreign_key_list(?)'
    " ORDER BY id, seq"
)
_PRIMARY_KEY = "SELECT name FROM pragma_table_info(?) WHERE pk ORDER BY pk"
_STAGE = TableName("snapshots_waiting")


class SqliteOwnKeys:
    """The part of a `ports.Target` that knows a table's foreign keys into itself."""

    def own_keys(self, session: Session, table: TableName) -> tuple[OwnKey, ...]:
        found = []
        rows = session.execute(_KEYS, (table.name, table.name))
        others = not all(own for *_, own in rows)
        for (number, own), group in groupby(rows, key=lambda row: (row[0], row[3])):
            if not own:
                continue
            parts = list(group)
            parents = tuple(str(to) for _, _, to, _ in parts)
            if parts[0][2] is None:
                parents = tuple(
                    str(name) for (name,) in session.execute(_PRIMARY_KEY, (table.name,))
                )
            if len(parents) == len(parts):
                columns = tuple(str(mine) for _, mine, _, _ in parts)
                found.append(OwnKey(str(number) if others else "", columns, parents))
        return tuple(found)

    def orphans(
        self,
        session: Session,
        table: TableName,
        columns: Sequence[str],
        keys: Sequence[OwnKey],
        blocks: Sequence[Block],
    ) -> frozenset[int] | None:
        # A deferred key is judged behind all rows of a load.
        def quote(name: str) -> str:
            return quoted(name, '"')

        stage = f"temp.{quote(_STAGE.name)}"
        names = ", ".join(map(quote, columns))
        into = f"main.{quote(table.name)}"
        session.execute(
            f"CREATE TEMP TABLE {quote(_STAGE.name)} AS SELECT {names} FROM {into} LIMIT 0"
        )
        session.load(_STAGE, columns, blocks)
        found = edges(session, keys, columns, quote, into, stage, "rowid")
        session.execute(f"DROP TABLE {stage}")
        return frozenset(number - 1 for number in without_parents(found))
