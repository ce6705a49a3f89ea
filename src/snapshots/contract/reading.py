"""Reads checked values out of a schema; each error names its place."""

from __future__ import annotations

from decimal import Decimal
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from snapshots.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


_MOST_ZEROS = 1000
"""The most zeros that writing a number out may add: 1e99999999 would be 100 MB."""
_LONGEST_WORD = 24
"""The longest key that is compared with known ones."""
_PART, _SENTENCE, _HINT = 200, 600, 2000
"""The most characters of an error's parts: what is wrong with a contract can be as long as the
contract."""


class SchemaPlace(Struct, frozen=True):
    """A place in a schema."""

    file: str
    inside: str = ""
    name: str = ""

    def field(self, number: int, field: object) -> SchemaPlace:
        """Returns the place of a field, by its name if it has one."""
        name = field.get("name") if isinstance(field, dict) else None
        return replace(self, inside=f"field {name!r}" if name else f"field {number + 1}")

    def key(self, name: str) -> SchemaPlace:
        """Returns the place of a key here."""
        return replace(self, name=name)

    def __str__(self) -> str:
        inside = (cut(part, _PART) for part in (self.inside, self.name))
        return ", ".join(part for part in (self.file, *inside) if part)


def refuse(at: SchemaPlace, message: str, hint: str = "") -> ContractError:
    """Returns the error to raise."""
    return ContractError(cut(message, _SENTENCE), place=str(at), hint=cut(hint, _HINT))


def cut(text: str, most: int) -> str:
    """Returns the text, or its beginning and its end if it is long."""
    half = most // 2
    return text if len(text) <= most else f"{text[:half]}...{text[-half:]}"


def words_of(found: Mapping[str, Any], known: Iterable[str], at: SchemaPlace) -> None:
    """Refuses a key that is nearly a known one: it is a slip.

    Other keys are a publisher's own, which the standard allows.
    """
    known = set(known)
    lowered = {name.lower(): name for name in known}
    for key in found:
        if key in known or len(str(key)) > _LONGEST_WORD:
            continue
        near = get_close_matches(str(key).lower().replace("_", ""), lowered, 1, 0.85)
        if near:
            raise refuse(
                at.key(str(key)),
                f"The key {key!r} is unknown.",
                f"Did you mean {lowered[near[0]]!r}?",
            )


def text(found: Mapping[str, Any], key: str, at: SchemaPlace) -> str | None:
    """Returns a text, or None if there is no such key."""
    value = found.get(key)
    if value is not None and not isinstance(value, str):
        raise refuse(
            at.key(key), f"{key} must be a string, not {shown(value)}.", "Put it in quotes."
        )
    return value


def flag(found: Mapping[str, Any], key: str, at: SchemaPlace, *, default: bool) -> bool:
    """Returns true or false."""
    value = found.get(key, default)
    if not isinstance(value, bool):
        raise refuse(at.key(key), f"{key} must be true or false, not {shown(value)}.")
    return value


def count(found: Mapping[str, Any], key: str, at: SchemaPlace) -> int | None:
    """Returns a whole number of 0 or more, or None."""
    value = found.get(key)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
        raise refuse(at.key(key), f"{key} must be a whole number, not {shown(value)}.")
    return value


def texts(found: Mapping[str, Any], key: str, at: SchemaPlace) -> tuple[str, ...] | None:
    """Returns a list of values as CSV would write them, or None."""
    value = found.get(key)
    if value is None:
        return None
    if not isinstance(value, list) or not value:
        raise refuse(at.key(key), f"{key} must be a list of values, not {shown(value)}.")
    return tuple(written(one, at.key(key)) for one in value)


def written(value: object, at: SchemaPlace) -> str:
    """Returns a JSON value as CSV would write it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (Decimal, float)):
        number = Decimal(str(value))
        if not number.is_finite():
            raise refuse(at, f"{shown(value)} is not a number, or is too large.")
        _, digits, exponent = number.as_tuple()
        assert isinstance(exponent, int)  # noqa: S101 - for the type checker: it is finite
        if max(exponent, -exponent - len(digits)) > _MOST_ZEROS:
            raise refuse(at, f"{shown(value)} has too many digits.")
        return format(number, "f")
    raise refuse(at, f"{shown(value)} is not a single value.")


def shown(value: object) -> str:
    """Returns a value for a sentence, cut if it is long."""
    text = repr(str(value) if isinstance(value, Decimal) else value)
    return text if len(text) <= 60 else f"{text[:57]}..."
