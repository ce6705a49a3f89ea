"""Formats: how the bytes of an input are laid out as records.

A source gives bytes and names their format. The format finds the dialect and the header. The kernel
cuts and decodes by the dialect alone, so that nothing else in the engine knows formats.
"""

from __future__ import annotations

import dataclasses
from dataclasses import fields
from typing import TYPE_CHECKING, Final, Literal, Protocol

from msgspec import Struct
from msgspec.structs import replace

from snapshots.defaults import MAX_RECORD_SIZE
from snapshots.errors import UsageError
from snapshots.formats.fixed_width import FixedWidth
from snapshots.formats.objects import Objects
from snapshots.formats.sniff import HEAD, Sniffed, sniff
from snapshots.formats.writers import ExcelCsv, MysqlOutfile, PostgresText
from snapshots.model import Dialect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshots.defaults import InputFormat
    from snapshots.formats.options import DialectOptions
    from snapshots.model import Contract, FormatName
    from snapshots.ports import Source


class Format(Protocol):
    """How inputs of one kind are laid out. Holds no state."""

    def detect(self, source: Source, given: DialectOptions) -> Sniffed:
        """Finds dialect and header; options are obeyed. Consumes nothing of the source.

        Raises DialectError where only the user can decide, UsageError for an option that the format
        does not have, and the InputError of the source.
        """


class _Csv:
    """Text with delimiters, of which everything is detected."""

    def detect(self, source: Source, given: DialectOptions) -> Sniffed:
        """See `Format`."""
        if given.nested_objects is not None:
            raise UsageError(
                "This input is text with delimiters, and 'nested_objects' is for JSON.",
                hint="Leave that option out.",
            )
        return sniff(source.head(HEAD), given)


class _Sheet:
    """The rows of a sheet. Only its table is looked for: the header, below titles or not."""

    def detect(self, source: Source, given: DialectOptions) -> Sniffed:
        """See `Format`."""
        wrong = next((name for name in _OF_TEXT if getattr(given, name) is not None), None)
        if wrong is not None:
            raise UsageError(
                f"A sheet has cells, so the option for its {_OF_TEXT[wrong]} has no meaning.",
                hint="Leave that option out.",
            )
        way = dataclasses.replace(
            given, delimiter=",", quote='"', encoding="utf-8", skip_initial_space=False,
            ragged=given.ragged or "pad",
        )  # fmt: skip
        found = sniff(source.head(HEAD), way, base=Dialect(terminator="rs", cells=True))
        notes = tuple(note for note in found.notes if not note.startswith(_NOTES_OF_TEXT))
        # The first row may have formulas without a value.
        header = tuple("" if name in _ERRORS else name for name in found.header)
        return replace(found, notes=notes, header=header)


class _Columns(Struct, frozen=True):
    """Columns with names and types, whose rows the kernel writes as records."""

    what: str

    def detect(self, source: Source, given: DialectOptions) -> Sniffed:
        """See `Format`. The source knows the columns."""
        names = [one.name for one in fields(given) if one.name != "max_record_size"]
        wrong = next((name for name in names if getattr(given, name) is not None), None)
        if wrong is not None:
            raise UsageError(
                f"{self.what} has columns and types, so the option {wrong} has no meaning.",
                hint="Leave that option out.",
            )
        most = given.max_record_size or MAX_RECORD_SIZE
        columns = () if source.schema is None else source.schema.columns
        header = tuple(column.source for column in columns)
        # A NULL alone would be a blank record, so that a delimiter follows a single field.
        ragged: Literal["trim", "reject"] = "trim" if len(header) == 1 else "reject"
        dialect = Dialect(terminator="rs", header=False, max_record_size=most, ragged=ragged)
        notes = () if source.schema is None else source.schema.notes
        return Sniffed(dialect, header, notes, frozenset(), sample=source.head(HEAD), named=True)


_ERRORS: Final = {
    "#UNCALCULATED", "#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#DATA!",
}  # fmt: skip
"""Errors of cells, as the kernel writes them: none of them names a column."""
_OF_TEXT: Final = {
    "delimiter": "delimiter",
    "quote": "quotes",
    "escape": "escapes",
    "terminator": "line ends",
    "encoding": "encoding",
    "comment": "comments",
    "skip_initial_space": "spaces after delimiters",
    "nested_objects": "nested objects",
}
_NOTES_OF_TEXT: Final = ("delimiter:", "encoding:", "quotes:", "escape", "line ends:")

FORMATS: Final[Mapping[FormatName, Format]] = {
    "csv": _Csv(),
    "sheet": _Sheet(),
    "jsonl": Objects("objects"),
    "json": Objects("array"),
    "parquet": _Columns("A Parquet file"),
    "frame": _Columns("A frame"),
}
"""Formats that are detected. A query is none of them: it brings its layout (`ports.Described`)."""


_WRITERS: Final[Mapping[InputFormat, Format]] = {
    "postgres-text": PostgresText(),
    "mysql-outfile": MysqlOutfile(),
    "excel-csv": ExcelCsv(),
}
_OTHERS: Final = {"sheet": "a sheet", "parquet": "a Parquet file", "frame": "a frame"}
"""Inputs that no option and no contract makes a text."""


def detected(
    source: Source,
    given: DialectOptions,
    contract: Contract | None = None,
    *,
    with_types: bool = False,
) -> Sniffed:
    """Returns the layout of an input, by its format. Consumes nothing of the source.

    A contract may say where the fields of a line stand; then nothing else is asked of it.
    `with_types`: types will be inferred, so that a format which reads all records collects the
    evidence.

    Raises DialectError, UsageError, and the InputError of the source.
    """
    fixed = contract if contract is not None and contract.is_fixed else None
    writer = _WRITERS[given.input_format] if given.input_format else FORMATS[source.format]
    if fixed is None and given.input_format is None:
        if with_types and isinstance(writer, Objects):
            writer = replace(writer, with_types=True)
        return writer.detect(source, given)
    if (what := _OTHERS.get(source.format)) is not None:
        option = "x-start in the contract" if fixed else f"input format {given.input_format}"
        raise UsageError(
            f"{option} has no meaning for this input, which is {what}", hint="leave it out"
        )
    if fixed is not None:
        return FixedWidth(fixed).detect(source, given)
    return writer.detect(source, given)
