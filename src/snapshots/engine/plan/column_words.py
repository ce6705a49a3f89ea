"""Columns and types in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.model import Column, Contract, Type


def types_sentence(contract: Contract) -> str:
    """The columns with their types, in one line."""
    return "types: " + ", ".join(f"{one.name} {type_word(one.type)}" for one in contract.columns)


def added_sentences(columns: Sequence[Column]) -> tuple[str, ...]:
    """A sentence for each column that a table gets."""
    return tuple(
        f"column {column.name!r} is added to the table, as {type_word(column.type)}"
        for column in columns
    )


def type_word(kind: Type) -> str:
    """A type in one word, with its size if it is not the usual one."""
    size = ""
    if kind.kind == "decimal" and kind.precision is not None:
        size = f"({kind.precision},{kind.scale})"
    elif kind.kind in ("integer", "float") and kind.bits != 64:
        size = str(kind.bits)
    elif kind.max_chars is not None:
        size = f"({kind.max_chars})"
    return f"{kind.kind}{size}"
