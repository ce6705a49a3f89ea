"""Translates types between contracts and `COLUMN_TYPE` of MySQL and MariaDB, both ways."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from snapshots.errors import ContractError
from snapshots.model import Type

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.model import Contract, TypeKind, Wire

MAX_PRECISION, MAX_SCALE = 65, 30
MAX_VARCHAR = 16_383
ROW_BYTES = 60_000
"""Bytes for the varchars of one table. A row may have 65,535 without its texts."""
KEY_CHARACTERS = 768
"""Characters for all the columns of one key."""
OTHER_CHARACTERS = 8
"""What a column of a key that is no text takes of them at most: 32 bytes."""
BYTES_A_CHARACTER = 4
REAL_BITS = 32
UUID_CHARACTERS = 36

UTC_COMMENT = "UTC"
"""Marks the `datetime` columns that hold instants: a MySQL timestamp ends in 2038."""
UUID_SQL = "char(36) CHARACTER SET ascii COLLATE ascii_bin"

_INTEGERS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
_NAMES = {bits: name for name, bits in _INTEGERS.items()}
_TEXT_BYTES = {
    "tinytext": 2**8 - 1, "text": 2**16 - 1, "mediumtext": 2**24 - 1, "longtext": None,
    "tinyblob": 2**8 - 1, "blob": 2**16 - 1, "mediumblob": 2**24 - 1, "longblob": None,
}  # fmt: skip

_WIRES: dict[str, Wire] = {"json": "binary", "year": "year", "time": "span"}

_MEMBER = re.compile(r"'((?:[^'\\]|''|\\.)*)'", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)|''", re.DOTALL)
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "Z": "\x1a", "b": "\b"}
"""What the letter after a backslash means in the server's output."""

_EXACT_DIGITS = {"float": 6, "double": 15}

_TYPE = re.compile(r"([a-z0-9_]+)(?:\((.*?)\))?((?: [a-z]+)*)", re.DOTALL)


def sql_types(contract: Contract) -> list[str]:
    """Returns the column types for a contract, in the order of its columns.

    MySQL limits the length of keys and of rows. Texts in keys are varchars that fit; of the
    other varchars the longest are texts where they would be too much for a row.
    """
    texts = [column for column in contract.columns if column.type.kind == "text"]
    limits = {column.name: column.type.max_chars or 0 for column in texts}
    shared = [column for column in texts if column.name in contract.primary_key]
    keys = [column.name for column in texts if column.unique or column in shared]
    others = OTHER_CHARACTERS * (len(contract.primary_key) - len(shared))
    for name in keys:
        in_key = name in contract.primary_key
        fair = (KEY_CHARACTERS - others) // len(shared) if in_key else KEY_CHARACTERS
        limits[name] = min(limits[name] or fair, fair)
    left = ROW_BYTES // BYTES_A_CHARACTER - sum(limits[name] for name in keys)
    for name in sorted(set(limits) - set(keys), key=lambda name: limits[name]):
        left -= limits[name]
        if left < 0 or limits[name] > MAX_VARCHAR:
            limits[name] = 0
    return [
        _text(limits[column.name]) if column.type.kind == "text" else sql_type(column.type)
        for column in contract.columns
    ]


def sql_type(kind: Type) -> str:
    """Returns the column type for a contract's type, whatever the table's other columns are."""
    return _WRITERS[kind.kind](kind)


def kernel_type(column_type: str, *, comment: str = "", collation: str = "") -> Type | None:
    """Returns the contract's type for a column of this type; None if the kernel does not know it.

    Raises ContractError for floats with a scale that they cannot hold exactly.
    """
    match = _TYPE.match(column_type.lower())
    if match is None:
        return None
    name, arguments, rest = match[1], match[2], match[3]
    numbers = [int(n) for n in (arguments or "").split(",") if n.strip().isdigit()]
    read = _READERS.get(name)
    if read is None:
        return None
    kind = read(name, numbers, "unsigned" in rest)
    if kind.kind == "timestamp" and comment == UTC_COMMENT:
        return Type("timestamptz", fraction=kind.fraction)
    if (name, numbers, collation) == ("char", [UUID_CHARACTERS], "ascii_bin"):
        return Type("uuid")
    return kind


def wire_of(column_type: str, kind: Type | None) -> Wire:
    """Returns what a column of this type does to its values besides.

    A char loses blanks at its end, and a tinyint(1) takes any small number. What MySQL calls json
    is no text; MariaDB says longtext."""
    name = column_type.lower().partition("(")[0]
    if kind is not None and (name, kind.kind) == ("char", "text"):
        return "padded"
    if kind is not None and (name, kind.kind) == ("tinyint", "boolean"):
        return "tiny"
    return _WIRES.get(name, "")


