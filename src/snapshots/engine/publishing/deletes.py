"""Deletes all rows of a table, also where they refer to each other."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, cast

from snapshots.errors import RefusedAndEnded, RefusedRows, TargetError

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.model import TableName
    from snapshots.ports import Session, Target
    from snapshots.table_facts import OwnKey


class StillReferred(TargetError):
    """Rows that stay refer to rows that are to be deleted."""


def count_rows(target: Target, session: Session, table: TableName) -> int:
    """How many rows a table has."""
    ((rows,),) = session.execute(f"SELECT COUNT(*) FROM {table.sql(target.dialect.quote)}")
    return cast("int", rows)


def delete_all(target: Target, session: Session, table: TableName) -> int:
    """Deletes the rows within a transaction; returns how many there were.

    Raises TargetError where the table keeps some.
    """
    name = table.sql(target.dialect.quote)
    try:
        with session.savepoint():
            deleted = session.change(f"DELETE FROM {name}")
    except RefusedAndEnded:
        raise
    except RefusedRows as refusal:
        deleted = _children_first(target, session, table, refusal)
    if left := count_rows(target, session, table):
        raise TargetError(
            f"{left} rows of table {table} were not deleted: a trigger or a rule keeps them",
            hint="nothing was published; remove what keeps them, or append to the table",
        )
    return deleted


def _children_first(
    target: Target, session: Session, table: TableName, refusal: RefusedRows
) -> int:
    """Deletes rows that no row refers to, again and again: some databases look at the keys of a
    statement row by row."""
    keys = target.own_keys(session, table)
    name, quote = table.sql(target.dialect.quote), target.dialect.quote
    unused = " AND ".join(unused_by(key, name, name, quote) for key in keys)
    deleted = 0
    while keys and (some := session.change(f"DELETE FROM {name} WHERE {unused}")):
        deleted += some
    if count_rows(target, session, table):
        raise TargetError(
            f"The rows of table {table} cannot be deleted: {refusal}",
            hint="Nothing was published. Remove what refers to them, or append to the table.",
        ) from refusal
    return deleted


def delete_some(
    target: Target, session: Session, table: TableName, name: str, where: str, *, lasting: bool
) -> int:
    """Deletes the rows `t` of a table for which a condition holds; returns how many. `name` is the
    table's, quoted. `lasting`: the condition still holds for a row that refers to nothing.

    Raises StillReferred where rows that stay refer to them.
    """
    keys, dialect = target.own_keys(session, table), target.dialect
    statement = f"{dialect.delete_aliased(name)} WHERE {where}"
    try:
        with session.savepoint():
            return session.change(statement)
    except RefusedAndEnded:
        raise
    except RefusedRows as refusal:
        unused = " AND ".join(unused_by(key, name, "t", dialect.quote) for key in keys)
        deleted = 0
        for key in keys if lasting and not dialect.deletes_in_any_order else ():
            _forget_themselves(session, key, name, where, dialect.quote)
        while keys and (some := session.change(f"{statement} AND {unused}")):
            deleted += some
        try:
            with session.savepoint():
                return deleted + session.change(statement)
        except RefusedAndEnded:
            raise
        except RefusedRows:
            raise StillReferred(
                f"Rows of table {table} that the input lacks cannot be deleted: {refusal}",
                hint="Nothing was published. Delete what refers to them, or use --mode upsert.",
            ) from refusal


def _forget_themselves(
    session: Session, key: OwnKey, name: str, where: str, quote: Callable[[str], str]
) -> None:
    """Has rows that refer to themselves refer to nothing, where that is possible: else the database
    would refuse to delete them."""
    pairs = list(zip(map(quote, key.columns), map(quote, key.parents), strict=True))
    nothing = ", ".join(f"t.{mine} = NULL" for mine, _ in pairs)
    own = " AND ".join(f"t.{mine} = t.{theirs}" for mine, theirs in pairs)
    with suppress(RefusedRows), session.savepoint():
        session.change(f"UPDATE {name} AS t SET {nothing} WHERE {where} AND {own}")


def unused_by(key: OwnKey, name: str, alias: str, quote: Callable[[str], str]) -> str:
    """A condition for rows of a table, by its name or an alias, that no row of it refers to by the
    key."""
    children = ", ".join(map(quote, key.columns))
    # Some databases read the table that they delete from only if it is a derived one.
    pairs = zip(key.columns, key.parents, strict=True)
    same = " AND ".join(f"c.{quote(mine)} = {alias}.{quote(theirs)}" for mine, theirs in pairs)
    return f"NOT EXISTS (SELECT 1 FROM (SELECT DISTINCT {children} FROM {name}) AS c WHERE {same})"
