"""Takes the types of columns apart: arrays, composites and ranges, down to the plain types.

A domain stands for the type it is made of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct

from snapshots.targets.postgres.quoting import qualified, quote

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.model import TableName
    from snapshots.ports import ResultRows

    Execute: TypeAlias = Callable[..., ResultRows]

Shape: TypeAlias = Literal["plain", "array", "composite", "range", "multirange"]

_COLUMNS = """
SELECT attname, atttypid, atttypmod FROM pg_attribute
WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
_FIELDS = """
SELECT attname, atttypid, atttypmod FROM pg_attribute
WHERE attrelid = ? AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
_TYPE = """
SELECT typname, typtype, typbasetype, typtypmod, typrelid,
       CASE WHEN oid = (SELECT typarray FROM pg_type AS e WHERE e.oid = t.typelem) THEN typelem
       ELSE 0 END,
       (SELECT typdelim FROM pg_type AS e WHERE e.oid = t.typelem),
       (SELECT rngsubtype FROM pg_range WHERE rngtypid = t.oid),
       (SELECT rngtypid FROM pg_range AS r
        WHERE CAST(to_jsonb(r) ->> 'rngmultitypid' AS oid) = t.oid AND typtype = 'm'),
       format_type(oid, ?), format_type(oid, -1)
FROM pg_type AS t WHERE oid = ?
"""
"""Servers before 14 have neither multiranges nor the column `rngmultitypid`; so it is read from
the row as JSON."""


class TypeParts(Struct, frozen=True):
    """A type, and what it is made of."""

    shape: Shape
    name: str
    """The name of a plain type, as the catalogue has it."""
    sql: str
    """The type as SQL, with its modifier."""
    plain_sql: str
    """The type as SQL, without its modifier."""
    modified: bool = False
    parts: tuple[tuple[str, TypeParts], ...] = ()
    """The fields of a composite with their names; otherwise the one type of the elements."""

    @property
    def part(self) -> TypeParts:
        """The type of the elements of an array, a range or a multirange."""
        return self.parts[0][1]


def columns_of(execute: Execute, table: TableName) -> dict[str, TypeParts]:
    """Returns the types of a table's columns, by name."""
    known: dict[tuple[int, int], TypeParts] = {}
    return {
        str(name): _made(execute, _int(oid), _int(typmod), known)
        for name, oid, typmod in execute(_COLUMNS, (qualified(table),))
    }


def _made(
    execute: Execute, oid: int, typmod: int, known: dict[tuple[int, int], TypeParts]
) -> TypeParts:
    key = (oid, typmod)
    if key not in known:
        known[key] = _look_up(execute, oid, typmod, known)
    return known[key]


def _look_up(
    execute: Execute, oid: int, typmod: int, known: dict[tuple[int, int], TypeParts]
) -> TypeParts:
    ((name, kind, base, base_typmod, relation, element, delimiter, sub, range_, sql, plain),) = (
        execute(_TYPE, (typmod, oid))
    )

    def shaped(shape: Shape, *parts: tuple[str, TypeParts]) -> TypeParts:
        return TypeParts(shape, str(name), str(sql), str(plain), typmod >= 0, parts)

    def made(oid: object, typmod: int = -1) -> TypeParts:
        return _made(execute, _int(oid), typmod, known)

    if kind == "d":
        return made(base, _int(base_typmod))
    found = shaped("plain")
    if element and delimiter == ",":
        found = shaped("array", ("", made(element, typmod)))
    elif kind == "c":
        fields = execute(_FIELDS, (relation,))
        found = shaped("composite", *((str(n), made(o, _int(m))) for n, o, m in fields))
    elif kind == "r":
        found = shaped("range", ("", made(sub)))
    elif kind == "m":
        found = shaped("multirange", ("", made(range_)))
    elif kind == "e":
        found = TypeParts("plain", "enum", str(sql), str(plain))
    return found


class TwinTypes:
    """Types that take a value apart into the texts it is made of; they last as long as the
    transaction."""

    def __init__(self) -> None:
        self.create: list[str] = []
        self._names: dict[TypeParts, str] = {}

    def of(self, made: TypeParts) -> str:
        """Returns the name of the twin of a type: the same arrays and fields, of texts."""
        if made.shape == "array":
            return f"{self.of(made.part)}[]"
        if made.shape == "composite":
            return self._row(made, [(name, self.of(part)) for name, part in made.parts])
        return "text"

    def bounds(self) -> str:
        """Returns the name of a composite of two texts, for the bounds of a range."""
        made = TypeParts("composite", "bounds", "", "")
        return self._row(made, [("low", "text"), ("high", "text")])

    @property
    def names(self) -> tuple[str, ...]:
        """The temporary tables whose row types the twins are."""
        return tuple(self._names.values())

    def _row(self, made: TypeParts, fields: list[tuple[str, str]]) -> str:
        if made not in self._names:
            name = f"pg_temp.snapshots_twin_{len(self._names)}"
            columns = ", ".join(f"{quote(field)} {kind}" for field, kind in fields)
            self.create.append(f"CREATE TEMP TABLE {name} ({columns}) ON COMMIT DROP")
            self._names[made] = name
        return self._names[made]


def _int(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(value)
    return value
