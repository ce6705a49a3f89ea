"""Checks that a table still takes what a plan was made for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from snapshots.contract.table import table_contract
from snapshots.engine.plan.merged_columns import tiny_integer
from snapshots.engine.plan.reading import shown_type
from snapshots.errors import ContractError

if TYPE_CHECKING:
    from snapshots.model import Contract, TableShape, Type
    from snapshots.row_encoding import RowEncoding


def require_unchanged(shape: TableShape | None, planned: Contract, encoding: RowEncoding) -> None:
    """Raises ContractError unless the table still takes the values that the plan makes.

    A column that gets text may have changed its type: the database itself reads the text, and
    refuses what it would alter.
    """
    if shape is None:
        raise ContractError(
            "The table of this import is gone.",
            hint="Load the input again with --again, or restore the table.",
        )
    now = {column.name: column for column in table_contract(shape).columns}
    for column in planned.columns:
        there = now.get(column.name)
        if there is None:
            raise ContractError(
                f"The table no longer has column {column.name!r}.",
                hint="Restore it, or load the input again with --again.",
            )
        same = _plain(there.type) == _plain(column.type)
        # A contract calls it an integer.
        tiny = there.type.wire == "tiny" and column.type == tiny_integer(there.type)
        both_text = {there.type.kind, column.type.kind} <= encoding.kinds_as_text
        if not same and not both_text and not tiny:
            raise ContractError(
                f"Column {column.name!r} is {shown_type(there.type)} in the table now, and was"
                f" planned as {shown_type(column.type)}.",
                hint="Change it back, or load the input again with --again.",
            )


def _plain(kind: Type) -> Type:
    """The type without what the column does to a value, which does not change how it is written."""
    return kind if kind.wire == "jsonb" else replace(kind, wire="")
