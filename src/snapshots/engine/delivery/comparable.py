"""Whether what is sent now can be compared with what was sent before."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from snapshots.errors import ContractError
from snapshots.model import Type

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.model import Contract

_NUMBERS = ("integer", "decimal", "float")
_TIMES = ("date", "timestamp", "timestamptz")


def require_same_kinds(key: str, sent: str | None) -> None:
    """Compares the key of a row with one that was sent, both as JSON objects. 1 and "1" are two
    keys, so with other types each row would be sent as new, and each old one would have vanished.

    Raises ContractError.
    """
    before = {} if sent is None else json.loads(sent)
    for name, value in json.loads(key).items():
        was, now = (_kind(one) for one in (before.get(name), value))
        if None not in (was, now) and was != now:
            raise ContractError(
                f"Key column {name!r} has {now} now. What was sent before has {was}.",
                hint="A single odd value makes a column text. Correct it, or declare the type by a"
                " contract. To send all rows as new: snapshots state URL --reset.",
            )


def _kind(value: object) -> str | None:
    if isinstance(value, bool):
        return "booleans"
    return {str: "texts", int: "numbers", float: "numbers"}.get(type(value))


def _as_sent(kind: Type) -> Type:
    """The type of what an API is sent: times may be numbers."""
    return Type("decimal") if kind.wire.startswith("epoch") else kind


def order_of(
    contract: Contract, column: str | None, *known: str | None
) -> Callable[[str], Any] | None:
    """What orders the values of a column, as JSON. None: there is no column. `known`: values that
    they will be compared with.

    Raises ContractError where there is no such column, its values do not grow, or they cannot be
    compared.
    """
    if column is None:
        return None
    kinds = {one.name: _as_sent(one.type).kind for one in contract.columns}
    if column not in kinds:
        raise ContractError(
            f"There is no column {column!r}.", hint=f"The columns are: {', '.join(kinds)}."
        )
    for value in known if kinds[column] in (*_NUMBERS, *_TIMES) else ():
        if value is not None and not _comparable(kinds[column], value):
            raise ContractError(
                f"Column {column!r} is of type {kinds[column]} now, and the largest confirmed value"
                f" is {value}.",
                hint="Give it the type of before by a contract, or forget what was sent: snapshots"
                " state URL --reset.",
            )
    if kinds[column] in _NUMBERS:
        return Decimal
    if kinds[column] in _TIMES:
        return lambda value: str(json.loads(value)).removesuffix("Z")
    raise ContractError(
        f"Column {column!r} is of type {kinds[column]}: its values do not grow with changes.",
        hint="Name a column with a number, a date or a time.",
    )


def _comparable(kind: str, known: str) -> bool:
    """Whether a known value, as JSON, tells which values of a kind are older."""
    if kind in _NUMBERS:
        return not known.startswith('"')
    # A date does not say whether it is before or after a time of the same day.
    return known.startswith('"') and not (kind == "date" and "T" in known)
