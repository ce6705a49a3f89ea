"""One line on a terminal that is drawn again and again, without any escape.

Whoever prints takes it away first: see `away`.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from snapshots.cli.widths import columns_of, start_of, width
from snapshots.screen_text import plain

_lock = threading.RLock()
_drawn = ""


def draw(text: str) -> None:
    """Draws the line in place of the one that is there; control characters are escaped.

    It never reaches the last column, where terminals begin a new line.
    """
    global _drawn  # noqa: PLW0603 - there is one terminal
    with _lock:
        text = start_of(plain(text), max(1, columns_of() - 1))
        rest = " " * (_width_left() - width(text))
        sys.stderr.write(f"\r{text}{rest}")
        sys.stderr.flush()
        _drawn = text


def take_away() -> None:
    """Leaves the cursor at the beginning of an empty line."""
    global _drawn  # noqa: PLW0603 - there is one terminal
    with _lock:
        if _drawn:
            sys.stderr.write(f"\r{' ' * _width_left()}\r")
            sys.stderr.flush()
            _drawn = ""


@contextmanager
def away() -> Iterator[None]:
    """Within the block the line is not there, and nobody draws it."""
    with _lock:
        line = _drawn
        take_away()
        yield
        if line:
            sys.stdout.flush()
            draw(line)


def _width_left() -> int:
    """Columns of the drawn line; no more than there are by now, or blanks would wrap."""
    return min(width(_drawn), max(1, columns_of() - 1))
