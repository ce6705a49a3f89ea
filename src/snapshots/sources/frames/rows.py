"""Rows of the calling program as records: dicts by name, tuples by position.

The first rows tell the names and the types. A row that does not fit them is rejected later.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from itertools import chain, islice
from math import isnan
from typing import Any, Final
from uuid import UUID

from snapshots.errors import InputError
from snapshots.formats.names import numbered
from snapshots.inner_names import FRAME
from snapshots.model import Column, InputSchema, Type

FIRST_ROWS: Final = 1000
"""Rows that are looked at before the first one is loaded."""
_AT_ONCE: Final = 2000
_END: Final = "\x1e"
_NAN: Final = float.__repr__(float("nan"))


class RowRecords:
    """The rows of one iteration, written as records."""

    def __init__(self, rows: Iterator[Any]) -> None:
        """Takes the first rows. Raises InputError if there are none, or they are no rows."""
        first = list(islice(rows, FIRST_ROWS))
        if not first:
            raise InputError("There are no rows.", place=FRAME, hint="Check what makes them.")
        self._by_name = isinstance(first[0], Mapping)
        self._keys = _keys(first[0])
        self._rows = chain(first, rows)
        cells = zip(*map(self._values, first), strict=True)
        names = map(str, self._keys)
        self.schema = InputSchema(
            tuple(Column(name, name, _type(own)) for name, own in zip(names, cells, strict=True))
        )
        self._numbers = [column.type.kind in _NUMBERS for column in self.schema.columns]

    def records(self) -> Iterator[bytes]:
        """The records, in pieces. Raises InputError for a row that is none."""
        end = "," + _END if len(self._keys) == 1 else _END
        while rows := list(islice(self._rows, _AT_ONCE)):
            text = end.join([",".join(map(_field, self._values(row))) for row in rows]) + end
            if _NAN in text:
                text = end.join(map(self._without_nan, rows)) + end
            # Whoever decodes a record rejects it for half a character.
            data = text.encode("utf-8", "surrogatepass")
            if data.count(_END.encode()) != len(rows):
                raise InputError(
                    "A value contains the character U+001E, which ends records.",
                    place=FRAME,
                    hint="Replace it.",
                )
            yield data

    def _without_nan(self, row: Any) -> str:
        """A record in which NaN is a missing value, unless its column has numbers: pandas writes it
        for a missing text or moment."""
        values = zip(self._numbers, self._values(row), strict=True)
        return ",".join(_field(value) if number else _no_nan(value) for number, value in values)

    def _values(self, row: Any) -> Sequence[Any]:
        if not self._by_name:
            if isinstance(row, Sequence) and len(row) == len(self._keys):
                return row
        elif isinstance(row, Mapping):
            values = [row.get(key) for key in self._keys]
            if len(row) <= len(self._keys) and row.keys() <= set(self._keys):
                return values
            unknown = next(key for key in row if key not in self._keys)
            raise _unlike(f"A row has a column {unknown!r}, which the first row lacks.")
        raise _unlike(f"A row is not like the first one: {str(row)[:100]!r}.")


def _unlike(what: str) -> InputError:
    return InputError(what, place=FRAME, hint="Give all rows the same columns.")


def _keys(row: Any) -> tuple[Any, ...]:
    """What names the columns: the keys of a dict, which may be numbers, or the names of fields."""
    keys: tuple[Any, ...] | None = None
    if isinstance(row, Mapping):
        keys = tuple(row)
    elif isinstance(row, Sequence) and not isinstance(row, str | bytes):
        if hasattr(row, "_fields"):
            keys = tuple(row._fields)
        else:
            # Rows of sqlite3 are sequences with keys.
            keys = tuple(row.keys()) if hasattr(row, "keys") else numbered(len(row))
    if keys is None:
        raise InputError(
            f"A row of type {type(row).__name__} cannot be loaded.",
            place=FRAME,
            hint="Give dicts or tuples.",
        )
    if not keys:
        raise InputError("The rows have no columns.", place=FRAME, hint="Check what makes them.")
    return keys


_KINDS: Final[tuple[tuple[type | tuple[type, ...], Type], ...]] = (
    (bool, Type("boolean")),
    (int, Type("integer")),
    (float, Type("float")),
    (Decimal, Type("decimal")),
    (datetime, Type("timestamp")),
    (date, Type("date")),
    (time, Type("time")),
    (UUID, Type("uuid")),
    ((dict, list, tuple), Type("json")),
)
_TEXT: Final = Type("text")
_NUMBERS: Final = ("integer", "decimal", "float")


def _type(values: Sequence[Any]) -> Type:
    """The type that all values fit; text if there is no other."""
    found = {_type_of(value) for value in values if not (value is None or _is_missing(value))}
    if not found and any(isinstance(_plain(value), float) for value in values):
        return Type("float")
    if found == {Type("integer"), Type("float")}:
        return Type("float")
    if len(found) > 1 and {one.kind for one in found} <= {"integer", "decimal"}:
        return Type("decimal")
    return found.pop() if len(found) == 1 else _TEXT


def _type_of(value: Any) -> Type:
    value = _plain(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return Type("timestamptz")
    return next((kind for types, kind in _KINDS if isinstance(value, types)), _TEXT)


def _is_missing(value: Any) -> bool:
    """Whether a value stands for none: pandas has its own for moments and texts, and NaN."""
    value = _plain(value)
    return (isinstance(value, float) and isnan(value)) or _is_na(value)


def _is_na(value: Any) -> bool:
    return type(value).__name__ in {"NaTType", "NAType"}


def _plain(value: Any) -> Any:
    """The value of Python for one of numpy, and the bytes of a buffer."""
    kind = type(value)
    if kind.__module__ == "numpy" and hasattr(value, "tolist"):
        own = value.tolist()
        # A moment or a duration becomes a number, if Python has none like it; others stay.
        bare = kind.__name__ in {"datetime64", "timedelta64"} and isinstance(own, int)
        return str(value) if bare or type(own) is kind else own
    return bytes(value) if isinstance(value, bytearray | memoryview) else value


def _field(value: Any) -> str:
    if value is None:
        return ""
    write = _WRITERS.get(type(value))
    return write(value) if write else _other(value)


def _no_nan(value: Any) -> str:
    return "" if _is_missing(value) else _field(value)


def _other(value: Any) -> str:
    """A value of a subclass, such as a numpy float, as the value of its base; else as its text."""
    if _is_na(value):
        return ""
    plain = _plain(value)
    if plain is not value:
        return _field(plain)
    if isinstance(value, datetime):
        # The moment of a subclass may have nanoseconds.
        return value.isoformat(" ")
    for own, write in _WRITERS.items():
        if isinstance(value, own):
            return write(value)
    return _quoted(str(value))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _json(value: Any) -> str:
    try:
        return _quoted(json.dumps(value, ensure_ascii=False, default=_member))
    except (TypeError, ValueError, RecursionError):
        # It has keys or circles that JSON has not: whoever reads the record rejects it.
        return _quoted(str(value))


def _member(value: Any) -> Any:
    """What a list or a dict has that JSON does not know."""
    if _is_na(value):
        return None
    plain = _plain(value)
    if plain is not value:
        return plain
    return f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)


_WRITERS: Final[dict[type, Callable[[Any], str]]] = {
    str: _quoted,
    bool: lambda value: "true" if value else "false",
    int: int.__repr__,
    float: float.__repr__,
    Decimal: lambda value: format(value, "f"),
    datetime: lambda value: datetime.isoformat(value, " "),
    date: date.isoformat,
    time: time.isoformat,
    UUID: str,
    bytes: lambda value: f'"\\x{value.hex()}"',
    dict: _json,
    list: _json,
    tuple: _json,
}
