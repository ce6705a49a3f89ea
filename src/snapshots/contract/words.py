"""The words of Frictionless Table Schema that a contract knows."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots.model import Type

if TYPE_CHECKING:
    from collections.abc import Iterable

EVIDENCE = "x-evidence"
"""What was seen of an input and of its columns; whoever reads a contract leaves it alone."""

SCHEMA = frozenset({"fields", "missingValues", "primaryKey", "foreignKeys", "uniqueKeys",
                    "fieldsMatch", "x-snapshots", EVIDENCE})  # fmt: skip
"""Keys of a schema that mean something here."""

FIELD = frozenset({"name", "type", "format", "constraints", "missingValues", "trueValues",
                   "falseValues", "decimalChar", "groupChar", "bareNumber", "floatNumber",
                   "x-source", "x-type", "x-start", "x-width", "x-snapshots",
                   EVIDENCE})  # fmt: skip
"""Keys of a field that mean something here; `title` and the like say nothing of values."""

CONSTRAINTS = frozenset({
    "required", "unique", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "minLength", "maxLength", "pattern", "enum",
})  # fmt: skip

PHYSICAL = frozenset({
    "bits", "unsigned", "precision", "scale", "fraction", "maxChars", "maxBytes", "wire",
})  # fmt: skip
"""Keys under `x-snapshots` for the limits of a target's own types."""

EXTRA_TYPES = ("uuid", "json", "timestamptz")
"""Types that `x-type` adds to those of the standard."""


class TypeMeaning(Struct, frozen=True):
    """What a type (with a format) is to the kernel."""

    type: Type
    pattern: str | None = None


TYPES = {
    "string": TypeMeaning(Type("text")),
    "number": TypeMeaning(Type("decimal")),
    "integer": TypeMeaning(Type("integer")),
    "boolean": TypeMeaning(Type("boolean")),
    "object": TypeMeaning(Type("json")),
    "array": TypeMeaning(Type("json")),
    "geojson": TypeMeaning(Type("json")),
    "date": TypeMeaning(Type("date")),
    "time": TypeMeaning(Type("time")),
    "datetime": TypeMeaning(Type("timestamp")),
    "year": TypeMeaning(Type("integer", bits=16), "[0-9]{4}"),
    "yearmonth": TypeMeaning(Type("text"), "[0-9]{4}-(0[1-9]|1[0-2])"),
    "duration": TypeMeaning(
        Type("text"),
        r"-?P([0-9]+Y)?([0-9]+M)?([0-9]+D)?(T([0-9]+H)?([0-9]+M)?([0-9]+(\.[0-9]+)?S)?)?",
    ),
    "geopoint": TypeMeaning(
        Type("text"), r"[-+]?[0-9]{1,3}(\.[0-9]+)?, ?[-+]?[0-9]{1,2}(\.[0-9]+)?"
    ),
    "any": TypeMeaning(Type("text")),
    **{name: TypeMeaning(Type(name)) for name in EXTRA_TYPES},  # type: ignore[arg-type]
}

STRING_FORMATS = {
    "default": TypeMeaning(Type("text")),
    "uuid": TypeMeaning(Type("uuid")),
    "email": TypeMeaning(Type("text"), r"[^@\s]+@[^@\s]+"),
    "uri": TypeMeaning(Type("text"), r"[A-Za-z][A-Za-z0-9+.-]*:\S+"),
    "binary": TypeMeaning(
        Type("text"), "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
    ),
}

TEMPORAL = ("date", "time", "timestamp", "timestamptz")
DATED = ("date", "timestamp", "timestamptz")
"""Types whose values an API may be sent as a number of seconds."""
ORDERED = ("integer", "decimal", "float", *TEMPORAL)


_LISTED, _COMPARED = 30, 1000
"""The most words in a hint, and the most that are compared."""


def nearest(word: str, words: Iterable[str]) -> str:
    """Returns a hint with the existing words, the nearest first if one is near."""
    known = sorted(words)
    lowered = {one.lower(): one for one in known[:_COMPARED]}
    near = get_close_matches(word.lower()[:_COMPARED], lowered, 1, 0.6)
    if near:
        return f"Did you mean {lowered[near[0]]!r}?"
    more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
    return f"Known names are {', '.join(known[:_LISTED])}{more}."
