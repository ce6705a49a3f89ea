"""How wide the output may be, how wide a text is there, and how to shorten one."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Final

ELLIPSIS: Final = "…"


def output_width() -> int | None:
    """Returns the columns that a line of stdout may have; None: as many as it needs.

    It is that of the terminal, or COLUMNS where that is set. A pipe or a file without COLUMNS gets
    every text in full, because a program may look for it.
    """
    if os.environ.get("COLUMNS", "").isdigit() or sys.stdout.isatty():
        return shutil.get_terminal_size().columns
    return None


def width_of(text: str) -> int:
    """Returns how many columns a text takes; a Chinese character takes two.

    >>> width_of("ab"), width_of("数据")
    (2, 4)
    """
    if text.isascii():
        return len(text)
    # Imported here: most lists have no such text, and it takes a while.
    from wcwidth import wcswidth

    # Less than 0 says that it has control characters: each is shown as one.
    columns = wcswidth(text)
    return columns if columns >= 0 else len(text)


def shortened(text: str, width: int) -> str:
    """Returns the text in at most `width` columns. What is left out is in the middle: paths differ
    at their ends.

    >>> shortened("data/2026/orders.csv", 11), shortened("数据表格.csv", 9)
    ('data/…s.csv', '数据….csv')
    """
    if width_of(text) <= width:
        return text
    if width <= 1:
        return ELLIPSIS[:width]
    begin = _fitting(text, (width - 1) // 2)
    end = _fitting(text[::-1], width - 1 - width_of(begin))[::-1]
    return f"{begin}{ELLIPSIS}{end}"


def cut(text: str, width: int) -> str:
    """Returns the text in at most `width` columns. What is left out is at the end.

    >>> cut("a long sentence", 7)
    'a long…'
    """
    return text if width_of(text) <= width else _fitting(text, width - 1) + ELLIPSIS


def padded(text: str, width: int, *, right: bool = False) -> str:
    """Returns the text with blanks, so that it takes `width` columns.

    >>> padded("数", 4) + "|", padded("7", 3, right=True)
    ('数  |', '  7')
    """
    blanks = " " * (width - width_of(text))
    return blanks + text if right else text + blanks


def _fitting(text: str, width: int) -> str:
    """Returns as much of the beginning as fits into `width` columns."""
    if text.isascii():
        return text[:width]
    taken = 0
    for place, character in enumerate(text):
        taken += width_of(character)
        if taken > width:
            return text[:place]
    return text
