"""Translates types between contracts and DuckDB's names of types, both ways."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from snapshots.model import Type

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.model import TypeKind

MAX_PRECISION = 38
USUAL_SCALE = 18
"""The scale of a decimal that has no limits of its own."""
REAL_BITS = 32

_SIMPLE = {
    "BOOLEAN": Type("boolean"),
    "TINYINT": Type("integer", bits=8),
    "SMALLINT": Type("integer", bits=16),
    "INTEGER": Type("integer", bits=32),
    "BIGINT": Type("integer", bits=64),
    "UTINYINT": Type("integer", bits=8, unsigned=True),
    "USMALLINT": Type("integer", bits=16, unsigned=True),
    "UINTEGER": Type("integer", bits=32, unsigned=True),
    "UBIGINT": Type("integer", bits=64, unsigned=True),
    # One digit more than its decimals have: the largest numbers are refused.
    "HUGEINT": Type("decimal", precision=MAX_PRECISION, scale=0),
    "FLOAT": Type("float", bits=32),
    "DOUBLE": Type("float", bits=64),
    "DATE": Type("date"),
    "TIME": Type("time"),
    "TIMESTAMP": Type("timestamp"),
    "TIMESTAMP_MS": Type("timestamp", fraction=3),
    "TIMESTAMP_S": Type("timestamp", fraction=0),
    "TIMESTAMP WITH TIME ZONE": Type("timestamptz"),
    "VARCHAR": Type("text"),
    "UUID": Type("uuid"),
    "JSON": Type("json"),
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_MEMBER = re.compile(r"'((?:[^']|'')*)'")


def sql_type(kind: Type) -> str:
    """Returns the narrowest column type that holds all values of a contract's type."""
    return _WRITERS[kind.kind](kind)


def _integer(kind: Type) -> str:
    bits = kind.bits + (1 if kind.unsigned else 0)
    names = ((16, "SMALLINT"), (32, "INTEGER"), (64, "BIGINT"))
    return next((name for limit, name in names if bits <= limit), "UBIGINT")


def _decimal(kind: Type) -> str:
    if kind.precision is None or kind.scale is None:
        return f"DECIMAL({MAX_PRECISION},{USUAL_SCALE})"
    scale = min(kind.scale, MAX_PRECISION)
    precision = min(kind.precision - kind.scale + scale, MAX_PRECISION)
    return f"DECIMAL({max(precision, 1)},{scale})"


_WRITERS: dict[TypeKind, Callable[[Type], str]] = {
    "boolean": lambda _: "BOOLEAN",
    "integer": _integer,
    "decimal": _decimal,
    "float": lambda kind: "DOUBLE" if kind.bits > REAL_BITS else "FLOAT",
    "date": lambda _: "DATE",
    "time": lambda _: "TIME",
    "timestamp": lambda _: "TIMESTAMP",
    "timestamptz": lambda _: "TIMESTAMP WITH TIME ZONE",
    "text": lambda _: "VARCHAR",
    "uuid": lambda _: "UUID",
    "json": lambda _: "JSON",
}


def kernel_type(sql: str) -> Type | None:
    """Returns the contract's type for a column of this type; None for one the kernel lacks."""
    if known := _SIMPLE.get(sql):
        return known
    if match := _DECIMAL.fullmatch(sql):
        return Type("decimal", precision=int(match[1]), scale=int(match[2]))
    return Type("text") if sql.startswith("ENUM(") else None


def values_of(sql: str) -> tuple[str, ...] | None:
    """Returns the members of an enum; None for any other type."""
    if not sql.startswith("ENUM("):
        return None
    return tuple(member.replace("''", "'") for member in _MEMBER.findall(sql))
