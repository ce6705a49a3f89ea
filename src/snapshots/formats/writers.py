"""Texts whose writer a user names: what it writes is known, so that little is detected."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from snapshots.errors import UsageError
from snapshots.formats import candidates
from snapshots.formats.encoding_guess import detect as encoding_of
from snapshots.formats.encodings import transcode
from snapshots.formats.first_lines import separator
from snapshots.formats.sniff import HEAD, Sniffed, sniff
from snapshots.model import Dialect
from snapshots.notes import DetailNote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshots.formats.options import DialectOptions
    from snapshots.ports import Source

COMMA: Final = ","


def null_texts(given: DialectOptions) -> tuple[str, ...] | None:
    r"""The texts that mean NULL to the writer of an input, which no empty field does; None: it has
    none of its own.

    >>> from snapshots.formats.options import DialectOptions
    >>> null_texts(DialectOptions(input_format="postgres-text"))
    ('\\N',)
    """
    if given.input_format == "mysql-outfile" and given.escape == "":
        return ("NULL",)
    return (r"\N",) if given.input_format in {"postgres-text", "mysql-outfile"} else None


class PostgresText:
    r"""What COPY writes: tabs, `\N`, and letters behind backslashes. See `formats.Format`."""

    def detect(self, source: Source, given: DialectOptions) -> Sniffed:
        """Detects the encoding, and a header if it is unlike the rows below it."""
        _refuse(given, {
            "quote": ("", "COPY writes no quotes as text"),
            "escape": ("\\", "COPY always writes backslashes as text"),
            "comment": ("", "COPY writes no comments"),
            "skip_initial_space": (False, "spaces are data for COPY"),
        })  # fmt: skip
        return _of_server(source, given, Dialect(escape="\\", escapes="postgres", idle="blank"))


class MysqlOutfile:
    r"""What INTO OUTFILE writes: tabs, `\N`, and a backslash before what has a meaning."""

    def detect(self, source: Source, given: DialectOptions) -> Sniffed:
        """Detects the encoding, and whether lines end with CR LF. A CR elsewhere is data."""
        _refuse(given, {
            "comment": ("", "MySQL writes no comments"),
            "skip_initial_space": (False, "spaces are data for MySQL"),
        })  # fmt: skip
        base = Dialect(escape="\\", escapes="mysql", idle="blank", terminator="lf_alone")
        if given.terminator is not None or _all_end_with_crlf(source.head(HEAD)):
            base = replace(base, terminator="lf")
        return _of_server(source, given, base)


class ExcelCsv:
    """What Excel writes as CSV or Unicode text, and what is written for it."""

    def detect(self, source: Source, given: DialectOptions) -> Sniffed:
        """Detects all but the quotes. The delimiter is the semicolon, the tab or the comma.

        With semicolons, numbers have a decimal comma: Excel uses them where the comma is not free.
        """
        _refuse(given, {
            "quote": ('"', "Excel always writes double quotes"),
            "escape": ("", "Excel writes no escapes"),
        })  # fmt: skip
        head = source.head(HEAD)
        base = Dialect(formulas=True)
        way = dataclasses.replace(given, quote='"', escape="")
        if given.delimiter is None and (delimiter := _of_excel(head, given, base)) is not None:
            way = dataclasses.replace(way, delimiter=delimiter)
        found = sniff(head, way, base=base)
        dialect, notes = found.dialect, (_written("Excel"), *found.notes)
        if dialect.delimiter == ";":
            dialect = replace(dialect, decimal_char=COMMA)
            notes = (*notes, DetailNote("numbers have a decimal comma, as semicolons separate"))
        return replace(found, dialect=dialect, notes=notes)


def _of_server(source: Source, given: DialectOptions, base: Dialect) -> Sniffed:
    way = dataclasses.replace(
        given,
        delimiter="\t" if given.delimiter is None else given.delimiter,
        quote=given.quote or "",
        escape=base.escape if given.escape is None else given.escape,
        preamble=given.preamble or 0,
        rows_after_header=given.rows_after_header or 0,
        ragged=given.ragged or "reject",
        skip_initial_space=False,
    )
    if given.terminator is None and base.terminator == "lf":
        way = dataclasses.replace(way, terminator="lf")
    head = source.head(HEAD)
    found = sniff(head, way, base=base)
    if given.header is None and found.dialect.header and "header" in found.doubts:
        # A row is not to be lost to a guess.
        found = sniff(head, dataclasses.replace(way, header=False), base=base)
        # Known columns may still tell that it is one.
        found = replace(found, doubts=found.doubts | {"header"}, given=way)
    dialect = found.dialect
    if len(found.header) == 1:
        dialect = replace(dialect, idle="none")
    writer = "PostgreSQL's COPY" if base.escapes == "postgres" else "MySQL's INTO OUTFILE"
    notes = (_written(writer), *found.notes)
    return replace(found, dialect=dialect, notes=notes)


def _written(writer: str) -> DetailNote:
    return DetailNote(f"format: as {writer} writes it, as given")


def _refuse(given: DialectOptions, meanings: Mapping[str, tuple[object, str]]) -> None:
    """Raises UsageError for an option that the writer leaves no choice in.

    `meanings`: by option, the only value that it may have, and why.
    """
    for option, (only, reason) in {**meanings, "nested_objects": (None, "it is for JSON")}.items():
        if getattr(given, option) not in {None, only}:
            raise UsageError(
                f"the option {option} has no meaning with input format {given.input_format}:"
                f" {reason}",
                hint="leave it out",
            )


def _all_end_with_crlf(head: bytes) -> bool:
    feeds = head.count(b"\n")
    return feeds > 0 and feeds == head.count(b"\r\n")


def _of_excel(head: bytes, given: DialectOptions, base: Dialect) -> str | None:
    """The delimiter by which all records come out even; None: that is to be detected."""
    encoding = encoding_of(head, given.encoding).encoding
    sample = b"".join(transcode([head], encoding))
    if separator(sample) is not None:
        return None
    if len(head) == HEAD:
        sample = sample[: sample.rfind(b"\n") + 1]
    for delimiter in ("\t", ";", COMMA):
        found = candidates.measure(sample, replace(base, delimiter=delimiter))
        if found.fields > 1 and not found.bad and not found.begin:
            return delimiter
    return None
