"""Makes names of columns from those in a header, so that every database can hold them."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_BYTES = 60
"""The most bytes of a name: PostgreSQL cuts names at 63 bytes, MySQL refuses more than 64
characters."""

_LAST_OF_THE_BASIC_PLANE = "\uffff"
"""MySQL has no others in names."""

RESERVED = ("_import_id", "_line")
"""The names of the lineage columns."""
VALIDITY = ("_valid_from", "_valid_to")
"""The names of the columns that say from when and until when a row of a history table held."""
_OF_THE_SYSTEM = ("tableoid", "xmin", "cmin", "xmax", "cmax", "ctid")
"""Columns that every table of PostgreSQL has already; a file of boxes may have some of them,
too."""


class ColumnName(Struct, frozen=True):
    """A column's name, and the name that it has in the header."""

    source: str
    name: str

    @property
    def changed(self) -> bool:
        """Whether the name differs from the one in the header."""
        return self.name != self.source


class HeaderNames(Struct, frozen=True):
    """The names for a header, and a sentence for each that was changed."""

    columns: tuple[ColumnName, ...]
    notes: tuple[str, ...]


def clean(header: Sequence[str]) -> HeaderNames:
    """Returns names of at most 60 bytes that are distinct whatever their case.

    Control characters and surrounding spaces are removed, an emoji becomes its code, and an empty
    name becomes `column_N`. A name gets a number if it is taken, or is a lineage column's or one of
    PostgreSQL's own.

    >>> [column.name for column in clean(["id", "ID", ""]).columns]
    ['id', 'ID_2', 'column_3']
    """
    return _cleaned(tuple(header))


@lru_cache(maxsize=64)
def _cleaned(header: tuple[str, ...]) -> HeaderNames:
    """Does what `clean` says: once for many files with one header."""
    taken = {_folded(name) for name in (*RESERVED, *_OF_THE_SYSTEM)}
    columns, notes = [], []
    for number, source in enumerate(header, 1):
        plain = _plain(source)
        wanted = _cut(plain or f"column_{number}", MAX_BYTES)
        name = _distinct(wanted, taken)
        taken.add(_folded(name))
        columns.append(ColumnName(source, name))
        if name != source:
            notes.append(_note(number, source, plain, wanted, name))
    return HeaderNames(tuple(columns), tuple(notes))


def distinct(header: Sequence[str]) -> tuple[str, ...]:
    """The header; the second field of a name has the name that a column of it would get.

    >>> distinct(["id", "a", "a"])
    ('id', 'a', 'a_2')
    """
    seen: set[str] = set()
    found = []
    for source, column in zip(header, clean(header).columns, strict=True):
        found.append(column.name if source in seen else source)
        seen.add(source)
    return tuple(found)


def numbered(count: int) -> tuple[str, ...]:
    """Returns the names for an input without a header."""
    return tuple(f"column_{number}" for number in range(1, count + 1))


def _plain(text: str) -> str:
    kept = (
        char if char <= _LAST_OF_THE_BASIC_PLANE else f"U+{ord(char):X}"
        for char in text
        if unicodedata.category(char) not in {"Cc", "Cs"}
    )
    return "".join(kept).strip().strip("\ufeff")


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode("utf-8", "ignore").rstrip()


def _distinct(name: str, taken: Iterable[str]) -> str:
    candidate, number = name, 1
    while _folded(candidate) in taken:
        number += 1
        suffix = f"_{number}"
        candidate = _cut(name, MAX_BYTES - len(suffix)) + suffix
    return candidate


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _note(number: int, source: str, plain: str, wanted: str, name: str) -> str:
    shown = repr(source if len(source) <= MAX_BYTES else f"{source[:MAX_BYTES]}...")
    if not plain:
        return f"column {number} has no name in the header: it is called {name!r}"
    if name != wanted:
        why = "is in the header before"
        if _folded(wanted) in RESERVED:
            why = "is a name for lineage"
        elif _folded(wanted) in _OF_THE_SYSTEM:
            why = "is that of a column which PostgreSQL's tables have already"
        return f"column {number}: the name {shown} {why}: it is called {name!r}"
    if wanted != plain:
        why = "is too long"
    elif max(source) > _LAST_OF_THE_BASIC_PLANE:
        why = "has characters that MySQL's names cannot have"
    else:
        why = "has spaces or control characters around it"
    return f"column {number}: the name {shown} {why}: it is called {name!r}"
