"""Texts that must fit a number of columns of a terminal."""

from __future__ import annotations

import os
import sys
import unicodedata
from typing import TextIO

USUAL = 80
"""Columns where nobody says how many there are."""
_WIDE = {"W", "F"}
_NOTHING = {"Mn", "Me", "Cf"}
"""Categories of characters that are drawn over others, or not at all."""


def columns_of(stream: TextIO | None = None) -> int:
    """The columns of the terminal behind a stream (stderr); COLUMNS wins, as for other programs."""
    given = os.environ.get("COLUMNS", "")
    if given.isascii() and given.isdigit() and int(given):
        return int(given)
    try:
        return os.get_terminal_size((stream or sys.stderr).fileno()).columns or USUAL
    except (OSError, ValueError, AttributeError):
        return USUAL


def width(text: str) -> int:
    """The columns that a text takes: two for a wide character, such as those of Chinese.

    >>> width("abc"), width("漢字")
    (3, 4)
    """
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(character: str) -> int:
    if unicodedata.east_asian_width(character) in _WIDE:
        return 2
    return 0 if unicodedata.category(character) in _NOTHING else 1


def middle_cut(text: str, most: int) -> str:
    """The text in at most so many columns: what is in the middle becomes `...`.

    The end is kept longer, because names of files differ there.

    >>> middle_cut("data/rides_2024-05.csv", 15)
    'data/...-05.csv'
    """
    if width(text) <= most:
        return text
    if most <= len("..."):
        return start_of(text, most)
    free = most - len("...")
    end = _end_of(text, free - free // 2 + min(1, free // 8))
    return start_of(text, free - width(end)) + "..." + end


def start_of(text: str, most: int) -> str:
    """As much of the beginning as fits so many columns."""
    used = 0
    for position, character in enumerate(text):
        used += _width(character)
        if used > most:
            return text[:position]
    return text


def _end_of(text: str, most: int) -> str:
    used = 0
    for position in range(len(text) - 1, -1, -1):
        used += _width(text[position])
        if used > most:
            return text[position + 1 :]
    return text
