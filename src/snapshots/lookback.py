"""The Python interface for looking back: rejects, answers, rows of tables, and what differs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from snapshots import locations
from snapshots.engine.history import lookup
from snapshots.engine.history.locate import database_of, database_with
from snapshots.engine.history.row_values import json_value
from snapshots.engine.history.table_export import RowsWanted, TableExport
from snapshots.engine.lookback.diff import (
    TableDiff,
    change_object,
    diff_of_dates,
    diff_of_imports,
)
from snapshots.engine.lookback.file_diff import diff_of_file
from snapshots.engine.lookback.log import read_log
from snapshots.engine.plan.table_name import table_for
from snapshots.ledger.answers import Answer
from snapshots.locations import DatabaseName
from snapshots.model import ImportRecord, Reject


def history(database: DatabaseName | None = None) -> list[ImportRecord]:
    """Returns all imports of a database, or of all databases of this user; newest last.

    >>> import snapshots
    >>> for name in ("rides.csv", "stations.csv"):
    ...     _ = snapshots.load(name, database="sqlite:///rides.db")
    >>> [(one.input, one.state) for one in snapshots.history("sqlite:///rides.db")]
    [('rides.csv', 'finished'), ('stations.csv', 'finished')]

    All databases are asked at once. Those that cannot be reached within two seconds are left out.
    """
    return lookup.list_imports(database).imports


def rejects(import_id: int, *, database: DatabaseName | None = None) -> Iterator[Reject]:
    """Streams the rejects of one import in the order of the input.

    >>> import snapshots
    >>> result = snapshots.load("rides.csv", database="sqlite:///rides.db")
    >>> for reject in snapshots.rejects(result.record.import_id, database="sqlite:///rides.db"):
    ...     print(reject.line, reject.code, reject.raw)
    4 field_count b'3,2,1'

    Raises SnapshotsError if the import does not exist.
    """
    return lookup.rejects(import_id, database)


def answers(import_id: int, *, database: DatabaseName | None = None) -> Iterator[Answer]:
    """Streams what was kept of the API's answers to the records of one delivery, by `keep`.

    They come in the order of the input. Each `Answer` has `line`, `key` (a JSON object, or None
    without a key) and `answer` (JSON). Raises SnapshotsError if the delivery does not exist.
    """
    return lookup.answers(import_id, database)


def rows(
    table: str,
    *,
    as_of: str | None = None,
    where: Sequence[str] = (),
    database: DatabaseName | None = None,
) -> Iterator[dict[str, Any]]:
    """Streams the rows of a table, as REST gives them; with `as_of`, those that held at that time.

    >>> import snapshots
    >>> result = snapshots.load("rides.csv", database="sqlite:///rides.db")
    >>> for row in snapshots.rows("rides", where=["_line=2"], database="sqlite:///rides.db"):
    ...     print(row["_import_id"], row["_line"])
    1 2

    `as_of` is a date or time in ISO 8601, in UTC; the table must have been loaded with the mode
    `history`. `where` has conditions such as `miles>=2`. Raises SnapshotsError.
    """
    wanted = RowsWanted(table=table, conditions=tuple(where), as_of=as_of)
    with closing(TableExport(locations.target(database_with(table, database)), wanted)) as export:
        kinds = [(one.name, one.type.kind if one.type else None) for one in export.columns]
        for page in export.rows():
            for row in page:
                pairs = zip(kinds, row, strict=True)
                yield {name: json_value(kind, value) for (name, kind), value in pairs}


def log(table: str, *key: str, database: DatabaseName | None = None) -> list[dict[str, Any]]:
    """Returns every version of the row with a key, oldest first, of a table with history.

    Each has `valid_from`, `valid_to` (None while it holds), `import_id`, `input`, `line` and `row`.
    The values of the key are texts, in the order of its columns. Raises SnapshotsError.
    """
    target = locations.target(database_with(table, database))
    with closing(target.connect(create=False)) as session:
        return list(read_log(target, session, table, key).objects())


def diff(
    before: int | str | os.PathLike[str],
    after: int | str | None = None,
    *,
    table: str | None = None,
    primary_key: Sequence[str] = (),
    database: DatabaseName | None = None,
) -> Iterator[dict[str, Any]]:
    """Streams the rows that differ between two versions of a table, or a table and a file.

    `diff(3, 5)` compares the versions of two imports, `diff("2023-01-01", "2023-06-03",
    table="stations")` a table at two dates, and `diff("stations.csv", table="stations")` the table
    with a file. Each row has `change` (`added`, `removed` or `changed`), `key` and `cells`: for
    each column that differs, the values `before` and `after`.

    `primary_key` is needed for a file if the table has none. Raises SnapshotsError.
    """
    with closing(_compared(before, after, table, primary_key, database)) as found:
        for change in found.changes():
            yield dict(change_object(found, change))


def _compared(
    before: int | str | os.PathLike[str],
    after: int | str | None,
    table: str | None,
    primary_key: Sequence[str],
    database: DatabaseName | None,
) -> TableDiff:
    if isinstance(before, int) and isinstance(after, int):
        return diff_of_imports(locations.target(database_of(before, database)), before, after)
    if isinstance(before, int) or isinstance(after, int) or (after is not None and table is None):
        raise TypeError("diff() takes two imports, a table and two dates, or a file and a table")
    given = os.fspath(before)
    name = table or table_for(given, None)
    target = locations.target(database_with(name, database))
    if after is not None:
        return diff_of_dates(target, name, given, after)
    return diff_of_file(target, given, name, tuple(primary_key), lambda _: None)
