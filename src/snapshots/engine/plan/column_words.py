"""Columns and types in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.engine.plan.reading import shown_column, shown_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.model import Column, Contract


def types_sentence(contract: Contract) -> str:
    """The columns with their types, in one line."""
    return "types: " + ", ".join(map(shown_column, contract.columns))


def added_sentences(columns: Sequence[Column]) -> tuple[str, ...]:
    """A sentence for each column that a table gets."""
    return tuple(
        f"column {column.name!r} is added to the table, as {shown_type(column.type)}"
        for column in columns
    )
