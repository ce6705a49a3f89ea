"""Recognises lines right above the header that are as wide as the table: remarks, and pairs of a
word and its value."""

from __future__ import annotations

from msgspec import Struct

from snapshots.formats.cells import MISSING, family, filled, is_typed, is_year
from snapshots.formats.header import NumberedRecords, judge, labels
from snapshots.formats.lines_below import is_units

_MARKS = ("#", "%", "!", "//", "--", ";")
_LINES = 10
"""More pairs than these before a header are records."""
_BODY = 100
_PAIR = 2
_FEWEST_VALUES = 2
_SEVERAL = 2


class HeaderPosition(Struct, frozen=True):
    """The position of the header."""

    index: int
    """The index of the header among the records."""
    in_doubt: bool = False
    """Whether the first record may as well be the header."""
    is_remark: bool = False
    """Whether the line above it is a remark."""


def start(rows: NumberedRecords, fields: int) -> HeaderPosition | None:
    """Returns where the table begins, if lines that are not part of it stand above it and are as
    wide."""
    first = rows[0][1]
    if not first:
        return None
    return _below_remarks(rows, fields) or _below_pairs(rows, fields)


def _below_remarks(rows: NumberedRecords, fields: int) -> HeaderPosition | None:
    """Lines that begin with a mark. The last one may be the header: `#id,name`."""
    first = (rows[0][1] or [""])[0]
    mark = next((mark for mark in _MARKS if first.startswith(mark)), None)
    if mark is None:
        return None
    above = 0
    while above < len(rows) and (row := rows[above][1]) and row[0].startswith(mark):
        above += 1
    following = rows[above][1] if above < len(rows) else None
    if not following:
        return None
    if len(following) != fields:
        # A broken record, or the header of records that are too short.
        last, torn = rows[above - 1][1] or [], [row for _, row in rows[above:] if row]
        doubtful = len(last) == fields > 1 and _is_prose(last, mark, torn)
        return HeaderPosition(above, in_doubt=True, is_remark=True) if doubtful else None
    below = [row for _, row in rows[above + 1 :] if row]
    named = labels(following)
    verdict = judge(following, below)
    # `#t,v` and then `s,m`: units below the header.
    units = is_units(following) and not (rows[above - 1][1] or [""])[0].startswith(f"{mark} ")
    plain = named and verdict.header and verdict.sure and not units
    prose = any(_is_prose(row or [], mark, [following, *below]) for _, row in rows[:above])
    if plain or (named and prose):
        return HeaderPosition(above)
    if fields == 1:
        return HeaderPosition(above, in_doubt=True, is_remark=True) if prose else None
    return _at_last_remark(rows, mark, above, [following, *below], prose=prose)


def _at_last_remark(
    rows: NumberedRecords, mark: str, above: int, below: list[list[str]], *, prose: bool
) -> HeaderPosition | None:
    """The last line with a mark is the header, or that before it if the last one holds units, or
    nobody can tell."""
    names, last = (rows[above - 2][1] or [] if above > 1 else []), rows[above - 1][1] or []
    verdict = judge(last, below)
    if len(last) != len(below[0]) or not verdict.header:
        return HeaderPosition(above) if above > 1 else None
    spaced = last[0].startswith(f"{mark} ")
    if verdict.sure and _are_units_below(names, last, mark):
        return HeaderPosition(above - 2)
    if (verdict.sure and not prose) or (labels(below[0]) and not spaced):
        return HeaderPosition(above - 1)
    return HeaderPosition(above, in_doubt=True, is_remark=True)


def _are_units_below(names: list[str], last: list[str], mark: str) -> bool:
    """`#YY,WSPD` and then `#yr,m/s`."""
    units = [last[0].removeprefix(mark), *last[1:]]
    long = any(len(cell.strip()) > 1 for cell in units)
    prose = _is_prose(names, mark, [last]) if names else True
    return len(names) == len(last) and labels(names) and not prose and long and is_units(units)


def _is_prose(row: list[str], mark: str, below: list[list[str]]) -> bool:
    """Words after the mark, and after each delimiter a space that records have not."""
    if len(row) == 1:
        return row[0].startswith(f"{mark} ") or len(row[0].split()) > 1
    others = any(cell.startswith(" ") for cells in below for cell in cells[1:])
    return not others and any(cell.startswith(" ") for cell in row[1:])


