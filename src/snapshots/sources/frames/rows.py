"""Rows of the calling program as records: dicts by name, tuples by position.

The first rows tell the names and the types. A row that does not fit them is rejected later.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from itertools import chain, islice
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


class RowRecords:
    """The rows of one iteration, written as records."""

    def __init__(self, rows: Iterator[Any]) -> None:
        """Takes the first rows. Raises InputError if there are none, or they are no rows."""
        first = list(islice(rows, FIRST_ROWS))
        if not first:
            raise InputError("There are no rows.", place=FRAME, hint="Check what makes them.")
        names = _names(first[0])
        self._by_name = isinstance(first[0], Mapping)
        self._names = names
        self._rows = chain(first, rows)
        cells = list(zip(*map(self._values, first), strict=True))
        self.schema = InputSchema(
            tuple(Column(name, name, _type(own)) for name, own in zip(names, cells, strict=True))
        )

    def records(self) -> Iterator[bytes]:
        """The records, in pieces. Raises InputError for a row that is none."""
        end = "," + _END if len(self._names) == 1 else _END
        while rows := list(islice(self._rows, _AT_ONCE)):
            fields = [",".join(map(_field, self._values(row))) for row in rows]
            data = (end.join(fields) + end).encode()
            if data.count(_END.encode()) != len(rows):
                raise InputError(
                    "A value contains the character U+001E, which ends records.",
                    place=FRAME,
                    hint="Replace it.",
                )
            yield data

    def _values(self, row: Any) -> Sequence[Any]:
        if not self._by_name:
            if isinstance(row, Sequence) and len(row) == len(self._names):
                return row
        elif isinstance(row, Mapping):
            values = [row.get(name) for name in self._names]
            if len(row) <= len(self._names) and row.keys() <= set(self._names):
                return values
            unknown = next(name for name in row if name not in self._names)
            raise _unlike(f"A row has a column {unknown!r}, which the first row lacks.")
        raise _unlike(f"A row is not like the first one: {str(row)[:100]!r}.")


def _unlike(what: str) -> InputError:
    return InputError(what, place=FRAME, hint="Give all rows the same columns.")


def _names(row: Any) -> tuple[str, ...]:
    if isinstance(row, Mapping):
        return tuple(map(str, row))
    if isinstance(row, Sequence) and not isinstance(row, str | bytes):
        return tuple(getattr(row, "_fields", numbered(len(row))))
    raise InputError(
        f"A row of type {type(row).__name__} cannot be loaded.",
        place=FRAME,
        hint="Give dicts or tuples.",
    )


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


def _type(values: Sequence[Any]) -> Type:
    """The type that all values fit; text if there is no other."""
    found = {_type_of(value) for value in values if value is not None}
    if found == {Type("integer"), Type("float")}:
        return Type("float")
    if len(found) > 1 and {one.kind for one in found} <= {"integer", "decimal"}:
        return Type("decimal")
    return found.pop() if len(found) == 1 else _TEXT


def _type_of(value: Any) -> Type:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return Type("timestamptz")
    return next((kind for types, kind in _KINDS if isinstance(value, types)), _TEXT)


def _field(value: Any) -> str:
    if value is None:
        return ""
    write = _WRITERS.get(type(value))
    return write(value) if write else _other(value)


def _other(value: Any) -> str:
    """A value of a subclass, such as a numpy float, as the value of its base; else as its text."""
    for own, write in _WRITERS.items():
        if isinstance(value, own):
            return write(value)
    return _quoted(str(value))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _json(value: Any) -> str:
    return _quoted(json.dumps(value, ensure_ascii=False, default=str))


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
