"""Foreign keys of a table into itself, and of a partitioned one from and to any of its parts."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.model import TableName
from snapshots.targets.postgres.quoting import qualified, quote
from snapshots.targets.sql.own_keys import edges, grouped, without_parents

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots._native import Block
    from snapshots.ports import Session
    from snapshots.table_facts import OwnKey

_KEYS = """
SELECT DISTINCT ON (conname, place) conname, mine.attname, theirs.attname,
       confmatchtype = 'f', place
FROM pg_constraint
JOIN LATERAL unnest(conkey, confkey) WITH ORDINALITY AS pair (my, their, place) ON true
JOIN pg_attribute AS mine ON mine.attrelid = conrelid AND mine.attnum = my
JOIN pg_attribute AS theirs ON theirs.attrelid = confrelid AND theirs.attnum = their
WHERE contype = 'f'
  AND COALESCE(pg_partition_root(conrelid), conrelid)
      = COALESCE(pg_partition_root(confrelid), confrelid)
  AND COALESCE(pg_partition_root(conrelid), conrelid)
      = COALESCE(pg_partition_root(to_regclass(?)), to_regclass(?))
ORDER BY conname, place
"""
_ROOT = "SELECT COALESCE(pg_partition_root(to_regclass(?)), to_regclass(?))::text"
_MAY = "SELECT has_database_privilege(current_database(), 'TEMPORARY')"
_STAGE = TableName("snapshots_waiting", "pg_temp")
_NUMBER = "snapshots_number"


class PostgresOwnKeys:
    """The part of a `ports.Target` that knows a table's foreign keys into itself."""

    def own_keys(self, session: Session, table: TableName) -> tuple[OwnKey, ...]:
        name = qualified(table)
        return grouped([row[:4] for row in session.execute(_KEYS, (name, name))])

    def orphans(
        self,
        session: Session,
        table: TableName,
        columns: Sequence[str],
        keys: Sequence[OwnKey],
        blocks: Sequence[Block],
    ) -> frozenset[int] | None:
        # A COPY is judged at its end, so that rows may refer to rows behind them.
        if session.execute(_MAY) != [(True,)]:
            return None
        name = qualified(table)
        ((root,),) = session.execute(_ROOT, (name, name))
        stage, names = qualified(_STAGE), ", ".join(map(quote, columns))
        session.execute(f"CREATE TEMP TABLE {stage} AS SELECT {names} FROM {name} WITH NO DATA")
        session.execute(f"ALTER TABLE {stage} ADD COLUMN {_NUMBER} bigserial")
        session.load(_STAGE, columns, blocks)
        session.execute(f"ANALYZE {stage}")
        found = edges(session, keys, columns, quote, str(root), stage, _NUMBER)
        session.execute(f"DROP TABLE {stage}")
        return frozenset(number - 1 for number in without_parents(found))
