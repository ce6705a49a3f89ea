"""Replaces a table of MySQL or MariaDB by a copy that takes its name.

Grants, views and indexes go by the name of the table, or are its own: they need no care.
"""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any, cast

from snapshots.errors import TableInUse, TargetError
from snapshots.targets.mysql.errors import code_of
from snapshots.targets.mysql.quoting import quote

if TYPE_CHECKING:
    from snapshots.model import TableName
    from snapshots.ports import Session, Value

_SECONDS = 1
"""How long others may have to queue behind the renaming."""
_KIND = """
SELECT table_type FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_name = ?
"""
_TRIGGERS = """
SELECT trigger_name FROM information_schema.triggers
WHERE event_object_schema = DATABASE() AND event_object_table = ? ORDER BY trigger_name
"""
_KEYS = """
SELECT table_name, constraint_name FROM information_schema.referential_constraints
WHERE constraint_schema = DATABASE() AND table_name = ?
   OR unique_constraint_schema = DATABASE() AND referenced_table_name = ?
ORDER BY table_name, constraint_name
"""
_SNAPSHOTS = """
SELECT CONCAT(trx_mysql_thread_id, ' ', trx_started) FROM information_schema.innodb_trx
WHERE trx_mysql_thread_id <> CONNECTION_ID()
"""
_DENIED = {1044, 1142}
"""Errors of a user who lacks a right."""
_ODD = re.compile(r"\bPARTITION BY\b|\bWITH SYSTEM VERSIONING\b|\b(?:DATA|INDEX) DIRECTORY\b")
_NEXT = re.compile(r"(\) ENGINE=.*?) AUTO_INCREMENT=(\d+)")


class MysqlRenaming:
    """The part of a `ports.Target` that publishes by renaming."""

    def rename_obstacles(self, session: Session, table: TableName) -> tuple[str, ...]:
        if _rows(session, _KIND, (table.name,)) != [("BASE TABLE",)]:
            return ("it is no ordinary table",)
        found = [
            f"trigger {name!s} is on it" for (name,) in _rows(session, _TRIGGERS, (table.name,))
        ]
        found += [
            f"foreign key {key!s} of table {of!s} has to do with it"
            for of, key in _rows(session, _KEYS, (table.name, table.name))
        ]
        if odd := _ODD.search(_options(_created(session, table))):
            found.append(f"it has {odd[0]}")
        if self.open_snapshots(session) is None:
            found.append("this user may not see who reads it (GRANT PROCESS)")
        if not found and _may_not_rename(session):
            found.append("this user may not rename tables (GRANT ALTER, CREATE, DROP, INSERT)")
        return tuple(found)

    def create_clone(self, session: Session, clone: TableName, table: TableName) -> None:
        session.execute(f"CREATE TABLE {quote(clone.name)} LIKE {quote(table.name)}")
        _count_on(session, table, clone)

    def clone_difference(self, session: Session, table: TableName, clone: TableName) -> str:
        if _plain(session, table) != _plain(session, clone):
            return "its columns, keys or options cannot be carried over exactly"
        return ""

    def open_snapshots(self, session: Session) -> frozenset[str] | None:
        try:
            return frozenset(str(one) for (one,) in session.execute(_SNAPSHOTS))
        except TargetError:
            return None

    def exchange(
        self, session: Session, table: TableName, clone: TableName, former: TableName
    ) -> None:
        _count_on(session, table, clone)
        ((patience,),) = _rows(session, "SELECT @@lock_wait_timeout")
        session.execute(f"SET SESSION lock_wait_timeout = {_SECONDS}")
        try:
            session.execute(
                f"RENAME TABLE {quote(table.name)} TO {quote(former.name)},"
                f" {quote(clone.name)} TO {quote(table.name)}"
            )
        except TargetError as error:
            if not error.retryable:
                raise
            raise TableInUse(
                f"somebody is using table {table}: it cannot be replaced yet", retryable=True
            ) from error
        finally:
            session.execute(f"SET SESSION lock_wait_timeout = {patience}")


def _may_not_rename(session: Session) -> bool:
    """Whether the user lacks a right to rename tables of the database.

    The server looks at the rights before the tables: so it is asked to rename one that nobody has.
    What the user may do with one table only does not count, as the copy's name is new.
    """
    nobodys = f"snapshots_probe_{secrets.token_hex(8)}"
    try:
        session.execute(f"RENAME TABLE {quote(nobodys)} TO {quote(f'{nobodys}_2')}")
    except TargetError as error:
        return (
            error.__cause__ is not None and code_of(cast("Exception", error.__cause__)) in _DENIED
        )
    return False


def _count_on(session: Session, table: TableName, clone: TableName) -> None:
    """Makes a copy give no number to a row that its table has given; never a lower one than its
    own rows have."""
    if counter := _NEXT.search(_created(session, table)):
        session.execute(f"ALTER TABLE {quote(clone.name)} AUTO_INCREMENT = {counter[2]}")


def _created(session: Session, table: TableName) -> str:
    ((_, text),) = session.execute(f"SHOW CREATE TABLE {quote(table.name)}")
    return str(text)


def _options(created: str) -> str:
    """What follows the columns in a CREATE TABLE."""
    return created[created.rindex("\n)") :]


def _plain(session: Session, table: TableName) -> str:
    """The CREATE TABLE without what differs between a table and its copy."""
    created = _created(session, table)
    begin = f"CREATE TABLE {quote(table.name)}"
    named = created.removeprefix(begin).replace(f"`{table.name}_chk_", "`_chk_")
    return _NEXT.sub(r"\1", named)


def _rows(session: Session, sql: str, params: tuple[Value, ...] = ()) -> list[tuple[Any, ...]]:
    """The rows of a query of the catalogue."""
    return cast("list[tuple[Any, ...]]", session.execute(sql, params))
