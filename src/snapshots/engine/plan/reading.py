"""Says in one line how an input is read: what a user looks at before the counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from snapshots.formats import doubt
from snapshots.notes import ReadingNote

if TYPE_CHECKING:
    from snapshots.formats.sniff import Sniffed
    from snapshots.model import Column, Contract, Type

_NAMES = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}


def reading(sniffed: Sniffed, contract: Contract) -> ReadingNote:
    """The line for an input and the columns that it is loaded into."""
    return ReadingNote.of(_written(sniffed), map(shown_column, contract.columns))


def shown_column(column: Column) -> str:
    """Name and type of a column."""
    return f"{column.name} {shown_type(column.type)}"


def shown_type(kind: Type) -> str:
    """A type in one word, with its size if it is not the usual one."""
    size = ""
    if kind.kind == "decimal" and kind.precision is not None:
        size = f"({kind.precision},{kind.scale})"
    elif kind.kind in ("integer", "float") and kind.bits != 64:
        size = str(kind.bits)
    elif kind.max_chars is not None:
        size = f"({kind.max_chars})"
    return f"{kind.kind}{size}"


def _written(sniffed: Sniffed) -> Iterator[str]:
    dialect = sniffed.dialect
    if sniffed.named and not dialect.places:
        yield "columns with types"
        return
    yield from _form(sniffed)
    if dialect.syntax == "delimited":
        yield "header" if dialect.header else "no header"
    if not dialect.cells:
        yield _NAMES.get(dialect.encoding, dialect.encoding)


def _form(sniffed: Sniffed) -> Iterator[str]:
    dialect = sniffed.dialect
    if dialect.cells:
        yield "sheet"
    elif dialect.places:
        yield "fixed width"
    elif dialect.syntax != "delimited":
        yield "JSON Lines" if dialect.syntax == "objects" else "JSON array"
        if dialect.nested == "columns":
            yield "nested objects as columns"
    else:
        yield from _of_text(sniffed)


def _of_text(sniffed: Sniffed) -> Iterator[str]:
    dialect, writer = sniffed.dialect, sniffed.given.input_format
    if writer is not None:
        yield writer
    yield "one column" if len(sniffed.header) == 1 else doubt.name(dialect.delimiter)
    if dialect.quote == "'":
        yield "single quotes"
    elif dialect.quote is None and writer is None:
        yield "no quotes"
    if dialect.escape and writer is None:
        yield "backslash escapes" if dialect.escape == "\\" else f"escape {dialect.escape}"
    if dialect.terminator == "cr":
        yield "CR line ends"
    if dialect.skip_initial_space:
        yield "spaces after delimiters skipped"
