"""Merges what a table, a contract and the last import say of one column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from snapshots.errors import ContractError
from snapshots.model import Column, Type

if TYPE_CHECKING:
    from snapshots.model import Contract
    from snapshots.row_encoding import RowEncoding

_NUMBERS = {"integer", "decimal", "float"}
_GUESSED = {"boolean", "date", "time", "timestamp", "timestamptz"}
"""Kinds of which some databases take nearly any text, and make of it what they can."""
_LIKE_NUMBERS = {"date", "time", "timestamp", "timestamptz", "uuid"}
"""Kinds whose columns may make a number of a text that looks like one."""
_MORE = {"tiny", "span"}
"""Columns that hold more than values of one kind."""


def named(contract: Contract | None, column: Column) -> Column | None:
    """The contract's column of that name, else that for the same name in the header."""
    if contract is None:
        return None
    for other in contract.columns:
        if other.name == column.name:
            return other
    return next((other for other in contract.columns if other.source == column.source), None)


def merge(
    table: Column, declared: Column | None, encoding: RowEncoding, place: str
) -> tuple[Column, RowEncoding | None]:
    """A table's column with the rules of the contract; the encoding that it must be sent in.

    The table's limits hold in any case. Where it has another type than the contract, the value
    must pass as what the contract says and go in as text, for the database to read. None: the
    encoding that the target has for this table.
    """
    if declared is None:
        return table, None
    own, theirs = table.type, declared.type
    both = replace(
        declared, name=table.name, source=table.source, required=table.required or declared.required
    )
    if own.wire in _MORE and own.wire != theirs.wire:
        # The contract says which of the things it is that the column can hold.
        own = replace(own, wire="")
        if own.kind == "boolean" and theirs.kind in _NUMBERS:
            own = tiny_integer(own)
    if both.enum is None:
        both = replace(both, enum=table.enum)
    if own.kind == theirs.kind or (own.kind in _NUMBERS and theirs.kind in _NUMBERS):
        if theirs.kind == "integer" and own.kind != "integer":
            raise _differs(table, declared, place)
        return replace(both, type=own), None
    mixed = encoding.when_types_differ
    if mixed is None and not {own.kind, theirs.kind} <= encoding.kinds_as_text:
        raise _differs(table, declared, place)
    if own.kind in _NUMBERS or theirs.kind in _NUMBERS:
        raise _differs(table, declared, place)
    if encoding.columns_make_numbers and (own.kind in _LIKE_NUMBERS or own.wire == "numeric"):
        both = replace(both, type=replace(theirs, wire="numeric"))
    return both, mixed


def tiny_integer(boolean: Type) -> Type:
    """The integer type of a boolean column that takes any small number."""
    return Type("integer", bits=8, unsigned=boolean.unsigned)


def as_the_table_has_it(table: Column, declared: Column) -> Column:
    """The column's own type in place of a text: the kernel then checks what MySQL would guess."""
    if table.type.kind not in _GUESSED:
        return declared
    return replace(
        declared,
        type=table.type,
        true_values=table.true_values,
        false_values=table.false_values,
    )


def remember(table: Column, previous: Column | None, encoding: RowEncoding) -> Column:
    """The column with the type of the last import, if the database has no word for that type.

    It may keep a timestamp with zone as one in UTC, and a UUID as text: the next input with such
    values must be read as the first one was.
    """
    if previous is None or encoding.exact_types:
        return table
    if (table.type.wire, previous.type) == ("tiny", Type("boolean")):
        # An import has made it, for truths.
        return replace(table, type=previous.type)
    pairs = {("timestamp", "timestamptz"), ("text", "uuid"), ("text", "json")}
    if (table.type.kind, previous.type.kind) in pairs:
        return replace(table, type=previous.type)
    return table


def _differs(table: Column, declared: Column, place: str) -> ContractError:
    return ContractError(
        f"Column {table.name!r} is {table.type.kind} in the table and {declared.type.kind} in"
        " the contract.",
        place=place,
        hint="Change the contract, or load into a new table with --table.",
    )
