"""Handles one field more than there are columns: a delimiter at the end of records, or of the
header."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

_FEWEST = 2
"""The least number of columns of a table whose last one may be none."""
_ENOUGH = 100
"""The least number of records that show that a field without a name is always empty."""


class TrailingDelimiters(Struct, frozen=True):
    """How many fields a record has, and what is done about more."""

    width: int
    ragged: Literal["reject", "trim"] = "reject"
    note: str = ""


def edge(
    first: list[str], rows: list[list[str]], *, header: bool, complete: bool
) -> TrailingDelimiters:
    """Decides about the field at the end of the records.

    `first` is the header, or else the first of the rows; `complete`: there are no other rows. Only
    fields that are empty in every record are dropped, and only if they have no name.
    """
    if not header:
        return _without_names(first, rows, complete=complete)
    names = len(first)
    while names > 1 and not first[names - 1].strip():
        names -= 1
    dropped = len(first) - names
    wider = sum(1 for row in rows if len(row) > len(first))
    what = ""
    if any(cell for row in rows for cell in row[names:]):
        pass
    elif wider * 2 > len(rows):
        what = "each record ends with"
    elif dropped and not wider and all(len(row) == names for row in rows):
        what = "the header ends with"
    elif dropped and not wider and any(len(row) == len(first) for row in rows):
        what = "header and records end with"
    if not what:
        return TrailingDelimiters(len(first))
    return TrailingDelimiters(names, "trim", _describe(what, dropped or 1, rows, names))


def _describe(what: str, dropped: int, rows: list[list[str]], names: int) -> str:
    more = max([dropped, *[len(row) - names for row in rows]])
    fields = "an empty field" if more == 1 else f"{more} empty fields"
    return f"{what} {fields} without a name: dropped"


def _without_names(
    first: list[str], rows: list[list[str]], *, complete: bool
) -> TrailingDelimiters:
    width = len(first)
    enough = len(rows) > 1 and (complete or len(rows) >= _ENOUGH)
    same = all(len(row) == width for row in rows)
    if width <= _FEWEST or not enough or not same:
        return TrailingDelimiters(width)
    if any(row[-2] for row in rows) and not any(row[-1] for row in rows):
        return TrailingDelimiters(
            width - 1, "trim", "each record ends with an empty field: dropped"
        )
    return TrailingDelimiters(width)
