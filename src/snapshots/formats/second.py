"""Records after the header that hold no data: dashes, types, units, names once more."""

from __future__ import annotations

import re

from snapshots.formats.cells import family, filled, is_type_word
from snapshots.formats.header import is_type_row, is_typed

_MOST = 3
"""Such records, one after the other."""
_FEWEST_VALUES = 2
_BODY = 100
_DASHES = re.compile(r"\s*[-=_]+\s*")
_UNIT = re.compile(
    r"[(\[].{1,20}[)\]]|%|°.?|[a-zµμΩ]{1,2}m?(?:[²³]|\^?[23])?(?:/[a-z]{1,3}(?:[²³]|\^?[23])?)?"
    r"|deg\w?|USD|EUR|GBP|CHF|JPY|count|pcs|pieces|each|mm|cm|km|kg|lbs?|hours?|min|sec(?:onds?)?"
    r"|days?|years?|percent|pct|units?|hPa|kPa|MPa|kWh?|MWh?|Hz|kHz|MHz|GHz|mbar|ppm|psi|ft|mph"
    r"|kph|(?:YYYY|yyyy|DD|dd|MM|mm|HH|hh|SS|ss|[-/.: T])+",
    re.IGNORECASE,
)
_MISSING = {
    "unknown", "missing", "none", "null", "n.a.", "na", "nan", "tbd", "tba", "pending", "x", "*",
    "suppressed", "not available", "not applicable", "no data", "n.v.", "k.a.", "unbekannt",
}  # fmt: skip
"""Words for a value that is not there: a record of them is one all the same."""


def without_data(header: list[str], rows: list[list[str] | None]) -> list[str]:
    """What each record just below the header is that holds no data; `rows` are those below it."""
    found: list[str] = []
    if filled(header) * 2 < len(header):
        return found
    for index, row in enumerate(rows[:_MOST]):
        if row is None or row == header or len(row) != len(header):
            break
        below = [
            other
            for other in rows[index + 1 : index + 1 + _BODY]
            if other and len(other) == len(header) and other != header
        ]
        kind = _kind(row, below)
        if kind is None:
            break
        shown = ", ".join([cell.strip() for cell in row if cell.strip()][:3])
        found.append(f"{kind} ({shown if len(shown) <= 60 else shown[:57] + '...'})")
    return found


def _kind(row: list[str], below: list[list[str]]) -> str | None:
    cells = [cell.strip() for cell in row]
    if all(_DASHES.fullmatch(cell) for cell in cells) and max(map(len, cells)) > 1:
        return "dashes"
    values = [index for index, cell in enumerate(cells) if _is_value(cell)]
    if len(values) == len(cells) or any(_has_values(below, index) for index in values):
        return None
    typed = [
        index for index in range(len(row)) if index not in values and _has_values(below, index)
    ]
    if typed and is_type_row(row):
        return "types"
    unlike = [index for index in typed if family(cells[index]) == "text"]
    if not unlike or _may_be_data(row, unlike, below):
        return None
    if all(_UNIT.fullmatch(cell) or is_type_word(cell) for cell in cells if cell):
        return "units"
    return "names or units" if len(unlike) > 1 else None


def _may_be_data(row: list[str], unlike: list[int], below: list[list[str]]) -> bool:
    """A word for what is missing, or one that comes again below."""
    if any(row[index].strip().lower() in _MISSING for index in unlike):
        return True
    return any(
        cell and any(other[index] == cell for other in below) for index, cell in enumerate(row)
    )


def _is_value(cell: str) -> bool:
    return family(cell) in {"number", "date", "uuid"}


def _has_values(rows: list[list[str]], index: int) -> bool:
    column = [row[index] for row in rows]
    filled_in = [cell for cell in column if family(cell) != "nothing"]
    return len(filled_in) >= _FEWEST_VALUES and is_typed(filled_in)
