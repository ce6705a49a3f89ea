"""Rows of other tables that refer to rows which are about to be deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from snapshots.errors import TargetError, WouldCascade

if TYPE_CHECKING:
    from snapshots.engine.publishing.by_key.keyed_rows import KeyedRows
    from snapshots.model import TableName
    from snapshots.ports import Session, Target
    from snapshots.table_facts import ReferencingKey


def require_no_cascade(
    target: Target, session: Session, table: TableName, rows: KeyedRows, *, allowed: bool
) -> str:
    """Looks for rows that refer to those which the stage lacks. Returns what will become of them,
    as a sentence, or nothing.

    Raises TargetError where the database would refuse to delete what they refer to, and
    WouldCascade where it would delete or change them, unless that is allowed.
    """
    sentences = []
    for key in target.referencing_keys(session, table):
        count = 0 if key.own else _referring(session, rows, key)
        if not count:
            continue
        some = f"{count:,} row{'s' if count > 1 else ''} of table {key.table}"
        if key.on_delete == "refuse":
            raise TargetError(
                f"{some} refer to rows of table {table} that the input lacks: these cannot be"
                " deleted.",
                hint="Nothing was published. Delete the referring rows first, or keep all rows"
                " with --mode upsert.",
            )
        if key.on_delete == "cascade":
            sentences.append(f"The database deletes {some} with the rows they refer to.")
        else:
            value = key.on_delete.removeprefix("set ").upper()
            sentences.append(f"The database sets references to {value} in {some}.")
    if sentences and not allowed:
        raise WouldCascade(f"{' '.join(sentences)} Nothing was published.")
    return " ".join(sentences)


def _referring(session: Session, rows: KeyedRows, key: ReferencingKey) -> int:
    quote = rows.dialect.quote
    same = " AND ".join(
        f"t.{quote(theirs)} = c.{quote(mine)}"
        for mine, theirs in zip(key.columns, key.parents, strict=True)
    )
    ((count,),) = session.execute(
        f"SELECT COUNT(*) FROM {key.table.sql(quote)} AS c WHERE EXISTS"
        f" (SELECT 1 FROM {rows.table} AS t WHERE {same} AND {rows.vanished})"
    )
    return cast("int", count)
