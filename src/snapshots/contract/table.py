"""Takes the contract from a table that exists."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec.structs import replace

from snapshots.formats.names import RESERVED
from snapshots.model import Column, Contract, Type

if TYPE_CHECKING:
    from snapshots.model import TableColumn, TableShape

TRUE_WORDS = tuple(
    form for word in ("true", "t", "yes", "y", "on") for form in (word, word.title(), word.upper())
)
FALSE_WORDS = tuple(
    form for word in ("false", "f", "no", "n", "off") for form in (word, word.title(), word.upper())
)


@lru_cache(maxsize=64)
def table_contract(shape: TableShape) -> Contract:
    """Returns the columns that can be written, with the limits of their types.

    A column that the database cannot leave empty is required. Values of a type that the kernel does
    not know are sent as text, and the database judges them.
    """
    columns = tuple(
        _column(column)
        for column in shape.columns
        if not column.generated and column.name not in RESERVED
    )
    written = {column.name for column in columns}
    return Contract(columns, None, tuple(name for name in shape.primary_key if name in written))


def _column(column: TableColumn) -> Column:
    kind = column.type or Type("text")
    if column.wire:
        kind = replace(kind, wire=column.wire)
    boolean = kind.kind == "boolean"
    return Column(
        name=column.name,
        source=column.name,
        type=kind,
        required=not column.nullable,
        true_values=(*dict.fromkeys(TRUE_WORDS), "1") if boolean else None,
        false_values=(*dict.fromkeys(FALSE_WORDS), "0") if boolean else None,
        enum=column.values,
    )
