"""Tells what a single value looks like to a reader of tables. It serves detection only: the kernel
decides what a value *is*."""

from __future__ import annotations

import re
from functools import lru_cache

_NUMBER = re.compile(r"[-+]?[$€£]? ?(\d{1,3}([,. ]\d{3})+|\d*)([.,]\d+)?([eE][-+]?\d+)? ?[%€]?")
_DATE = re.compile(r"\d{4}([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/.])\d{1,2}\2(\d{4}|\d{2})")
_TIME = re.compile(r"\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AaPp][Mm])?( ?(Z|[-+]\d{2}:?\d{2}))?")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_YEAR = re.compile(r"(1[5-9]|20|21)\d\d")
_NOTHING = {"", "null", "none", "nil", "na", "n/a", "nan", "-", "--", "\\n", "?", "#n/a"}

_MARK = "\ufeff"
MISSING = {
    "unknown", "missing", "none", "null", "n.a.", "na", "nan", "tbd", "tba", "pending", "x", "*",
    "suppressed", "not available", "not applicable", "no data", "n.v.", "k.a.", "unbekannt",
}  # fmt: skip
"""Words for a missing value."""
_MOSTLY = 0.8

_TYPE_WORD = re.compile(
    r"(var)?char|n?varchar2?|str|string|text|cat|category|categorical|factor|enum"
    r"|(tiny|small|medium|big)?int|u?int(2|4|8|16|32|64)?|integer|long|short"
    r"|float(32|64)?|double|real|decimal|numeric|number|money"
    r"|bool|boolean|date|time|datetime|timestamp|timestamptz"
    r"|uuid|json|object|array|bytes|binary|blob|any"
)


@lru_cache(maxsize=4096)
def family(text: str) -> str:
    """Returns `number`, `date`, `uuid`, `nothing` or `text`.

    >>> family("12.5"), family("2024-01-31"), family("Ana")
    ('number', 'date', 'text')
    """
    text = text.strip()
    if text.lower() in _NOTHING:
        return "nothing"
    if _NUMBER.fullmatch(text) and any(char.isdigit() for char in text):
        return "number"
    date, _, time = text.replace("T", " ", 1).partition(" ")
    if _DATE.fullmatch(date) and (not time or _TIME.fullmatch(time)):
        return "date"
    if _TIME.fullmatch(text):
        return "date"
    if _UUID.fullmatch(text):
        return "uuid"
    return "text"


def is_year(text: str) -> bool:
    """Whether a cell is a year from 1500 to 2199, which may also be a label in a header."""
    return _YEAR.fullmatch(text.strip()) is not None


def is_type_word(text: str) -> bool:
    """Whether a cell names a type, such as INT or VARCHAR(20): some tools write a row of these
    under the header."""
    return _TYPE_WORD.fullmatch(text.strip().lower().partition("(")[0]) is not None


def filled(row: list[str]) -> int:
    """Returns how many cells hold something."""
    return sum(1 for cell in row if cell.strip())


def is_typed(values: list[str]) -> bool:
    """Whether nearly all values are numbers, or nearly all are dates."""
    families = [found for found in map(family, values) if found != "nothing"]
    return any(
        families.count(kind) >= _MOSTLY * max(len(families), 1)
        for kind in ("number", "date", "uuid")
    )


def is_type_row(row: list[str]) -> bool:
    """Whether every cell names a type."""
    return len(row) > 0 and all(is_type_word(cell) for cell in row)


def bare(row: list[str]) -> list[str]:
    """Returns the cells without what may differ in a repeated header: spaces around them, a byte
    order mark before them, empty ones at the end."""
    cells = [cell.strip(" \t") for cell in row]
    if cells and cells[0].startswith(_MARK):
        cells[0] = cells[0].removeprefix(_MARK).strip(" \t")
        # Behind the mark a quote begins no field.
        for quote in "\"'":
            if len(cells[0]) > 1 and cells[0][0] == quote == cells[0][-1]:
                cells[0] = cells[0][1:-1].replace(quote * 2, quote)
    while cells and not cells[-1]:
        cells.pop()
    return cells
