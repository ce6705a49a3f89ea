"""A column says by which method each record is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from msgspec.structs import replace

from snapshots.defaults import RequestMethod
from snapshots.engine.plan.key import require_columns
from snapshots.model import Type

if TYPE_CHECKING:
    from snapshots.model import Column, Contract


def with_methods(contract: Contract, column: str | None, place: str) -> Contract:
    """The contract, in which each record has a method that can be used; another value is a reject.

    Raises ContractError where there is no such column.
    """
    if column is None:
        return contract
    require_columns((column,), [one.name for one in contract.columns], "input", place, "delivery")
    columns = (_of_methods(one) if one.name == column else one for one in contract.columns)
    return replace(contract, columns=tuple(columns))


def _of_methods(column: Column) -> Column:
    methods = get_args(RequestMethod)
    own = column.enum or methods
    return replace(
        column,
        type=Type("text"),
        format="default",
        required=True,
        enum=tuple(one for one in methods if one in own),
    )
