"""Finds where the records of a table begin: titles before it, and its header."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from msgspec import Struct

from snapshots.formats.backslashes import NULL
from snapshots.formats.cells import bare, family, filled, is_type_row, is_typed, is_year

NumberedRecords = list[tuple[int, list[str] | None]]

_TITLES = 20
"""More lines before a header are no titles."""
_MOSTLY = 0.8
_BODY = 200
_FEW_LINES = 10
_PAIR = 2
_FEWEST_FOR_TITLES = 3
"""With two columns, a row with one filled cell is as likely a record."""
_FEWEST_TO_REPEAT = 3
_YEARS_IN_A_ROW = 2
_MARKS = ("#", "%", "!", "//", "--", ";", "*")


class HeaderVerdict(Struct, frozen=True):
    """Whether the first record is a header, how sure that is, and why."""

    header: bool
    sure: bool
    why: str


def first_of_table(rows: NumberedRecords, fields: int, narrower: int) -> int:
    """Returns the index of the record with which the table begins, if that is clear; else 0.

    `narrower`: how many records at the beginning have fewer fields than nearly all others. They are
    skipped if they are remarks, titles, or lines such as `Account: 123`, or if a plain header
    follows. Otherwise they may be a header that is too short.
    """
    if not narrower or narrower >= len(rows):
        return titles(rows, fields) or _after_a_blank_line(rows, fields)
    before = [row for _, row in rows[:narrower]]
    row = rows[narrower][1]
    if row is None:
        return 0
    if all(cells is not None and _is_remark(cells) for cells in before):
        following = rows[narrower + 1][1] if narrower + 1 < len(rows) else None
        more = _is_remark(row) and row[0].startswith("# ") and following and labels(following)
        return narrower + bool(more)
    if labels(row) and filled(row) >= _MOSTLY * fields and _is_clear(rows, fields, narrower):
        return narrower
    return titles(rows, fields)


def _is_clear(rows: NumberedRecords, fields: int, index: int) -> bool:
    """Whether the labels at `index` are a header, and what comes before them is none."""
    first = [cell for cell in rows[index][1] or [] if cell]
    below = [cells for _, cells in rows[index + 1 :] if cells]
    verdict = judge(first, below)
    if verdict.header and verdict.sure and below:
        return True
    if fields < _FEWEST_FOR_TITLES:
        return False
    blank = rows[index][0] - rows[index - 1][0] > 1
    return blank or all(cells is not None and _is_title(cells, fields) for _, cells in rows[:index])


def _after_a_blank_line(rows: NumberedRecords, fields: int) -> int:
    """The index of what is plainly a header, below a few lines such as `Account,123`."""
    if rows[0][1] is None:
        return 0
    for index in range(1, min(_FEW_LINES, len(rows) - 2)):
        row = rows[index][1]
        if row is None or len(row) != fields or rows[index][0] - rows[index - 1][0] == 1:
            continue
        before = [cells for _, cells in rows[:index]]
        pairs = all(cells is not None and filled(cells) <= _PAIR for cells in before)
        below = [cells for _, cells in rows[index + 1 :] if cells]
        verdict = judge(row, below)
        if pairs and labels(row) and filled(row) == fields and verdict.header and verdict.sure:
            return index
        return 0
    return 0


def titles(rows: NumberedRecords, fields: int) -> int:
    """The index of the header where only titles come before it; else 0.

    Only where it is clear: a title is a line with one filled cell, or with few fields; the
    header has all the fields, nearly all filled, distinct, and no values.
    """
    if fields < _FEWEST_FOR_TITLES:
        return 0
    for index, (_, row) in enumerate(rows[: _TITLES + 1]):
        if row is None:
            return 0
        if len(row) == fields and filled(row) >= _MOSTLY * fields:
            return index if labels(row) else 0
        if index and _is_header_with_gaps(row, rows[index + 1 : index + 1 + _BODY], fields):
            return index
        short = len(row) * 2 < fields and filled(row) <= 2
        if _heads_a_header(row, rows[index + 1 : index + 2 + _BODY], fields):
            continue
        if (filled(row) > 1 and not short) or any(family(cell) == "number" for cell in row):
            return 0
    return 0


def _is_header_with_gaps(row: list[str], below: NumberedRecords, fields: int) -> bool:
    """Several names that are plainly those of the columns, and some columns without one: an index,
    or the second of two merged cells."""
    enough = len(row) == fields and fields <= 2 * filled(row) and filled(row) > 1
    if not enough or not labels(row):
        return False
    verdict = judge(row, [cells for _, cells in below if cells])
    return verdict.header and verdict.sure


def _heads_a_header(row: list[str], below: NumberedRecords, fields: int) -> bool:
    """A row of a few words, right above one that is full of names and plainly the header."""
    following = below[0][1] if below else None
    if not filled(row) * 2 < fields or following is None or len(following) != fields:
        return False
    if filled(following) < fields or not labels(following):
        return False
    verdict = judge(following, [cells for _, cells in below[1:] if cells])
    return verdict.header and verdict.sure


def judge(first: list[str], rows: list[list[str]]) -> HeaderVerdict:
    """Decides whether a record is the header of those below it; in doubt it is."""
    copies = repeats(first, rows) if labels(first) else []
    if copies:
        if any(rows[at][0].startswith("\ufeff") for at in copies):
            return HeaderVerdict(True, True, "it is repeated below, after a byte order mark")
        begun = _begins_files(first, rows, copies)
        rows = [row for at, row in enumerate(rows) if at not in copies]
    else:
        begun = False
    if rows and is_type_row(rows[0]):
        return HeaderVerdict(True, True, "the record below it names types")
    if not rows:
        return _alone(first)
    body = ([row for row in rows if len(row) == len(first)] or rows)[:_BODY]
    columns = [[row[index] for row in body if index < len(row)] for index in range(len(first))]
    unlike = [
        index
        for index, cell in enumerate(first)
        if family(cell) == "text" and is_typed(columns[index])
    ]
    alike = [index for index, cell in enumerate(first) if _like(cell, columns[index])]
    if _years_in_a_row(first):
        alike = [index for index in alike if not is_year(first[index])]
    if len(alike) > len(unlike):
        why = f"{first[alike[0]]!r} is of the same kind as the values below it"
        return HeaderVerdict(False, not unlike, why)
    if unlike:
        why = f"{first[unlike[0]]!r} is unlike the values below it"
        return HeaderVerdict(True, not alike, why)
    return _of_text(first, columns, again=bool(copies), begun=begun)


def repeats(first: list[str], rows: list[list[str]]) -> list[int]:
    """Returns which of the records hold the same as the first one, however it is written there."""
    wanted = bare(first)
    if not wanted:
        return []
    key = wanted[0]
    return [at for at, row in enumerate(rows) if row and key in row[0] and bare(row) == wanted]


def _begins_files(first: list[str], rows: list[list[str]], copies: list[int]) -> bool:
    """The first record begins each of several files that were put together, as far as texts tell.

    Some record must follow it each time, and none of its cells be in another record. Others come
    again less often, or share their cells with others, as values do; or all the files are alike.
    """
    if len(first) < _PAIR:
        return False
    others = [tuple(row) for at, row in enumerate(rows) if at not in copies]
    counts = Counter(others)
    if len(first) >= _FEWEST_TO_REPEAT and len(counts) == len(others):
        return True
    columns = [Counter(row[at] for row in others if at < len(row)) for at in range(len(first))]
    if copies[-1] == len(rows) - 1 or any(
        cell and cell in column for cell, column in zip(first, columns, strict=True)
    ):
        return False
    size = copies[0] + 1
    records = [first, *rows]
    if size > 1 and all(bare(a) == bare(b) for a, b in zip(records, records[size:], strict=False)):
        return True
    return not any(
        number > 1
        and all(column[cell] == number for cell, column in zip(row, columns, strict=False) if cell)
        for row, number in counts.items()
    )


def _of_text(
    first: list[str], columns: list[list[str]], *, again: bool, begun: bool
) -> HeaderVerdict:
    """Where no column has values of another kind than the first record."""
    if begun:
        return HeaderVerdict(True, False, "in doubt: it is repeated below, unlike any other record")
    seen = [cell for index, cell in enumerate(first) if cell and cell in columns[index]]
    if again or len(seen) * 2 >= len(first):
        return HeaderVerdict(
            False, False, f"in doubt: {[*seen, first[0]][0]!r} occurs again below it"
        )
    return HeaderVerdict(True, False, "in doubt: every column holds text")


def _alone(first: list[str]) -> HeaderVerdict:
    typed = [cell for cell in first if family(cell) in {"number", "date", "uuid"}]
    if typed:
        return HeaderVerdict(
            False, False, f"in doubt: there is no other record, and it has a value, {typed[0]!r}"
        )
    return HeaderVerdict(
        True,
        False,
        "in doubt: no record that can be read is below the first line, which is taken for it",
    )


def _is_remark(row: list[str]) -> bool:
    return bool(row) and row[0].lstrip().startswith(_MARKS)


def _is_title(row: list[str], fields: int) -> bool:
    """One filled cell, or a word and what it stands for: `Account:;DE12`."""
    short = len(row) * 2 < fields
    return filled(row) <= 1 or (filled(row) <= 2 and (short or row[0].rstrip().endswith(":")))


def labels(row: list[str]) -> bool:
    """The cells are distinct words, or years: they may be names."""
    cells = [cell.strip() for cell in row if cell.strip()]
    if len({cell.lower() for cell in cells}) < len(cells) or NULL in cells:
        return False
    return all(family(cell) == "text" or is_year(cell) for cell in cells)


def _is_sign(cell: str) -> bool:
    """Digits and signs, and no letter: `51,47,45`."""
    return any(char.isdigit() for char in cell) and not any(char.isalpha() for char in cell)


def _like(cell: str, values: list[str]) -> bool:
    own = family(cell)
    if own == "text" and _is_sign(cell):
        signs = sum(map(_is_sign, values))
        return signs > 0 and signs >= _MOSTLY * sum(1 for value in values if value)
    if own in {"text", "nothing"} or not is_typed(values):
        return False
    filled_in = [value for value in values if family(value) != "nothing"]
    if is_year(cell) and sum(map(is_year, filled_in)) * 2 < len(filled_in):
        return False
    return sum(family(value) == own for value in filled_in) * 2 >= len(filled_in)


def _years_in_a_row(row: list[str]) -> bool:
    """2001, 2002, 2003...: the labels of a table that grows to the right."""
    years = [int(cell.strip()) for cell in row if is_year(cell)]
    return len(years) > _YEARS_IN_A_ROW and all(a < b for a, b in pairwise(years))
