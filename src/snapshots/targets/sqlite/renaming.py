"""Replaces a table of SQLite by a copy that takes its name.

All of it is in one transaction, the schema included: a reader's snapshot has the tables and the
names of one moment. Indexes have names of their own, which are taken: so they are made at the end.
"""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.errors import TargetError
from snapshots.targets.sql.table_sql import copy_difference, names_itself, renamed
from snapshots.targets.sqlite.quoting import quote

if TYPE_CHECKING:
    from snapshots.model import TableName
    from snapshots.ports import Session

_CREATED = "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ? COLLATE NOCASE"
_KIND = "SELECT 1 FROM pragma_table_list(?) WHERE schema = 'main' AND type = 'table'"
_USERS = """
SELECT type, name FROM sqlite_schema
WHERE type IN ('view', 'trigger') AND (tbl_name = ?1 COLLATE NOCASE OR ?1 GLOB '*[]"''`[]*'
  OR instr(lower(sql), lower(?1)) > 0)
ORDER BY type, name
"""
"""A name with quotes may be written in several ways: then any view or trigger may use it."""
_KEYS = """
SELECT child.name FROM sqlite_schema AS child, pragma_foreign_key_list(child.name) AS keyed
WHERE child.type = 'table' AND keyed."table" = ? COLLATE NOCASE ORDER BY 1
"""
_CHECKING = """
SELECT made.name FROM pragma_index_list(?) AS made
WHERE origin = 'c' AND ("unique" OR partial OR EXISTS (
  SELECT 1 FROM pragma_index_xinfo(made.name) WHERE cid = -2
))
ORDER BY 1
"""
"""Indexes that may refuse a row: each row must meet them when it is loaded."""
_INDEXES = """
SELECT name, sql FROM sqlite_schema
WHERE type = 'index' AND tbl_name = ? COLLATE NOCASE AND sql IS NOT NULL ORDER BY rowid
"""
_STATISTICS = """
SELECT name FROM sqlite_schema WHERE name IN ('sqlite_stat1', 'sqlite_stat4') ORDER BY name
"""
_COUNTS = "SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'"
_COUNT_FROM = "INSERT INTO sqlite_sequence SELECT ?, seq FROM sqlite_sequence WHERE name = ?"
_COUNT_ON = """
UPDATE sqlite_sequence SET seq = MAX(seq, (SELECT seq FROM sqlite_sequence WHERE name = ?))
WHERE name = ? AND EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?)
"""


class SqliteRenaming:
    """The part of a `ports.Target` that publishes by renaming."""

    def rename_obstacles(self, session: Session, table: TableName) -> tuple[str, ...]:
        created = _created(session, table)
        if created is None or not session.execute(_KIND, (table.name,)):
            return ("it is no ordinary table",)
        name = (table.name,)
        found = [f"{kind!s} {user!s} may use it" for kind, user in session.execute(_USERS, name)]
        found += [
            f"a foreign key of table {child!s} refers to it"
            for (child,) in session.execute(_KEYS, name)
        ]
        found += [
            f"index {index!s} may refuse rows" for (index,) in session.execute(_CHECKING, name)
        ]
        if names_itself(created, table.name):
            found.append("its own text names it")
        return tuple(found)

    def create_clone(self, session: Session, clone: TableName, table: TableName) -> None:
        created = _created(session, table)
        if created is None:
            raise TargetError(f"The table {table} does not exist.")
        session.execute(renamed(created, quote(clone.name)))
        if session.execute(_COUNTS):
            session.execute(_COUNT_FROM, (clone.name, table.name))

    def clone_difference(self, session: Session, table: TableName, clone: TableName) -> str:
        return copy_difference(*(_created(session, one) for one in (table, clone)))

    def open_snapshots(self, session: Session) -> frozenset[str] | None:  # noqa: ARG002
        return frozenset()

    def exchange(
        self, session: Session, table: TableName, clone: TableName, former: TableName
    ) -> None:
        why = self.rename_obstacles(session, table)
        if why or self.clone_difference(session, table, clone):
            raise TargetError(
                f"table {table} was altered: {', '.join(why)}".rstrip(": "), retryable=True
            )
        if session.execute(_COUNTS):
            session.execute(_COUNT_ON, (table.name, clone.name, table.name))
        indexes = session.execute(_INDEXES, (table.name,))
        statistics = _statistics(session, table)
        # Otherwise SQLite would check all views, and refuse where one of them is broken.
        session.execute("PRAGMA legacy_alter_table = ON")
        try:
            for index, _ in indexes:
                session.execute(f"DROP INDEX {quote(str(index))}")
            session.execute(f"ALTER TABLE {quote(table.name)} RENAME TO {quote(former.name)}")
            session.execute(f"ALTER TABLE {quote(clone.name)} RENAME TO {quote(table.name)}")
            for _, created in indexes:
                session.execute(str(created))
        finally:
            session.execute("PRAGMA legacy_alter_table = OFF")
        _keep_statistics(session, table, statistics)


def _created(session: Session, table: TableName) -> str | None:
    """The CREATE TABLE of a table; None if there is none."""
    found = session.execute(_CREATED, (table.name,))
    return str(found[0][0]) if found and found[0][0] is not None else None


def _statistics(session: Session, table: TableName) -> list[tuple[str, list[tuple[object, ...]]]]:
    """What the planner knows of a table: queries of it are planned as before."""
    return [
        (
            str(name),
            [
                tuple(row)
                for row in session.execute(
                    f"SELECT * FROM {name!s} WHERE tbl = ? COLLATE NOCASE", (table.name,)
                )
            ],
        )
        for (name,) in session.execute(_STATISTICS)
    ]


def _keep_statistics(
    session: Session, table: TableName, found: list[tuple[str, list[tuple[object, ...]]]]
) -> None:
    for name, rows in found:
        session.execute(f"DELETE FROM {name} WHERE tbl = ? COLLATE NOCASE", (table.name,))
        for row in rows:
            marks = ", ".join("?" for _ in row)
            session.execute(f"INSERT INTO {name} VALUES ({marks})", row)  # type: ignore[arg-type]
