"""Recognises records after the header that hold no data: dashes, types, units, names once more."""

from __future__ import annotations

import re

from msgspec import Struct, field

from snapshots.formats.cells import (
    MISSING,
    bare,
    family,
    filled,
    is_type_row,
    is_type_word,
    is_typed,
    is_year,
)

_MOST = 4
"""The most such records, one after the other."""
_FEWEST_VALUES = 2
_BODY = 100
_NAMES = "names or units"
_DASHES = re.compile(r"\s*[-=_]+\s*")
_UNIT = re.compile(
    r"[(\[].{1,20}[)\]]|%|°.?|[a-zµμΩ]{1,2}m?(?:[²³]|\^?[23])?(?:/[a-z]{1,3}(?:[²³]|\^?[23])?)?"
    r"|deg\w?|USD|EUR|GBP|CHF|JPY|count|pcs|pieces|each|mm|cm|km|kg|lbs?|hours?|min|sec(?:onds?)?"
    r"|days?|years?|percent|pct|units?|hPa|kPa|MPa|kWh?|MWh?|Hz|kHz|MHz|GHz|mbar|ppm|psi|ft|mph"
    r"|kph|(?:YYYY|yyyy|DD|dd|MM|mm|HH|hh|SS|ss|[-/.: T])+",
    re.IGNORECASE,
)
_MADE = {"avg", "average", "mean", "min", "max", "median", "std", "smp", "tot", "wvc"}
"""Words by which loggers say how values were computed from many."""


class LinesBelow(Struct, frozen=True):
    """The records just below a header that hold no data."""

    what: list[str] = field(default_factory=list)
    """What each of them is, in words."""
    doubtful: int = 0
    """How many more records may be headers or data."""


def without_data(header: list[str], rows: list[list[str] | None]) -> LinesBelow:
    """Returns what the records just below the header are that hold no data; `rows` are those below
    it.

    A record between the header and names, units or types is a header, too, if it holds words or
    years.
    """
    near: list[list[str]] = []
    for row in rows[:_MOST]:
        if row is None or len(row) != len(header) or bare(row) == bare(header):
            break
        near.append(row)
    kinds = _kinds(header, near, rows)
    if not kinds and near and _are_years(header, near[0], _below(header, rows, 0)):
        return LinesBelow(doubtful=1)
    if filled(header) * 2 < len(header):
        # It may be a title, and so may what is no fuller than it.
        full = "" not in kinds and all(filled(row) == len(row) for row in near[: len(kinds)])
        return LinesBelow(doubtful=len(kinds) if full else 0)
    if "" in kinds:
        sound = kinds[: kinds.index("")]
        if kinds[-1] != "dashes" and not sound:
            return LinesBelow(doubtful=len(kinds))
        kinds = sound
    return LinesBelow([_describe(kind, row) for kind, row in zip(kinds, near, strict=False)])


def _kinds(header: list[str], near: list[list[str]], rows: list[list[str] | None]) -> list[str]:
    """What each of the nearest records is, down to the last one without data. Empty: it may be
    data."""
    if len(near) == _MOST and not _has_typed(_below(header, rows, _MOST - 1)):
        # Over texts nothing but dashes can be told from them.
        near = near[:1]
    for index in reversed(range(len(near))):
        if index and any(_is_value(cell) and not is_year(cell) for cell in near[index]):
            continue
        below = _below(header, rows, index)
        kind = _kind(near[index], below)
        if kind:
            return [*(_kind_above(row, below) for row in near[:index]), kind]
    return []


def is_units(row: list[str]) -> bool:
    """Units and types alone."""
    return all(_UNIT.fullmatch(cell.strip()) or is_type_word(cell) for cell in row if cell.strip())


def _below(header: list[str], rows: list[list[str] | None], index: int) -> list[list[str]]:
    return [
        other
        for other in rows[index + 1 : index + 1 + _BODY]
        if other and len(other) == len(header) and other != header
    ]


def _describe(kind: str, row: list[str]) -> str:
    shown = ", ".join([cell.strip() for cell in row if cell.strip()][:3])
    return f"{kind} ({shown if len(shown) <= 60 else shown[:57] + '...'})"


def _kind_above(row: list[str], below: list[list[str]]) -> str:
    """What a record is that stands between the header and one without data. Empty: it may be
    data."""
    kind = _kind(row, below)
    if kind:
        return kind
    cells = [cell.strip() for cell in row if cell.strip()]
    typed = [at for at in range(len(row)) if row[at].strip() and _has_values(below, at)]
    if not typed or any(cell.lower() in MISSING for cell in cells):
        return ""
    if all(is_year(cell) for cell in cells):
        return "" if _has_years(below, typed) else "years"
    if all(family(cell) == "text" or is_year(cell) for cell in cells):
        return _NAMES
    return ""


def _are_years(header: list[str], row: list[str], below: list[list[str]]) -> bool:
    """A row of years alone, below names that come twice, where no years are below it."""
    years = [at for at, cell in enumerate(row) if is_year(cell)]
    names = [header[at].strip() for at in years]
    return (
        len(years) > 1
        and len(years) == filled(row)
        and len({*names}) < len(names)
        and all(_has_values(below, at) for at in years)
        and not _has_years(below, years)
    )


def _has_years(rows: list[list[str]], columns: list[int]) -> bool:
    return any(is_year(row[at]) for row in rows for at in columns)


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
    made = [cell for cell in cells if cell.lower() not in _MADE]
    of_values = all(index in typed for index, cell in enumerate(cells) if cell)
    if is_units(row) or (of_values and is_units(made)):
        return "units"
    return _NAMES if len(unlike) > 1 else None


def _may_be_data(row: list[str], unlike: list[int], below: list[list[str]]) -> bool:
    """A word for what is missing, or one that comes again below."""
    if any(row[index].strip().lower() in MISSING for index in unlike):
        return True
    return any(
        cell and any(other[index] == cell for other in below) for index, cell in enumerate(row)
    )


def _is_value(cell: str) -> bool:
    return family(cell) in {"number", "date", "uuid"}


def _has_typed(rows: list[list[str]]) -> bool:
    """Whether any column may have values; also where there are too few rows to tell."""
    return len(rows) < _FEWEST_VALUES or any(
        _has_values(rows, index) for index in range(len(rows[0]))
    )


def _has_values(rows: list[list[str]], index: int) -> bool:
    column = [row[index] for row in rows]
    filled_in = [cell for cell in column if family(cell) != "nothing"]
    return len(filled_in) >= _FEWEST_VALUES and is_typed(filled_in)
