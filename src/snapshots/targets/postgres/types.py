"""Translates types between contracts and PostgreSQL's `format_type`, both ways."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from snapshots.errors import ContractError
from snapshots.model import Type
from snapshots.targets.postgres.quoting import NAME_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.model import TableColumn, TypeKind

MAX_VARCHAR = 10_485_760
MAX_PRECISION = 1000
MICROSECONDS = 6
REAL_BITS = 32

_SIMPLE = {
    "boolean": Type("boolean"),
    "smallint": Type("integer", bits=16),
    "integer": Type("integer", bits=32),
    "bigint": Type("integer", bits=64),
    "real": Type("float", bits=32),
    "double precision": Type("float", bits=64),
    "numeric": Type("decimal"),
    "money": Type("decimal", precision=19, scale=2),
    "date": Type("date"),
    "text": Type("text"),
    "citext": Type("text"),
    "character varying": Type("text"),
    "bpchar": Type("text"),
    # These two cut what is too long, without a word.
    "name": Type("text", max_bytes=NAME_BYTES),
    '"char"': Type("text", max_bytes=1),
    "uuid": Type("uuid"),
    "json": Type("json"),
    "jsonb": Type("json", wire="jsonb"),
}
_TEXT_ONLY = {"money", '"char"'}
"""Types of which the kernel knows the text and not the binary form."""

_NUMERIC = re.compile(r"numeric\((\d+),(-?\d+)\)")
_CHARACTER = re.compile(r"character(?: varying)?\((\d+)\)")
_TEMPORAL = re.compile(r"(timestamp|time)(?:\((\d)\))? (with|without) time zone")


def sql_type(kind: Type) -> str:
    """Returns the narrowest column type that holds all values of a contract's type."""
    return _WRITERS[kind.kind](kind) if kind.kind in _WRITERS else kind.kind


def _integer(kind: Type) -> str:
    bits = kind.bits + (1 if kind.unsigned else 0)
    names = ((16, "smallint"), (32, "integer"), (64, "bigint"))
    return next((name for limit, name in names if bits <= limit), "numeric(20,0)")


def _decimal(kind: Type) -> str:
    if kind.precision is None or kind.scale is None or kind.precision > MAX_PRECISION:
        return "numeric"
    return f"numeric({kind.precision},{kind.scale})"


def _text(kind: Type) -> str:
    limited = kind.max_chars is not None and 0 < kind.max_chars <= MAX_VARCHAR
    return f"character varying({kind.max_chars})" if limited else "text"


def _temporal(kind: Type) -> str:
    digits = "" if kind.fraction >= MICROSECONDS else f"({kind.fraction})"
    zone = "with" if kind.kind == "timestamptz" else "without"
    return f"{kind.kind.removesuffix('tz')}{digits} {zone} time zone"


_WRITERS: dict[TypeKind, Callable[[Type], str]] = {
    "integer": _integer,
    "decimal": _decimal,
    "float": lambda kind: "double precision" if kind.bits > REAL_BITS else "real",
    "text": _text,
    "json": lambda kind: kind.wire or "json",
    "time": _temporal,
    "timestamp": _temporal,
    "timestamptz": _temporal,
}


def kernel_type(sql: str) -> Type | None:
    """Returns the contract's type for a column of this type; None if the kernel does not know it.

    Raises ContractError for the one type that rounds what it is given to tens or hundreds.
    """
    if sql.endswith(".citext"):  # in a schema that is not on the search path
        sql = "citext"
    if known := _SIMPLE.get(sql):
        return known
    if match := _NUMERIC.fullmatch(sql):
        precision, scale = int(match[1]), int(match[2])
        if not 0 <= scale <= precision:
            raise ContractError(
                f"A column of type {sql} rounds its numbers.",
                hint="Give it a scale from 0 to its precision.",
            )
        return Type("decimal", precision=precision, scale=scale)
    if match := _CHARACTER.fullmatch(sql):
        return Type("text", max_chars=int(match[1]))
    if match := _TEMPORAL.fullmatch(sql):
        fraction = MICROSECONDS if match[2] is None else int(match[2])
        if match[1] == "timestamp":
            return Type("timestamptz" if match[3] == "with" else "timestamp", fraction=fraction)
        if match[3] == "without":
            return Type("time", fraction=fraction)
    return None


def has_binary_form(column: TableColumn) -> bool:
    """Returns whether the kernel can write the column's values in the binary form of COPY."""
    return column.type is not None and column.sql_type not in _TEXT_ONLY
