"""Which table is meant: the one that a user names, or one named after the input.

Whatever takes a table from a user takes it from `table_of`, and asks the database by
`require_users`: the ledger's own tables are never among them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import PurePath
from typing import TYPE_CHECKING

from snapshots import inner_names
from snapshots.engine.plan.version_date import date_of, shown
from snapshots.errors import UsageError
from snapshots.ledger.schema import is_ledgers
from snapshots.redaction import scheme_of
from snapshots.sources.remote.urls import without_query
from snapshots.targets.sql.ddl import name_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from snapshots.engine.plan.options import Options
    from snapshots.model import TableName
    from snapshots.ports import Session, Target

_ENDINGS = {
    ".csv", ".tsv", ".txt", ".tab", ".psv", ".dat", ".jsonl", ".ndjson", ".json", ".parquet",
    ".gz", ".zst", ".bz2", ".xz",
}.union(inner_names.CONTAINERS)  # fmt: skip
_DATE_OR_NUMBER = re.compile(
    r"(?<=[^\W\d_])(?:[-_. ]+(?:\(\d+\)|\d[\d\-_.T: ]*)|\d{6}[\d\-_.T: ]*)$"
)
_NOT_IN_A_NAME = re.compile(r"_*\W[\W_]*")
MAX_BYTES = 60


def table_of(target: Target, name: str, given: str | None) -> TableName:
    """The table of a database that an input goes to; `given` is the name that a user gives.

    Raises UsageError as `table_for` does, and TargetError if the database allows no such name.
    """
    return target.table_name(table_for(name, given))


def in_order(names: Sequence[str], options: Options) -> list[str]:
    """The inputs of one command in the order in which they are loaded: versions by their dates.

    Raises UsageError for two of one table and one date: which of them would be left?
    """
    if not options.versioned:
        return list(names)
    seen: dict[tuple[str, str | None], str] = {}
    for name in names:
        table, date = table_for(name, options.table), date_of(name, options.as_of)
        if (table, date) in seen:
            raise UsageError(
                f"{seen[table, date]} and {name} would both replace the rows of table {table},"
                f" and both are of {'no date' if date is None else shown(date)}",
                hint="give one input; the parts of one version can be piped as one: cat PARTS |"
                " snapshots import - --mode replace --table NAME",
            )
        seen[table, date] = name
    return [name for (_, _), name in sorted(seen.items(), key=lambda one: one[0][1] or "~")]


def require_users(target: Target, session: Session, table: TableName) -> None:
    """Raises UsageError for a table of the ledger, and for anything that stands for one.

    That may be another spelling of its name, a view or a partition.
    """
    require_not_ledgers(table, target.bases(session, table))


def require_not_ledgers(table: TableName, bases: Iterable[str]) -> None:
    """Raises UsageError as `require_users` does; the tables that the name stands for are known."""
    if is_ledgers(table.name):
        raise _ledgers(str(table))
    for base in sorted(bases):
        if is_ledgers(base):
            raise UsageError(
                f"table {table} is a name for {base}, which belongs to the ledger",
                hint="choose another table",
            )


def table_for(name: str, given: str | None) -> str:
    """The table for an input: the one given, else its file's stem without date or number.

    >>> table_for("data/snapshot_20230101.csv.gz", None)
    'snapshot'

    Raises UsageError where there is nothing to make a name of.
    """
    if given:
        if is_ledgers((name_parts(given) or [given])[-1]):
            raise _ledgers(given)
        return given
    return _named_after(name).encode()[:MAX_BYTES].decode("utf-8", "ignore")


def shortened(name: str, given: str | None) -> str | None:
    """A sentence if the table's name is not all of the input's: another input may have the same.

    >>> shortened("data/snapshot_20230101.csv.gz", None)
    """
    if given or len(_named_after(name).encode()) <= MAX_BYTES:
        return None
    return (
        f"the table name {table_for(name, None)!r} was cut to {MAX_BYTES} bytes: inputs with the"
        " same beginning of their names go into one table, unless --table names another"
    )


@lru_cache(maxsize=64)
def _named_after(name: str) -> str:
    """A table's name, of any length. Raises UsageError if the input's name gives none."""
    if name == inner_names.STDIN:
        raise UsageError("standard input has no name", hint="name the table with --table NAME")
    if name == inner_names.FRAME:
        raise UsageError("a frame has no name", hint='name the table: table="NAME"')
    inner = inner_names.split(name)[1]
    if inner not in ("", "-"):
        return _named_after(inner)
    path = PurePath(name if scheme_of(name) is None else without_query(name))
    while path.suffix.lower() in _ENDINGS:
        path = path.with_suffix("")
    stem = path.name
    shorter = _DATE_OR_NUMBER.sub("", stem)
    cleaned = _NOT_IN_A_NAME.sub("_", shorter).strip("_")
    if not cleaned:
        raise UsageError(f"{name!r} gives no table name", hint="name the table with --table NAME")
    if cleaned[0].isdigit():
        cleaned = f"t_{cleaned}"
    if is_ledgers(cleaned):
        cleaned += "_data"
    return cleaned


def _ledgers(table: str) -> UsageError:
    return UsageError(f"table {table} belongs to the ledger", hint="choose another table")
