"""Finds which rows have no parent by the foreign keys of a table into itself.

Rows that refer to each other can be loaded only together, and a row whose parent is missing takes
all along that refer to it. So the rows are staged in a table without constraints, one query for
each key says who is whose parent, and those without any are taken away, one after the other.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby
from typing import TYPE_CHECKING, cast

from snapshots.table_facts import OwnKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from snapshots.ports import ResultRows, Session, Value

    Edges = Iterable[tuple[Value, ...]]
    """Numbers of rows whose parent is not in the table, each with that of a parent among the other
    rows, or None."""


def grouped(rows: ResultRows) -> tuple[OwnKey, ...]:
    """Makes keys of rows of (key, column, column that it refers to, `OwnKey.full`). The rows of one
    key follow each other."""
    found = []
    for (name, full), group in groupby(rows, key=lambda row: (row[0], row[3])):
        parts = [(str(mine), str(theirs)) for _, mine, theirs, _ in group]
        columns, parents = zip(*parts, strict=True)
        found.append(OwnKey(str(name), columns, parents, bool(full)))
    return tuple(found)


def edges(
    session: Session,
    keys: Sequence[OwnKey],
    columns: Sequence[str],
    quote: Callable[[str], str],
    table: str,
    stage: str,
    number: str,
) -> list[Edges]:
    """Asks the database for the edges of each key.

    `table` and `stage`, the table with the new rows, are quoted; `number` is the stage's column
    with the number of a row.
    """
    found: list[Edges] = []
    for key in keys:
        if not set(key.columns) <= set(columns):
            continue  # the database fills in what no try can know before
        pairs = list(zip(map(quote, key.columns), map(quote, key.parents), strict=True))
        given = (" OR " if key.full else " AND ").join(f"c.{mine} IS NOT NULL" for mine, _ in pairs)
        same = " AND ".join(f"p.{theirs} = c.{mine}" for mine, theirs in pairs)
        among = ("NULL", "")
        if set(key.parents) <= set(columns):
            among = (f"p.{number}", f" LEFT JOIN {stage} p ON {same}")
        parent, join = among
        outside = same.replace("p.", "o.")
        found.append(
            session.execute(
                f"SELECT c.{number}, {parent} FROM {stage} c{join}"
                f" WHERE ({given}) AND NOT EXISTS (SELECT 1 FROM {table} o WHERE {outside})"
            )
        )
    return found


def without_parents(found: Sequence[Edges]) -> frozenset[int]:
    """Returns the numbers of the rows that have no parent by some key. Rows whose only parents are
    among these have none, either."""
    parents: dict[tuple[int, int], set[int]] = defaultdict(set)
    children: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for key, rows in enumerate(found):
        for child, parent in rows:
            known = parents[key, cast("int", child)]
            if parent is not None:
                known.add(cast("int", parent))
                children[cast("int", parent)].append((key, cast("int", child)))
    orphans = {child for (_, child), known in parents.items() if not known}
    left = list(orphans)
    while left:
        gone = left.pop()
        for key, child in children.get(gone, ()):
            known = parents[key, child]
            known.discard(gone)
            if not known and child not in orphans:
                orphans.add(child)
                left.append(child)
    return frozenset(orphans)
