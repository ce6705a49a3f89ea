"""Reads corrections in JSON Lines: an object a line, as an export has them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from snapshots.engine.plan.corrected import NULL, Field
from snapshots.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_MOST_BYTES = 256 << 20
"""Of a line."""
_MARK = b"\xef\xbb\xbf"


class JsonCorrection(NamedTuple):
    """One line."""

    place: int
    """Its number in the file."""
    names: tuple[str, ...]
    fields: list[Field]
    """One for each name."""


def unique_names(names: Iterable[str]) -> list[str]:
    """The names of an object's members. A name that the header has twice gets its number."""
    taken: list[str] = []
    for name in names:
        unique, number = name, 1
        while unique in taken:
            number += 1
            unique = f"{name} ({number})"
        taken.append(unique)
    return taken


def json_corrections(file: BinaryIO, name: str) -> Iterator[JsonCorrection]:
    """Reads a file from its beginning. Raises UsageError for a line that is no such object."""
    file.seek(0)
    place = 0
    while line := file.readline(_MOST_BYTES + 1):
        place += 1
        if len(line) > _MOST_BYTES:
            raise UsageError(f"line {place} is too long", place=name)
        line = line.removeprefix(_MARK) if place == 1 else line
        if not line.strip():
            continue
        pairs = _pairs(line, place, name)
        names = tuple(key for key, _ in pairs)
        if len(set(names)) < len(names):
            raise UsageError(f"line {place} has a name twice", place=name)
        yield JsonCorrection(place, names, [_field(of, place, name) for of in pairs])


def _pairs(line: bytes, place: int, name: str) -> Sequence[tuple[str, object]]:
    try:
        # Numbers stay as they are written.
        found = json.loads(
            line, object_pairs_hook=_Members, parse_int=str, parse_float=str, parse_constant=str
        )
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"line {place} is no JSON object", place=name, hint="each line has an object of its own"
        ) from error
    if not isinstance(found, _Members):
        raise UsageError(f"line {place} is no JSON object", place=name)
    return found


class _Members(list[tuple[str, object]]):
    """The members of an object, in their order."""


def _field(member: tuple[str, object], place: int, name: str) -> Field:
    key, value = member
    if value is None:
        return NULL
    if isinstance(value, bool):
        return Field(str(value).lower())
    if not isinstance(value, str):
        raise UsageError(
            f"line {place} has an object or a list as {key!r}", place=name, hint="write it as text"
        )
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"line {place} has no valid text as {key!r}", place=name) from error
    return Field(value, quoted=not value)
