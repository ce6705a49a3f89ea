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
