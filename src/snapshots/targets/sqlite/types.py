"""Translates types between contracts and the declarations of SQLite's tables, both ways.

SQLite stores any value anywhere, but converts it first by the *affinity* that it reads from
the declared type's name: in a column of numeric affinity the text 1.50 becomes the number 1.5.
Names that are declared here have an affinity that leaves their values alone: decimals and JSON
are TEXT; dates, times and UUIDs never look like a number.
"""

from __future__ import annotations

import re

from snapshots.errors import ContractError
from snapshots.model import Type, TypeKind

_DECLARED: dict[TypeKind, str] = {
    "boolean": "BOOLEAN",
    "integer": "INTEGER",
    "decimal": "DECIMAL_TEXT",
    "float": "REAL",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMPTZ",
    "text": "TEXT",
    "uuid": "UUID",
    "json": "JSON_TEXT",
}
_KINDS: dict[str, TypeKind] = {
    **{name: kind for kind, name in _DECLARED.items()},
    "BOOL": "boolean",
    "DATETIME": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "GUID": "uuid",
    "JSON": "json",
    "YEAR": "integer",
    "BIT": "integer",
}
# Numbers as SQLite keeps them, doubles and integers of 64 bits: any other must be refused.
_NUMBERS = ("NUMERIC", "DECIMAL", "NUMBER", "MONEY", "CURRENCY")
_KINDS.update(dict.fromkeys(_NUMBERS, "float"))
_ARGUMENTS = re.compile(r"\s*\([^)]*\)")


def sql_type(kind: Type) -> str:
    """Returns the declared type for a contract's type."""
    return _DECLARED[kind.kind]


def physical(kind: Type) -> Type:
    """Returns a contract's type without the limits that SQLite does not have."""
    return Type(kind.kind)


def makes_numbers(declared: str) -> bool:
    """Returns whether a column of this declared type stores a text that is a number as that number,
    and integers as such."""
    return _name(declared) in {"JSON", *_NUMBERS}


def _name(declared: str) -> str:
    return " ".join(_ARGUMENTS.sub("", declared).upper().split())


def kernel_type(declared: str, *, strict: bool = False) -> Type | None:
    """Returns the contract's type for a column of this declared type; None if it takes any value.

    `strict`: the table is STRICT, where ANY keeps a value as it is; elsewhere it makes numbers.

    Raises ContractError for a type that would change texts into numbers without a word.
    """
    name = _name(declared)
    if name in _KINDS:
        return Type(_KINDS[name])
    # The rules of affinity, in SQLite's order.
    if "INT" in name:
        return Type("integer")
    if any(part in name for part in ("CHAR", "CLOB", "TEXT")):
        return Type("text")
    if not name or "BLOB" in name or (name == "ANY" and strict):
        return None
    if any(part in name for part in ("REAL", "FLOA", "DOUB")):
        return Type("float")
    raise ContractError(
        f"SQLite treats a column of type {declared} as a number, and would change texts such as"
        " 007 or 1.50.",
        hint="Declare the column as TEXT, or as NUMERIC if it holds numbers.",
    )