def values_of(column_type: str) -> tuple[str, ...] | None:
    """Returns the members of an enum, unquoted; None for any other type."""
    if not column_type.lower().startswith("enum("):
        return None
    members = _MEMBER.findall(column_type)
    return tuple(_ESCAPED.sub(_unescaped, member) for member in members)


def _unescaped(found: re.Match[str]) -> str:
    return _LETTERS.get(found[1], found[1]) if found[1] else "'"


def physical_types(contract: Contract) -> list[Type]:
    """Returns what `kernel_type` makes of the columns of a table created from the contract."""
    types = []
    for column, sql in zip(contract.columns, sql_types(contract), strict=True):
        declared, _, comment = sql.partition(" COMMENT ")
        collation = "ascii_bin" if declared == UUID_SQL else ""
        kind = kernel_type(declared, comment=comment.strip("'"), collation=collation)
        types.append(column.type if kind is None else kind)
    return types


def _integer(kind: Type) -> str:
    return f"{_NAMES[kind.bits]}{' unsigned' if kind.unsigned else ''}"


def _decimal(kind: Type) -> str:
    if kind.precision is None or kind.scale is None:
        return f"decimal({MAX_PRECISION},{MAX_SCALE})"
    scale = min(kind.scale, MAX_SCALE)
    precision = min(kind.precision - kind.scale + scale, MAX_PRECISION)
    return f"decimal({precision},{scale})"


def _text(max_chars: int) -> str:
    return f"varchar({max_chars})" if max_chars else "longtext"


_WRITERS: dict[TypeKind, Callable[[Type], str]] = {
    "boolean": lambda _: "tinyint(1)",
    "integer": _integer,
    "decimal": _decimal,
    "float": lambda kind: "double" if kind.bits > REAL_BITS else "float",
    "date": lambda _: "date",
    "time": lambda kind: f"time({kind.fraction})",
    "timestamp": lambda kind: f"datetime({kind.fraction})",
    "timestamptz": lambda kind: f"datetime({kind.fraction}) COMMENT '{UTC_COMMENT}'",
    "text": lambda kind: _text(kind.max_chars or 0),
    "uuid": lambda _: UUID_SQL,
    "json": lambda _: "json",
}


def _read_integer(name: str, numbers: list[int], unsigned: bool) -> Type:
    if name == "tinyint" and numbers == [1]:
        return Type("boolean", unsigned=unsigned)
    return Type("integer", bits=_INTEGERS[name], unsigned=unsigned)


def _read_decimal(_: str, numbers: list[int], __: bool) -> Type:
    precision, scale = (*(numbers or [10]), 0)[:2]
    return Type("decimal", precision=precision, scale=scale)


def _read_float(name: str, numbers: list[int], _: bool) -> Type:
    if len(numbers) != 2:
        return Type("float", bits=64 if name == "double" else REAL_BITS)
    # It rounds to its scale, and only so many digits come back from it as they went in.
    precision, scale = min(numbers[0], _EXACT_DIGITS[name]), numbers[1]
    if scale > precision:
        raise ContractError(
            f"A column of type {name}({numbers[0]},{scale}) rounds its numbers.",
            hint=f"Change it to decimal({numbers[0]},{scale}), or to {name} without a scale.",
        )
    return Type("decimal", precision=precision, scale=scale)


def _read_temporal(name: str, numbers: list[int], _: bool) -> Type:
    kind: TypeKind = "time" if name == "time" else "timestamp"
    return Type(kind, fraction=numbers[0] if numbers else 0)


def _read_bit(_: str, numbers: list[int], __: bool) -> Type:
    return Type("boolean") if numbers in ([], [1]) else Type("integer", unsigned=True)


_READERS: dict[str, Callable[[str, list[int], bool], Type]] = {
    **dict.fromkeys(_INTEGERS, _read_integer),
    "decimal": _read_decimal,
    **dict.fromkeys(("float", "double"), _read_float),
    **dict.fromkeys(("time", "datetime", "timestamp"), _read_temporal),
    **dict.fromkeys(_TEXT_BYTES, lambda name, *_: Type("text", max_bytes=_TEXT_BYTES[name])),
    **dict.fromkeys(("char", "varchar"), lambda _, n, __: Type("text", max_chars=n[0])),
    **dict.fromkeys(("binary", "varbinary"), lambda _, n, __: Type("text", max_bytes=n[0])),
    **dict.fromkeys(("enum", "set"), lambda *_: Type("text")),
    "bit": _read_bit,
    "year": lambda *_: Type("integer", bits=16, unsigned=True),
    "date": lambda *_: Type("date"),
    "uuid": lambda *_: Type("uuid"),
    "json": lambda *_: Type("json"),
}
