"""Makes the rules of a table's rows from what the catalogue tells, a line for each column."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from snapshots.model import TableName
from snapshots.table_facts import RowRule

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def row_rules(found: Iterable[Sequence[object]]) -> tuple[RowRule, ...]:
    """The rules, from lines in their order: name, column, the parent's schema, table and column,
    whether that is the table itself, and the text of a check. What does not apply is None."""
    rules = []
    for name, group in groupby(found, key=lambda line: str(line[0])):
        lines = list(group)
        _, column, schema, parent, _, own, expression = lines[0]
        if column is None:
            rules.append(RowRule(name, expression=str(expression)))
            continue
        columns = tuple(str(line[1]) for line in lines)
        if parent is None:
            rules.append(RowRule(name, columns))
            continue
        table = TableName(str(parent), None if schema is None else str(schema))
        rules.append(RowRule(name, columns, table, tuple(str(one[4]) for one in lines), bool(own)))
    return tuple(rules)
