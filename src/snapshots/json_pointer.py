"""JSON Pointers (RFC 6901): a text that names one value of a JSON document."""

from __future__ import annotations

import re
from typing import Any, Final

from snapshots.errors import UsageError

MISSING: Final = object()
"""Stands for a value that a document does not have."""
_POINTER = re.compile(r"(/([^~]|~[01])*)?")
_INDEX = re.compile(r"0|[1-9][0-9]*")


def check(pointer: str, place: str) -> str:
    """Returns the pointer. Raises UsageError, naming the place, if it is none."""
    if not _POINTER.fullmatch(pointer):
        raise UsageError(
            f"{pointer!r} is not a JSON Pointer",
            place=place,
            hint="Write it like /result/id. An empty one is the whole answer.",
        )
    return pointer


def value_at(document: object, pointer: str) -> Any:
    """Returns the value that a pointer names, or MISSING.

    >>> value_at({"items": [{"a/b": 1}]}, "/items/0/a~1b")
    1
    """
    found = document
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and name in found:
            found = found[name]
        elif isinstance(found, list) and _INDEX.fullmatch(name) and int(name) < len(found):
            found = found[int(name)]
        else:
            return MISSING
    return found


def same(one: object, other: object) -> bool:
    """Whether two values are equal in JSON. In Python, True is equal to 1.

    >>> same(1, 1.0), same(1, True), same({"a": [0]}, {"a": [False]})
    (True, False, False)
    """
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)
