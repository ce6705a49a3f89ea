"""Writes rows of a table to stdout, as they come: as CSV, as JSON Lines, or as a table."""

from __future__ import annotations

import json
import re
from itertools import chain
from typing import TYPE_CHECKING, Final

from snapshots.cli.say import data_writer, say
from snapshots.cli.screen_width import cut, output_width, padded, width_of
from snapshots.engine.history.row_values import json_value, text_value
from snapshots.screen_text import plain, plain_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from snapshots.model import TableColumn, TypeKind
    from snapshots.ports import ResultRows, Value

    Kinds = Sequence[TypeKind | None]

_GAP: Final = 2
_WIDEST: Final = 40
"""Columns of a terminal that a value may take while others wait for some."""
_NARROWEST: Final = 6
"""Columns of a terminal below which a value says nothing."""
_QUOTED: Final = re.compile(r'[",\r\n]|^\s|\s$|^$')
"""A field that needs quotes: an empty one without them would be NULL."""
_SPECIAL: Final = re.compile(r'["\r\n]|(?:^|,)\s|\s(?:,|$)')
"""What only a line with a field that needs quotes has, besides more commas."""
_NUMBERS: Final = frozenset(("integer", "decimal", "float"))


def kinds_of(columns: Sequence[TableColumn]) -> Kinds:
    """Returns the kind of value of each column; None where it is not known."""
    return [column.type.kind if column.type else None for column in columns]


def write_csv(columns: Sequence[TableColumn], pages: Iterable[ResultRows]) -> None:
    """Writes a header and the rows: NULL is an empty field, and an empty text is `""`."""
    kinds = kinds_of(columns)
    write = data_writer()
    write(f"{','.join(_field(column.name) for column in columns)}\n".encode())
    for page in pages:
        write("".join([_csv_line(kinds, row) for row in page]).encode())


def write_json_lines(columns: Sequence[TableColumn], pages: Iterable[ResultRows]) -> None:
    """Writes an object for each row, with the values that REST gives."""
    names, kinds = [column.name for column in columns], kinds_of(columns)
    write = data_writer()
    for page in pages:
        write("".join([_json_line(names, kinds, row) for row in page]).encode())


def print_table(
    columns: Sequence[TableColumn], pages: Iterator[ResultRows], *, narrow: bool = False
) -> None:
    """Prints the rows as a table. The first ones decide how wide its columns are.

    Columns that do not fit the terminal are named on stderr. With `narrow` long values are rather
    cut, so that all columns fit.
    """
    kinds = kinds_of(columns)
    first = next(pages, [])
    heads = [plain(column.name) for column in columns]
    shown = [_cells(kinds, row) for row in first]
    width = output_width()
    widths = [
        max(map(width_of, (head, *(row[at] for row in shown)))) for at, head in enumerate(heads)
    ]
    if width is not None:
        widths = _fitted(widths, width, _share(widths, width) if narrow else _WIDEST)
    right = [kind in _NUMBERS for kind in kinds]

    def line(cells: Sequence[str]) -> str:
        parts = (
            padded(cut(cell, wide) if width else cell, wide, right=to_the_right)
            for cell, wide, to_the_right in zip(cells, widths, right, strict=False)
        )
        return (" " * _GAP).join(parts).rstrip()

    say(line(heads))
    for row in chain(shown, (_cells(kinds, row) for page in pages for row in page)):
        say(line(row))
    if left_out := heads[len(widths) :]:
        say(
            f"{len(left_out)} of {len(heads)} columns do not fit: {', '.join(left_out)}; choose"
            " some with --columns, or take --format csv",
            err=True,
        )


def _csv_line(kinds: Kinds, row: Sequence[Value]) -> str:
    texts = [
        value if value.__class__ is str else text_value(kind, value)
        for kind, value in zip(kinds, row, strict=True)
    ]
    line = ",".join([text or "" for text in texts])
    # Most rows need no quotes at all, and one look at the line tells.
    if line.count(",") >= len(texts) or _SPECIAL.search(line) or "" in texts:
        line = ",".join(map(_field, texts))
    return f"{line}\n"


def _field(text: str | None) -> str:
    if text is None:
        return ""
    if _QUOTED.search(text):
        doubled = text.replace('"', '""')
        return f'"{doubled}"'
    return text


def _json_line(names: Sequence[str], kinds: Kinds, row: Sequence[Value]) -> str:
    values = (json_value(*cell) for cell in zip(kinds, row, strict=True))
    line = json.dumps(dict(zip(names, values, strict=True)), ensure_ascii=False)
    return f"{plain_json(line)}\n"


def _cells(kinds: Kinds, row: Sequence[Value]) -> list[str]:
    texts = (text_value(*cell) for cell in zip(kinds, row, strict=True))
    return ["NULL" if text is None else plain(text) for text in texts]


def _share(widths: list[int], width: int) -> int:
    """The most that a column may take so that all of them fit, if that leaves some of each."""
    columns_left = width - _GAP * (len(widths) - 1)
    return next(
        (
            most
            for most in range(_WIDEST, _NARROWEST, -1)
            if sum(min(one, most) for one in widths) <= columns_left
        ),
        _NARROWEST,
    )


def _fitted(widths: list[int], width: int, most: int = _WIDEST) -> list[int]:
    """Returns the widths of the first columns, as many as fit; at least one."""
    needed = 0
    fitted: list[int] = []
    for natural in widths:
        own = min(natural, most, width)
        if fitted and needed + _GAP + own > width:
            break
        needed += own + (_GAP if fitted else 0)
        fitted.append(own)
    # What is left goes to the columns that have been cut.
    for at, natural in enumerate(widths[: len(fitted)]):
        more = min(natural - fitted[at], width - needed)
        fitted[at] += more
        needed += more
    return fitted
