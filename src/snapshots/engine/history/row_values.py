"""How users write conditions on rows, and how values of rows are written for them."""

from __future__ import annotations

import base64
import math
import re
import struct
from typing import TYPE_CHECKING, Any, Final, get_args

from snapshots.errors import UsageError
from snapshots.targets.sql.paging import Operator, RowFilter, no_column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.model import TypeKind
    from snapshots.ports import Value

_SIGNS: Final[dict[str, Operator]] = {
    "<=": "le", ">=": "ge", "!=": "ne", "<>": "ne", "=": "eq", "<": "lt", ">": "gt",
}  # fmt: skip
_SIGN: Final = re.compile("|".join(map(re.escape, _SIGNS)))
_SINGLE: Final = struct.Struct("<f")
_WITHOUT_VALUE: Final = ("null", "notnull")


def filter_of(text: str) -> RowFilter:
    """Returns the condition that `column:operator:value` stands for. Raises UsageError."""
    for operator in get_args(Operator):
        column, found, value = text.partition(f":{operator}:")
        if found and column:
            return RowFilter(column, operator, value)
        if operator in _WITHOUT_VALUE and text.endswith(f":{operator}"):
            return RowFilter(text.removesuffix(f":{operator}"), operator)
    raise UsageError(
        f"{text!r} is not a valid condition",
        hint=f"Write column:operator:value; the operators are {', '.join(get_args(Operator))}.",
    )


def condition_of(text: str, columns: Sequence[str]) -> RowFilter:
    """Returns the condition that `COLUMN=VALUE` and the like stand for, of a table's columns.

    The forms of REST, such as `column:null`, are understood, too. Raises UsageError.
    """
    for sign in _SIGN.finditer(text):
        column = text[: sign.start()]
        if column.strip() in columns or column in columns:
            name = column if column in columns else column.strip()
            return RowFilter(name, _SIGNS[sign[0]], text[sign.end() :])
    try:
        found = filter_of(text)
    except UsageError:
        if first := _SIGN.search(text):
            raise no_column(text[: first.start()].strip(), columns) from None
        raise UsageError(
            f"{text!r} is not a valid condition",
            hint="Write COLUMN=VALUE, with =, !=, <, <=, > or >= between them, or COLUMN:null or"
            " COLUMN:notnull.",
        ) from None
    if found.column not in columns:
        raise no_column(found.column, columns)
    return found


def json_value(kind: TypeKind | None, value: Value) -> Any:
    """Returns a value as JSON has it: nothing of a decimal, and no byte, is lost."""
    if value is None:
        return None
    if kind == "boolean":
        return bool(value) if value in (0, 1) else value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if kind == "decimal" or (isinstance(value, float) and not math.isfinite(value)):
        return str(value)
    return value


def text_value(kind: TypeKind | None, value: Value) -> str | None:
    r"""Returns a value as a text that an import reads as the same value; None: it is NULL.

    >>> text_value("boolean", 1), text_value("float", 0.1), text_value(None, b"\xff\x00")
    ('true', '0.1', '\\xff00')
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool) or (kind == "boolean" and value in (0, 1)):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return _text_of_bytes(value)
    if isinstance(value, float):
        return _text_of_float(value)
    return str(value)


def single(value: float) -> float:
    """Returns a float of 32 bits as the number with the fewest digits that is stored as it.

    >>> single(0.10000000149011612)
    0.1
    """
    for digits in range(6, 9):
        shorter = float(f"{value:.{digits}g}")
        if math.isfinite(value) and _SINGLE.unpack(_SINGLE.pack(shorter)) == (value,):
            return shorter
    return value


def _text_of_bytes(value: bytes) -> str:
    """Bytes are the text that they spell, as they were loaded; others are in hexadecimal, which
    PostgreSQL reads."""
    if b"\\" not in value and b"\0" not in value:
        try:
            return value.decode()
        except UnicodeDecodeError:
            pass
    return f"\\x{value.hex()}"


def _text_of_float(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
