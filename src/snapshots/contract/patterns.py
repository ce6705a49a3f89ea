"""Checks the patterns of a contract: a few letters can make one as large as one likes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots._native import compile_patterns
from snapshots.contract.reading import SchemaPlace, refuse

if TYPE_CHECKING:
    from snapshots.model import Contract


def require_patterns(contract: Contract, place: str) -> None:
    """Raises ContractError, with the field, for a pattern that is none, or is too large by itself
    or beside the others. `place`: the origin of the contract.

    The kernel keeps compiled patterns, so that they are compiled only once.
    """
    found = [(column.name, column.pattern) for column in contract.columns if column.pattern]
    refused = compile_patterns([pattern for _, pattern in found])
    if refused is None:
        return
    index, what = refused
    raise refuse(
        SchemaPlace(place, f"field {found[index][0]!r}", "constraints.pattern"),
        f"The pattern {what}.",
        "Use minLength and maxLength for lengths, and [A-Za-z0-9_] for an ASCII \\w."
        if "limit" in what
        else "Correct it.",
    )
