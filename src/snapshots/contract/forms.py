"""The types that a person may choose for a column of a new table, each with a word for it.

Inference knows only forms that mean the same everywhere. A person also has dates such as 31.12.2026
and numbers such as 1.234,5: they are proposed where all values of a sample have that form.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from snapshots.contract.fields import parse_field
from snapshots.contract.reading import SchemaPlace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from snapshots.model import Column, TypeKind


class ColumnForm(Struct, frozen=True):
    """A type, and how its values are written."""

    key: str
    """Its word in forms and addresses."""
    label: str
    kind: TypeKind
    schema: Mapping[str, Any]
    """Members of a field of a Table Schema."""
    local: bool = False
    """Whether inference never chooses it."""

    def column(self, name: str, source: str) -> Column:
        """The column of that name, for a field of the header."""
        return parse_field(
            {"name": name, "x-source": source, **self.schema}, SchemaPlace("the columns")
        )


def _plain(kind: TypeKind, label: str, **schema: Any) -> ColumnForm:
    return ColumnForm(kind, label, kind, schema)


def _local(key: str, label: str, kind: TypeKind, **schema: Any) -> ColumnForm:
    return ColumnForm(key, label, kind, schema, local=True)


_ALL: Final = (
    _plain("text", "text", type="string"),
    _plain("integer", "integer", type="integer"),
    _plain("decimal", "decimal: 1234.50, exact", type="number"),
    _local(
        "decimal-comma", "decimal: 1.234,50", "decimal", type="number", decimalChar=",",
        groupChar=".",
    ),
    _plain("float", "float: 1.5e3", type="number", floatNumber=True),
    _plain("boolean", "boolean", type="boolean"),
    _plain("date", "date: 2026-12-31", type="date"),
    _local("date-dmy-dots", "date: 31.12.2026", "date", type="date", format="%d.%m.%Y"),
    _local("date-dmy", "date: 31/12/2026", "date", type="date", format="%d/%m/%Y"),
    _local("date-mdy", "date: 12/31/2026", "date", type="date", format="%m/%d/%Y"),
    _plain("time", "time: 23:59", type="time"),
    _plain("timestamp", "timestamp: 2026-12-31 23:59", type="datetime"),
    _local(
        "timestamp-dmy-dots", "timestamp: 31.12.2026 23:59", "timestamp", type="datetime",
        format="%d.%m.%Y %H:%M",
    ),
    _plain("timestamptz", "timestamp with zone", **{"type": "datetime", "x-type": "timestamptz"}),
    _plain("uuid", "UUID", type="string", format="uuid"),
    _plain("json", "JSON", **{"type": "any", "x-type": "json"}),
)  # fmt: skip
FORMS: Final[Mapping[str, ColumnForm]] = {one.key: one for one in _ALL}
"""By their keys."""

_COMMA: Final = re.compile(r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?")
_THOUSANDS: Final = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+")


def local_form(values: Iterable[str]) -> ColumnForm | None:
    """Returns the local form that all values have; None if none fits, or several do.

    >>> local_form(["31.12.2026", "1.1.2027"]).key
    'date-dmy-dots'
    """
    kept = [text for value in values if (text := value.strip())]
    if not kept:
        return None
    fitting = [
        one
        for one in _ALL
        if one.local and all(_fits(one, text) for text in kept) and _shows(one, kept)
    ]
    return fitting[0] if len(fitting) == 1 else None


def contradiction(form: ColumnForm, values: Iterable[tuple[int, str]]) -> tuple[int, str] | None:
    """Returns the first value, with its line, that has another form than a local one."""
    return next(
        ((line, text) for line, text in values if text.strip() and not _fits(form, text.strip())),
        None,
    )


def _shows(form: ColumnForm, values: Sequence[str]) -> bool:
    """Whether values can mean nothing else: 1,234 may be a thousand, and 12 has no comma."""
    if form.key != "decimal-comma":
        return True
    return any("," in text and not _THOUSANDS.fullmatch(text) for text in values)


def _fits(form: ColumnForm, text: str) -> bool:
    if form.key == "decimal-comma":
        return ("," in text and bool(_COMMA.fullmatch(text))) or text.isdecimal()
    try:
        datetime.strptime(text, form.schema["format"])  # noqa: DTZ007 - only its form matters
    except ValueError:
        return False
    return True


def form_of(field: Mapping[str, Any]) -> ColumnForm:
    """Returns the form of a field of a Table Schema; text if it is none of these."""
    wanted = {name: field.get(name) for name in _KEYS}
    for one in _ALL:
        if {name: one.schema.get(name) for name in _KEYS} == wanted:
            return one
    return FORMS["text"]


_KEYS: Final = ("type", "format", "x-type", "floatNumber", "decimalChar", "groupChar")
