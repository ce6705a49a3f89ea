"""Reads where the fields of a line stand, and checks that they can all stand there."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from snapshots.contract.reading import SchemaPlace, count, refuse
from snapshots.model import FieldPlace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from snapshots.model import Column

_LONGEST_LINE: Final = 1 << 30


def place_of(field: Mapping[str, Any], at: SchemaPlace) -> FieldPlace | None:
    """Returns where a field stands; None: nothing says so. Raises ContractError."""
    start, width = count(field, "x-start", at), count(field, "x-width", at)
    if start is None:
        if width is not None:
            raise refuse(
                at.key("x-width"),
                "A field with x-width needs x-start, too.",
                "Write the number of its first character, from 1.",
            )
        return None
    if start == 0:
        raise refuse(
            at.key("x-start"), "The first character of a line is number 1.", "Write 1 or more."
        )
    if width == 0:
        raise refuse(
            at.key("x-width"),
            "A field has at least one character.",
            "Write its number of characters, or leave x-width out for the rest of the line.",
        )
    if start + (width or 0) > _LONGEST_LINE:
        raise refuse(at.key("x-start"), f"A line has at most {_LONGEST_LINE:,} characters.")
    return FieldPlace(start, width)


def require_places(columns: Sequence[Column], at: SchemaPlace) -> None:
    """Raises ContractError unless no field or every field has a place, and none overlap."""
    placed = [(column.place, column.name) for column in columns if column.place is not None]
    if not placed:
        return
    if len(placed) < len(columns):
        name = next(column.name for column in columns if column.place is None)
        raise refuse(
            at,
            f"Some fields have x-start, and {name!r} has none.",
            "Give it one, too, or remove x-start from the others.",
        )
    placed.sort(key=lambda one: one[0].start)
    for (place, name), (after, other) in pairwise(placed):
        if place.width is None:
            raise refuse(
                at,
                f"The field {name!r} has no x-width, but {other!r} stands behind it.",
                "Only the last field may have the rest of the line.",
            )
        if place.start + place.width > after.start:
            last = place.start + place.width - 1
            raise refuse(
                at,
                f"The fields {name!r} ({place.start} to {last}) and {other!r} (from"
                f" {after.start} on) overlap.",
                "Correct x-start or x-width of one of them.",
            )
