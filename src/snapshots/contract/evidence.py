"""Chooses a column's type from what the kernel saw of its values.

The JSON is described at the head of the kernel's `scan` module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from snapshots.model import Type, TypeKind
from snapshots.notes import DetailNote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PREFERENCE: Final[tuple[TypeKind, ...]] = (
    "boolean", "integer", "float", "decimal", "date", "time", "timestamp", "timestamptz",
    "uuid", "json",
)  # fmt: skip
"""The types in order: the first that fits every value is taken. A float fits only if each value
survives the round trip through it; a decimal has more digits."""

_CLOCKS: Final = {"time", "timestamp", "timestamptz"}
_SECOND_DIGITS: Final = 6
"""The digits of a second that a target keeps at most."""

_INTEGER_DIGITS: Final = 35
"""The digits before the point that MySQL keeps of an unlimited decimal: 65 in all, 30 after the
point."""
_PRECISION: Final = 65

_CENTS: Final = 2
"""The digits after the point that money has."""

_LATE: Final = 100
"""The line from which on a value that spoils a type is worth a remark; before it they are the
rule."""

_KIND: Final[dict[TypeKind, str]] = {
    "boolean": "a boolean",
    "integer": "an integer",
    "float": "a number",
    "decimal": "a number",
    "date": "a date",
    "time": "a time",
    "timestamp": "a timestamp",
    "timestamptz": "a timestamp with a zone",
    "uuid": "a UUID",
    "json": "JSON",
}


def type_of(column: Mapping[str, Any], *, exact: bool = False) -> Type:
    """Returns the type that every value of a column fits; text if none does, or if there is no
    value.

    An empty field in quotes is a value that only text can hold. `exact`: no number is a float.
    """
    if not column["values"] or column["empties"]:
        return Type("text")
    for kind in PREFERENCE:
        if exact and kind == "float":
            continue
        if column["types"][kind] is None and not (
            kind in _CLOCKS and column["second_digits"] > _SECOND_DIGITS
        ):
            return _decimal(column) if kind == "decimal" else Type(kind)
    return Type("text")


def binary_floats(
    names: Sequence[str], columns: Sequence[Mapping[str, Any]], exact: bool
) -> list[str]:
    """Returns a sentence about the columns whose numbers a binary float may not show as written.

    These have an exponent, which may be a code such as 12e3, or two digits after the point, as
    money has.
    """
    fractions, exponents = [], []
    for name, column in zip(names, columns, strict=True):
        if type_of(column).kind != "float":
            continue
        if column["types"]["decimal"] is not None:
            exponents.append(name)
        elif column["fraction_digits"] == _CENTS:
            fractions.append(name)
    if exact:
        return [
            f"{_listed(exponents)} text: values such as {_exponent(names, columns, exponents)!r}"
            " have an exponent, and --decimals exact makes no floats"
        ] if exponents else []  # fmt: skip
    parts = []
    if exponents:
        parts.append(
            f"{_listed(exponents)} float because of values such as"
            f" {_exponent(names, columns, exponents)!r}"
        )
    if fractions:
        parts.append(f"{_listed(fractions)} float and may be money")
    return [f"{', and '.join(parts)}: see --decimals exact"] if parts else []


def _listed(names: Sequence[str]) -> str:
    first = names if len(names) <= 2 else names[:1]
    shown = ", ".join(map(repr, first))
    more = f" and {len(names) - len(first)} more" if len(names) > len(first) else ""
    return f"column {shown} is" if len(names) == 1 else f"columns {shown}{more} are"


def _exponent(
    names: Sequence[str], columns: Sequence[Mapping[str, Any]], exponents: Sequence[str]
) -> str:
    """Returns the first value that has an exponent."""
    return str(columns[list(names).index(exponents[0])]["types"]["decimal"]["value"])


def remark(name: str, column: Mapping[str, Any], *, lines: bool, exact: bool = False) -> str | None:
    """Returns a sentence if a column's type may surprise its owner.

    `lines`: the lines of the evidence are those of the input.
    """
    if not column["values"]:
        return DetailNote(f"column {name!r} has no values: it is text")
    if column["empties"]:
        return _empties(name, column)
    spoiled = column["types"]
    if type_of(column, exact=exact).kind != "text" or type_of(column).kind == "float":
        return None
    clock = next((kind for kind in PREFERENCE if kind in _CLOCKS and spoiled[kind] is None), None)
    if clock is not None:
        return (
            f"column {name!r} is text: its times have {column['second_digits']} digits of a "
            f"second, and no database keeps more than {_SECOND_DIGITS}"
        )
    kind = max(PREFERENCE, key=lambda kind: spoiled[kind]["line"])
    if lines and spoiled[kind]["line"] > _LATE:
        return (
            f"column {name!r} is text: {spoiled[kind]['value']!r} on line {spoiled[kind]['line']} "
            f"is not {_KIND[kind]}, as all values before it are"
        )
    return None


def _empties(name: str, column: Mapping[str, Any]) -> str | None:
    without = type_of({**column, "empties": 0})
    if without.kind == "text":
        return None
    return (
        f'column {name!r} is text because of {column["empties"]} values "" (empty, in quotes); '
        f"without those it is {_KIND[without.kind]}: if they mean NULL, say so with --null-value ''"
    )


def _decimal(column: Mapping[str, Any]) -> Type:
    """Returns a decimal without limits, which targets make as wide as they can, unless that is too
    small."""
    digits, scale = column["integer_digits"], column["fraction_digits"]
    if digits <= _INTEGER_DIGITS:
        return Type("decimal")
    return Type("decimal", precision=max(_PRECISION, digits + scale), scale=scale)
