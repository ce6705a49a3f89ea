"""Asks the user about an input that can be read in several ways."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from snapshots.errors import DialectError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.formats.candidates import ParsedSample

    Record = tuple[int, list[str] | None]

NAMES = {
    ",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar", " ": "space", ":": "colon",
    "#": "hash", "^": "caret", "~": "tilde", "\x01": "^A", "\x1f": "unit separator", "": "none",
}  # fmt: skip
_GIVEN = {"\t": "tab", "\x01": "^A", "\x1f": "^_", " ": "space", "": "none"}
_RECORDS = 2
_CELLS = 6
_SHOWN = 30


def name(delimiter: str) -> str:
    """Returns a character in a word, for a sentence."""
    return NAMES.get(delimiter, repr(delimiter))


def option(delimiter: str) -> str:
    """Returns a character as an option takes it."""
    word = _GIVEN.get(delimiter)
    return f"--delimiter {word}" if word else f"--delimiter '{delimiter}'"


def between(shapes: Sequence[ParsedSample]) -> DialectError:
    """Asks about several delimiters, or none, that fit equally: shows the first records of each,
    and the option that chooses."""
    options = [option(one.dialect.delimiter if one.several else "") for one in shapes]
    ways = [f"With {way}: {records(one.rows)}" for way, one in zip(options, shapes, strict=True)]
    return DialectError(
        f"The delimiter is unclear: {len(ways)} fit equally well. {'. '.join(ways)}.",
        hint=f"Use {' or '.join(dict.fromkeys(options))}.",
    )


def header(rows: Sequence[Record], index: int) -> DialectError:
    """Asks whether the first record is the header, or the one at the index: shows them, and the
    option that chooses."""
    (line, first), (other, second) = rows[0], rows[index]
    return DialectError(
        f"It is unclear where the table begins. The header may be {row(first or [])} in line"
        f" {line}, or {row(second or [])} in line {other}.",
        hint=f"Use --skip-rows {other - 1} if the header is in line {other}. If it is in line"
        f" {line}, use --skip-rows {line - 1},{index} to skip the records up to line {other},"
        f" or --skip-rows {line - 1},0 to load them.",
    )


def remark(rows: Sequence[Record], index: int) -> DialectError:
    """Asks whether the record before the one at the index is a remark, or the header."""
    line, cells = rows[index - 1]
    return DialectError(
        f"It is unclear whether line {line} is a comment or the header: {row(cells or [])}.",
        hint=f"Use --skip-rows {line} if it is a comment, or --skip-rows {line - 1} if it is the"
        " header.",
    )


def more_remarks(rows: Sequence[Record], mark: str, lines: int) -> DialectError | None:
    """Asks about records as wide as the header that begin with the mark of the remarks above it.

    If most do, the mark belongs to the values. Narrower records are rejects, and no values.
    """
    header, *below = rows
    width = len(header[1] or [])
    more = [one for one in below if one[1] and len(one[1]) == width and one[1][0].startswith(mark)]
    if width == 1 or not more or len(more) * 2 >= len(below):
        return None
    return DialectError(
        f"It is unclear whether line {more[0][0]} is a comment like those before the header:"
        f" {row(more[0][1] or [])}.",
        hint=f"Use --comment '{mark}' to skip all lines that begin with {mark}, or --skip-rows"
        f" {lines} to load it.",
    )


def second(below: Sequence[Record], number: int, lines: int) -> DialectError:
    """Asks whether records below the header hold more names, or data."""
    them = "it" if number == 1 else "them"
    what = "record below the header holds" if number == 1 else f"{number} records below it hold"
    return DialectError(
        f"It is unclear where the header ends. The {what} names or data: {records(below, number)}.",
        hint=f"Use --skip-rows {lines},{number} to skip {them}, or --skip-rows {lines},0 to load"
        f" {them}.",
    )


def records(rows: Sequence[Record], most: int = _RECORDS) -> str:
    """Returns the first records, each as a list."""
    return " ".join("(broken quotes)" if cells is None else row(cells) for _, cells in rows[:most])


def row(row: Sequence[str]) -> str:
    """Returns a record as a list of its first cells."""
    cells = [cell if len(cell) <= _SHOWN else f"{cell[: _SHOWN - 3]}..." for cell in row[:_CELLS]]
    more = ", ..." if len(row) > _CELLS else ""
    return f"[{', '.join(json.dumps(cell, ensure_ascii=False) for cell in cells)}{more}]"
