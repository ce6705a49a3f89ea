"""Makes the contract for the rows of a query, whose names and types the server tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from snapshots.contract.words import nearest
from snapshots.errors import ContractError

if TYPE_CHECKING:
    from snapshots.model import Column, Contract

_NUMBERS = {"integer", "decimal", "float"}
_AT_MIDNIGHT = "%Y-%m-%d 00:00:00"


def fit(declared: Contract, found: Contract, place: str, *, whose: str) -> Contract:
    """Returns the contract of a query's rows: the declared rules for the columns that the query
    has.

    A column is found by its name, whatever its case, and sent under the contract's. Raises
    ContractError for a column that the contract does not know, and for one that the query lacks and
    rows need. `whose`: what the error calls the rules.
    """
    known = {(column.source or column.name).casefold(): column for column in declared.columns}
    columns: list[Column] = []
    for column in found.columns:
        rules = known.pop(column.name.casefold(), None)
        if rules is None:
            raise ContractError(
                f"{whose} has no column {column.name!r}.",
                place=place,
                hint=nearest(column.name, [one.source or one.name for one in declared.columns]),
            )
        columns.append(_ruled(column, rules))
    needed = [column.name for column in known.values() if column.required]
    if needed:
        raise ContractError(
            f"The query has no column {needed[0]!r}, which is required.",
            place=place,
            hint=f'Select it: ... AS "{needed[0]}".',
        )
    names = [column.name for column in columns]
    kept = tuple(
        replace(rule, any_of=tuple(one for one in rule.any_of if one in names) or rule.any_of)
        for rule in declared.rules
        if rule.when in (None, *names)
    )
    return replace(declared, columns=tuple(columns), missing_values=None, rules=kept)


def _ruled(found: Column, rules: Column) -> Column:
    """Returns a column of the query under the contract's rules; the server decides its values."""
    kept = replace(rules, source=found.name)
    if {found.type.kind, rules.type.kind} <= _NUMBERS and rules.type.kind != "integer":
        return replace(kept, type=found.type)
    if found.type.kind == "boolean":
        words = {"true_values": found.true_values, "false_values": found.false_values}
        return replace(kept, **words)
    if (rules.type.kind, found.type.kind) == ("date", "timestamp"):
        # A day that its database keeps with a time; any other time than midnight is a reject.
        return replace(kept, format=_AT_MIDNIGHT)
    return kept