def _below_pairs(rows: NumberedRecords, fields: int) -> HeaderPosition | None:
    """Lines such as `Date,2024-01-01`, right above the names."""
    if fields < _PAIR:
        return None
    found = perhaps = 0
    for index in range(1, min(_LINES + 1, len(rows) - 1)):
        before, row = rows[index - 1][1], rows[index][1]
        if not before or not row or not _is_pair(before, fields) or len(row) != fields:
            break
        if filled(row) == fields and labels(row) and not _has_missing(row):
            unlike = _unlike(row, rows, index)
            if unlike and all(_is_unfit(cells, unlike, rows, index) for _, cells in rows[:index]):
                found = index
            elif len(_column(rows, index, 1)) > _SEVERAL and _may_be_pairs(rows, unlike, index):
                perhaps = index
            elif not unlike and (_are_keys(rows, index) or _are_short(rows, index, fields)):
                return HeaderPosition(index)
    if not found:
        return HeaderPosition(perhaps, in_doubt=True) if perhaps else None
    return _at_names(rows, fields, found)


def _at_names(rows: NumberedRecords, fields: int, found: int) -> HeaderPosition | None:
    """The names below pairs that are unlike the values below them: the header, or in doubt."""
    row, pairs = rows[found][1] or [], [cells or [] for _, cells in rows[:found]]
    if any(map(_is_certain, pairs)) or all(filled(cells) < fields for cells in pairs):
        return HeaderPosition(found)
    if found < _SEVERAL and (is_units(row) or len(_unlike(row, rows, found)) < _PAIR):
        return None
    return HeaderPosition(found, in_doubt=True)


def _may_be_pairs(rows: NumberedRecords, unlike: list[int], index: int) -> bool:
    """What is above holds values like those below, but the first record is no header, and some
    hold values of another kind: a date above numbers. A text may be one that is missing."""
    pairs = [cells or [] for _, cells in rows[:index]]
    values = [cells for cells in pairs if family(cells[1]) != "text"]
    some = any(_is_unfit(cells, unlike, rows, index) for cells in values)
    return bool(unlike) and some and _is_certain(pairs[0])


def _is_pair(row: list[str], fields: int) -> bool:
    cells = [cell.strip() for cell in row]
    return (
        len(row) == fields
        and family(cells[0]) == "text"
        and not any(cells[_PAIR:])
        and not _has_missing(row)
    )


def _is_certain(row: list[str]) -> bool:
    """No names: the first cell ends with a colon, or the second one holds a value."""
    value = row[1].strip()
    plain = family(value) in {"number", "date", "uuid"} and not is_year(value)
    return plain or _is_key(row)


def _is_key(row: list[str]) -> bool:
    return row[0].rstrip().endswith(":") and not row[1].rstrip().endswith(":")


def _are_keys(rows: NumberedRecords, index: int) -> bool:
    """Only the lines above begin with a word and a colon."""
    return all(cells is not None and _is_key(cells) for _, cells in rows[:index]) and not any(
        cells and cells[0].rstrip().endswith(":") for _, cells in rows[index : index + _BODY]
    )


def _has_missing(row: list[str]) -> bool:
    return any(cell.strip().lower() in MISSING for cell in row)


def _are_short(rows: NumberedRecords, index: int, fields: int) -> bool:
    """The lines above fill at most half of the columns, all those below fill more."""
    above = all(cells is not None and filled(cells) * 2 <= fields for _, cells in rows[:index])
    below = [cells for _, cells in rows[index + 1 : index + 1 + _BODY] if cells]
    return above and fields > _PAIR and all(filled(cells) * 2 > fields for cells in below)


def _column(rows: NumberedRecords, index: int, column: int) -> list[str]:
    """What is filled below a record."""
    cells = [row[column] for _, row in rows[index + 1 : index + 1 + _BODY] if row and row[column:]]
    return [cell for cell in cells if family(cell) != "nothing"]


def _unlike(row: list[str], rows: NumberedRecords, index: int) -> list[int]:
    """The columns that have values of a type below a name that does not come again."""
    columns = [(column, _column(rows, index, column)) for column in range(len(row))]
    if any(row[column] in values for column, values in columns):
        return []
    if any(
        cell == row[column] for _, cells in rows[:index] for column, cell in enumerate(cells or [])
    ):
        return []
    return [
        column
        for column, values in columns
        if len(values) >= _FEWEST_VALUES and is_typed(values) and family(row[column]) == "text"
    ]


def _is_unfit(row: list[str] | None, columns: list[int], rows: NumberedRecords, index: int) -> bool:
    """A line is none of the records below: what it holds is of another kind."""
    for column in columns:
        own = family((row or [])[column])
        values = _column(rows, index, column)
        alike = sum(family(value) == own for value in values) * 2 >= len(values)
        if own != "nothing" and not alike:
            return True
    return False
