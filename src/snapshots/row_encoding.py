"""What the kernel turns records into, and what each of these encodings can do.

The kernel has one converter for each encoding; a target says which of them its sessions take. Code
that plans an import asks an encoding for what it can do, and never for its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, get_args

from msgspec import Struct

from snapshots.model import TypeKind

EncodingName: TypeAlias = Literal["postgres", "text", "mariadb", "sqlite", "arrow", "json"]
"""The kernel's name for an encoding. Plans in the ledger hold it."""

_EVERY_KIND: Final[frozenset[TypeKind]] = frozenset(get_args(TypeKind))
_ALL_BUT_NUMBERS: Final = _EVERY_KIND - {"boolean", "integer", "float"}


class RowEncoding(Struct, frozen=True):
    """One form of rows that the kernel writes.

    A target that needs no form of its own takes an existing one: `TEXT` suits every database that
    can load tab-separated text, `SQLITE_VALUES` those that bind values through SQLite's interface.
    """

    name: EncodingName
    binary: bool = False
    """The kernel writes the values of a column's type itself. False: the database reads text."""
    kinds_as_text: frozenset[TypeKind] = frozenset()
    """The kinds whose values stand as text in a row. A column of any of these kinds takes the text
    of another one, so that a plan may mix them."""
    when_types_differ: RowEncoding | None = None
    """The encoding to load with where a contract and a column have different types. None: this
    one, as far as both types are among `kinds_as_text`."""
    columns_make_numbers: bool = False
    """A column may store a text that looks like a number as that number. The kernel must reject
    such a value where the column would alter it."""
    block_bytes: int = 1 << 20
    """How much of the input the kernel converts at a time."""
    block_records: int | None = None
    """Of how many records at most; None: of any number."""
    exact_types: bool = False
    """A table's columns say all that a plan needs. False: some kinds of values share one type of
    column, and the plan of the table's last import tells them apart."""


TEXT: Final = RowEncoding("text", kinds_as_text=_EVERY_KIND)
"""Tab-separated text with backslash escapes: MySQL's `LOAD DATA`, PostgreSQL's text `COPY`."""
POSTGRES_COPY: Final = RowEncoding(
    "postgres", binary=True, when_types_differ=TEXT, exact_types=True
)
"""Rows of PostgreSQL's binary `COPY`."""
MARIADB_BULK: Final = RowEncoding(
    "mariadb", binary=True, kinds_as_text=_ALL_BUT_NUMBERS, when_types_differ=TEXT
)
"""Values of MariaDB's bulk execution of a prepared statement."""
SQLITE_VALUES: Final = RowEncoding(
    "sqlite", binary=True, kinds_as_text=_ALL_BUT_NUMBERS, columns_make_numbers=True
)
"""Values that the kernel binds to an INSERT of SQLite. They never leave the kernel."""
ARROW_ROWS: Final = RowEncoding(
    "arrow", binary=True, block_bytes=16 << 20, block_records=122_880, exact_types=True
)
"""Columns of Arrow, a batch for each block. They never leave the kernel. So many rows are a row
group of DuckDB, which copies smaller batches once more before it stores them."""
JSON: Final = RowEncoding("json")
"""JSON objects, one for each record: what HTTP APIs are sent."""

ENCODINGS: Final[Mapping[str, RowEncoding]] = {
    one.name: one for one in (TEXT, POSTGRES_COPY, MARIADB_BULK, SQLITE_VALUES, ARROW_ROWS, JSON)
}
"""By the name that a block of the kernel or a plan in the ledger has."""
