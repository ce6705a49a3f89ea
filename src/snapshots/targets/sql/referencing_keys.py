"""Makes `table_facts.ReferencingKey` of the rows in which a catalogue lists foreign keys."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Literal

from snapshots.model import TableName
from snapshots.table_facts import ReferencingKey

if TYPE_CHECKING:
    from snapshots.ports import ResultRows

_ACTIONS: dict[str, Literal["refuse", "cascade", "set null", "set default"]] = {
    "CASCADE": "cascade",
    "SET NULL": "set null",
    "SET DEFAULT": "set default",
}


def referencing_keys(rows: ResultRows) -> tuple[ReferencingKey, ...]:
    """Makes keys of rows of (schema or None, table, key, own, action, column, column it refers to).

    The rows of one key follow each other. An action is spelled as in SQL.
    """
    found = []
    for (schema, table, name, own, action), group in groupby(rows, key=lambda row: row[:5]):
        columns, parents = zip(
            *((str(mine), str(theirs)) for *_, mine, theirs in group), strict=True
        )
        of = TableName(str(table), None if schema is None else str(schema))
        on_delete = _ACTIONS.get(str(action), "refuse")
        found.append(ReferencingKey(str(name), of, columns, parents, bool(own), on_delete))
    return tuple(found)
