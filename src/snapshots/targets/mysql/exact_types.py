"""Column types that LOAD DATA would change values for, without a warning.

A year of 70 becomes 1970, the bit field 1 becomes 49, an enum takes a number for the position
of a member and ignores case, CHAR drops trailing spaces, BINARY is padded. For a column of
such a type the value goes through a variable and an expression, which gives the value as it
is, or else something that makes the server warn, and so the row is refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.model import TableColumn

DATA_TYPES = ("year", "bit", "enum", "set", "char", "binary")

_TYPE = re.compile(r"(\w+)(?:\((.*)\))?", re.DOTALL)
_MEMBER = re.compile(r"'(?:[^']|'')*'")


def is_inexact(column: TableColumn) -> bool:
    """Whether the column is of such a type. A UUID's char is not: nothing of it could change."""
    if column.type is None or column.type.kind == "uuid":
        return column.type is None
    match = _TYPE.match(column.sql_type)
    return match is not None and match[1].lower() in DATA_TYPES


def expression(column_type: str, variable: str) -> str:
    """SQL that gives the variable's value to a column of one of these types."""
    match = _TYPE.match(column_type)
    name, arguments = (match[1].lower(), match[2] or "") if match else ("", "")
    return _EXPRESSIONS[name](variable, arguments)


def _enum(variable: str, members: str) -> str:
    return f"IF({variable} IS NULL, NULL, FIELD(BINARY {variable}, {members}))"


def _set(variable: str, members: str) -> str:
    bits = " | ".join(
        f"((FIND_IN_SET(BINARY {member}, BINARY {variable}) > 0) << {place})"
        for place, member in enumerate(_MEMBER.findall(members))
    )
    ordered = f"BINARY {variable} = BINARY MAKE_SET({bits}, {members})"
    return rf"IF({variable} IS NULL OR {ordered}, {variable}, '\0')"


def _year(variable: str, _: str) -> str:
    is_year = f"{variable} REGEXP '^((19|20|21)[0-9][0-9]|0000)$'"
    return f"IF({variable} IS NULL OR {is_year}, {variable}, CONCAT('not a year: ', {variable}))"


def _too_long(length: str) -> str:
    return f"REPEAT('x', {int(length or 1) + 1})"


_EXPRESSIONS: dict[str, Callable[[str, str], str]] = {
    "year": _year,
    "bit": lambda variable, _: f"CAST({variable} AS UNSIGNED)",
    "enum": _enum,
    "set": _set,
    "char": lambda variable, n: f"IF({variable} LIKE '% ', {_too_long(n)}, {variable})",
    "binary": lambda variable, n: (
        f"IF(OCTET_LENGTH({variable}) <> {int(n or 1)}, {_too_long(n)}, {variable})"
    ),
}
