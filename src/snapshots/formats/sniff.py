"""How an input is written: detected from its head, and said; what a user gave is obeyed."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from snapshots.errors import DialectError
from snapshots.formats import backslashes, header, shapes
from snapshots.formats.cells import filled
from snapshots.formats.encodings import transcode
from snapshots.formats.guess import detect
from snapshots.formats.names import numbered
from snapshots.formats.options import DialectOptions
from snapshots.model import Dialect

if TYPE_CHECKING:
    from snapshots.formats.shapes import Shape

__all__ = ["HEAD", "DialectOptions", "Sniffed", "sniff"]

HEAD = 256 * 1024
"""Bytes of an input that are enough, and not too many, to detect its dialect from."""

_FEW = 0.2
"""More records than this that do not have the usual number of fields cast doubt on it."""

_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar", " ": "space"}


@dataclass(frozen=True, slots=True)
class Sniffed:
    """A dialect, the names of its fields, and what there is to say of both."""

    dialect: Dialect
    header: tuple[str, ...]
    """As the input has them; `column_1`... where it has no header."""
    notes: tuple[str, ...]
    """A sentence for each thing detected, with the reason; `in doubt` where it is."""
    doubts: frozenset[str]
    """Fields of the dialect that may well be otherwise."""


def sniff(
    head: bytes, given: DialectOptions | None = None, *, whole: bool | None = None
) -> Sniffed:
    """The dialect of an input whose (decompressed) bytes begin with `head`.

    `whole`: the head is all of the input; by default if it is shorter than `HEAD`.
    DialectError where the encoding must be said, or where there is no record at all.
    """
    given = given or DialectOptions()
    encoding = detect(head, given.encoding)
    doubts = set() if encoding.sure else {"encoding"}
    sample = b"".join(transcode([head], encoding.encoding))
    if not (len(head) < HEAD if whole is None else whole):
        sample = _whole_lines(sample)
    start = _start(given, encoding.encoding)
    try:
        found = shapes.best(sample, start, given)
    except ValueError as error:
        raise DialectError(f"The dialect cannot be: {error}.", hint="Change the option.") from error
    if not found.rows:
        what = "after the lines to skip" if start.preamble else "but blank lines"
        raise DialectError(f"The input has no records {what}.", hint="Check what wrote it.")
    notes = [encoding.note, *_shape_notes(found, given)]
    if b"\\" in sample:
        rows = shapes.written(sample, found.dialect)
        notes += backslashes.notes(rows, found.dialect, said=given.escape is not None)
    found, verdict, more = _begin(sample, found, given)
    if not verdict.sure:
        doubts.add("header")
    if not given.delimiter and found.bad > _FEW * len(found.rows):
        doubts.add("delimiter")
    return Sniffed(
        dialect=replace(found.dialect, header=verdict.header),
        header=_names(found, verdict.header),
        notes=(*notes, *more, *_first_notes(found, verdict, given)),
        doubts=frozenset(doubts),
    )


def _start(given: DialectOptions, encoding: str) -> Dialect:
    """The defaults, and whatever was given but the header, which needs a look at records."""
    options: dict[str, Any] = {
        field.name: None if value == "" else value
        for field in fields(given)
        if (value := getattr(given, field.name)) is not None and field.name != "header"
    }
    return Dialect(**{**options, "encoding": encoding})


def _begin(
    sample: bytes, found: Shape, given: DialectOptions
) -> tuple[Shape, header.Verdict, list[str]]:
    """The shape from the header on, and whether that is one."""
    notes = []
    index = 0
    if given.preamble is None and given.header is not False:
        index = header.titles(found.rows, found.fields)
    if index:
        lines = found.rows[index][0] - 1
        what = "first line is" if lines == 1 else f"first {lines} lines are"
        notes.append(f"titles: the {what} skipped, the header comes after")
        found = shapes.shape(sample, replace(found.dialect, preamble=lines))
    first = found.rows[0][1]
    if given.header is not None:
        verdict = header.Verdict(given.header, sure=True, why="as given")
    elif index:
        verdict = header.Verdict(header=True, sure=True, why="after the titles")
    elif first is None:
        verdict = header.Verdict(header=True, sure=False, why="in doubt")
    elif backslashes.NULL in first:
        why = f"it holds {backslashes.NULL}, which stands for NULL"
        verdict = header.Verdict(header=False, sure=True, why=why)
    else:
        below = [row for _, row in found.rows[1 + found.dialect.rows_after_header :] if row]
        verdict = header.judge(first, below)
    notes.append(f"header: {'yes' if verdict.header else 'no'}, {verdict.why}")
    return found, verdict, notes


def _names(found: Shape, is_header: bool) -> tuple[str, ...]:
    if not is_header:
        return numbered(found.fields)
    line, first = found.rows[0]
    if first is None:
        raise DialectError(
            f"The quoting of the header is broken (line {line}).",
            hint="Correct it, or say --quotechar none if quotes mean nothing here.",
        )
    return tuple(first)


def _shape_notes(found: Shape, given: DialectOptions) -> list[str]:
    dialect, notes = found.dialect, []
    name = _NAMES.get(dialect.delimiter, repr(dialect.delimiter))
    if given.delimiter:
        notes.append(f"delimiter: {name}, as given")
    elif found.fields > 1:
        notes.append(
            f"delimiter: {name}, which gives {found.fields} fields in "
            f"{found.even} of the first {len(found.rows)} records"
        )
    else:
        notes.append("delimiter: none, there is one column")
    if dialect.quote == "'" and given.quote is None:
        notes.append("quote: single, which stand around fields")
    if dialect.escape and given.escape is None:
        notes.append("escape: backslash, which stands before quotes; outside of quotes it is data")
    if dialect.terminator == "cr" and given.terminator is None:
        notes.append("line end: CR alone")
    if dialect.skip_initial_space and given.skip_initial_space is None:
        notes.append("spaces after a delimiter are skipped, as they come before quotes or all over")
    return notes


def _first_notes(found: Shape, verdict: header.Verdict, given: DialectOptions) -> list[str]:
    """What a user should look at before a million records are loaded so."""
    notes: list[str] = []
    first = found.rows[0][1]
    if not verdict.header or first is None:
        return notes
    if len(first) != found.fields:
        notes.append(
            f"the header has {len(first)} fields, most records have {found.fields}: "
            "those will be rejected"
        )
    if len(first) >= 3 and filled(first) * 2 < len(first) and given.preamble is None:
        notes.append(
            f"only {filled(first)} of {len(first)} columns have a name in the header: if it is "
            "further down, say --skip-rows with the number of lines before it"
        )
    second = found.rows[1][1] if len(found.rows) > 1 else None
    if second and given.rows_after_header is None and header.is_type_row(second):
        notes.append(
            f"the record after the header names types ({', '.join(second[:3])}...): "
            f"skip it with --skip-rows {found.dialect.preamble},1"
        )
    return notes


def _whole_lines(sample: bytes) -> bytes:
    """Without the record that the end of the head cut, as far as lines tell."""
    last = max(sample.rfind(b"\n"), sample.rfind(b"\r", 0, -1))
    if last < 0:
        raise DialectError(
            f"There is no line end in the first {len(sample)} bytes.",
            hint="Check that this is CSV, with a record on a line.",
        )
    return sample[: last + 1]
