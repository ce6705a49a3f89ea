"""Detects how an input is written from its head, and says what it found. Options of the user are
obeyed."""

from __future__ import annotations

import dataclasses
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from snapshots.errors import DialectError
from snapshots.formats import candidates, doubt, questions
from snapshots.formats.cells import filled, is_type_row
from snapshots.formats.choice import choose, one_column
from snapshots.formats.encoding_guess import detect
from snapshots.formats.encodings import transcode
from snapshots.formats.first_lines import (
    complete_lines,
    looks_fixed,
    refuse_drawing,
    refuse_two_ends,
    separator,
)
from snapshots.formats.names import numbered
from snapshots.formats.options import DialectOptions
from snapshots.formats.shape_notes import shape_notes
from snapshots.formats.table_start import begin, repeated
from snapshots.formats.trailing_delimiters import TrailingDelimiters, edge
from snapshots.model import Dialect
from snapshots.notes import DetailNote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.formats.candidates import Candidate, ParsedSample
    from snapshots.formats.choice import DialectChoice
    from snapshots.formats.header import HeaderVerdict

__all__ = ["HEAD", "DialectOptions", "Sniffed", "sniff"]

HEAD = 256 * 1024
"""Bytes of an input that are enough to detect its dialect."""

_FEW = 0.2
"""A larger share of records with an unusual number of fields casts doubt on it."""
_HEADERS = 20
"""Records that may be the header of a table which knows its columns."""
_NAMES = 3
_NO_START = {"input_format", "encoding", "header", "nested_objects"}
"""Options that say nothing of the dialect with which detection starts."""
_LINES = 100
_FEWER = 64 * 1024
"""Bytes of the head in which the header of a known table is looked for."""


class Sniffed(Struct, frozen=True):
    """A dialect, the names of its fields, and notes about both."""

    dialect: Dialect
    header: tuple[str, ...]
    """The names as the input has them; `column_1`... if it has no header."""
    notes: tuple[str, ...]
    """A sentence for each detected property, with the reason; `in doubt` marks uncertain ones."""
    doubts: frozenset[str]
    """Uncertain fields of the dialect."""
    first: str = ""
    """The first records below the header, to be shown to a user."""
    question: DialectError | None = None
    """Why this reading must not be used: another one fits as well. None if it is clear."""
    rivals: tuple[Sniffed, ...] = ()
    """The readings that fit as well, and that as one column if a table has no more."""
    sample: bytes = b""
    """The head of the input, in UTF-8."""
    given: DialectOptions = field(default_factory=DialectOptions)
    base: Dialect = field(default_factory=Dialect)
    """What was known of the dialect before anything was given or detected."""
    named: bool = False
    """Whether the input names its fields without a header."""
    evidence: str | None = None
    """What the kernel's `Scanner` would give of all records, if it was found on the way."""
    _choice: DialectChoice | None = None
    _complete: bool = True

    def again(self, **options: Any) -> Sniffed:
        """Returns the reading with further options. Raises DialectError."""
        given = dataclasses.replace(self.given, encoding="utf-8", **options)
        return sniff(self.sample, given, base=self.base, complete=self._complete)

    def others(self) -> Iterator[Sniffed]:
        """Yields readings that fit less well, for a table that knows its columns: those with a
        header."""
        given, choice = self.given, self._choice
        if choice is None:
            return
        own, sample = choice.found.dialect, self.sample
        if len(sample) > _FEWER:
            sample = complete_lines(sample[:_FEWER])
        dialects = [own, *(one.dialect for one in (*choice.rivals, *choice.others))]
        if given.delimiter is None:
            dialects.append(one_column(sample, choice.found, given).dialect)
        for dialect in dialects:
            found = candidates.shape(sample, dialect)
            ways = [dataclasses.replace(given, delimiter=dialect.delimiter)]
            if given.preamble is None:
                lines = [line - 1 for line, row in found.rows[:_HEADERS] if row and len(row) > 1]
                ways += [
                    dataclasses.replace(ways[0], preamble=line, header=True)
                    for line in lines
                    if line
                ]
            if given.header is None:
                ways.append(dataclasses.replace(ways[0], header=True, preamble=given.preamble or 0))
            if given.ragged is None:
                ways.append(dataclasses.replace(ways[0], header=True, ragged="reject"))
            for way in ways:
                try:
                    yield _read(sample, dialect, way, self._complete and sample is self.sample)
                except DialectError:
                    continue


def sniff(
    head: bytes,
    given: DialectOptions | None = None,
    *,
    base: Dialect | None = None,
    complete: bool | None = None,
) -> Sniffed:
    r"""Returns the dialect of an input whose (decompressed) bytes begin with `head`.

    `given`: the user's options. `base`: what is known of the dialect apart from them.
    `complete`: the head is all of the input; by default if it is shorter than `HEAD`. Raises
    DialectError if the encoding must be named, or if there is no record at all.

    >>> found = sniff(b"id;name\n1;Ana\n2;Bo\n")
    >>> found.dialect.delimiter, found.header
    (';', ('id', 'name'))
    """
    given = given or DialectOptions()
    encoding = detect(head, given.encoding, delimited=given.delimiter is not None)
    sample = b"".join(transcode([head], encoding.encoding))
    complete = len(head) < HEAD if complete is None else complete
    if not complete:
        sample = complete_lines(sample)
    declared = separator(sample) if given.delimiter is None else None
    base = replace(base or Dialect(), encoding=encoding.encoding)
    start, given, notes = _first_line(sample, _start(given, base), given)
    if given.delimiter is None:
        refuse_drawing(sample)
    if given.terminator is None and base.terminator == "lf":
        refuse_two_ends(sample)
    try:
        choice = choose(sample, start, given)
        rivals = [_from_table_on(sample, one) for one in choice.rivals]
    except ValueError as error:
        raise DialectError(f"Invalid dialect: {error}.", hint="Change the option.") from error
    found = replace(_read(sample, choice.found.dialect, given, complete, choice), base=base)
    if not encoding.sure:
        found = replace(found, doubts=found.doubts | {"encoding"})
    if rivals:
        found = replace(found, doubts=found.doubts | {"delimiter"})
    if declared:
        own = f"delimiter: {doubt.name(declared)}, as "
        says = DetailNote(f"{own}the first line says")
        shown = (says if it == f"{own}given" else it for it in found.notes)
        found = replace(found, notes=tuple(shown))
    question = _question(sample, choice, rivals, found)
    readings = list(_rivals(sample, choice, given, complete))
    if question is None and given.delimiter is None:
        readings = _of_table_alone(sample, choice, found)
        question = _below_remarks(sample, found, readings)
        found = replace(found, doubts=found.doubts | {"delimiter"} if readings else found.doubts)
    return replace(
        found,
        notes=(encoding.note, *notes, *found.notes),
        question=question,
        rivals=tuple(readings),
    )


def _question(
    sample: bytes, choice: DialectChoice, rivals: list[ParsedSample], found: Sniffed
) -> DialectError | None:
    """What only the user can answer."""
    if found.given.delimiter is not None:
        return found.question
    one_column = len(found.header) == 1
    tried = {found.dialect.delimiter, *(one.dialect.delimiter for one in rivals)}
    if (" " in tried or one_column) and looks_fixed(sample):
        return questions.of_places(sample, choice.found.dialect)
    if rivals:
        return doubt.between([_from_table_on(sample, choice.found), *rivals])
    question = found.question
    if one_column:
        lines = questions.of_lines(sample, choice.found.dialect)
        known = found.dialect.preamble > choice.found.dialect.preamble
        question = lines or (None if known else _of_remarks(sample, found)) or question
    if b"\x1e" in sample and question is None:
        question = questions.of_ends(sample, choice.found)
    return question


def _from_table_on(sample: bytes, one: Candidate) -> ParsedSample:
    """The shape without what comes before the table, as a user is shown it."""
    found = candidates.shape(sample, one.dialect)
    return replace(found, rows=found.rows[one.begin if one.apart else 0 :])


def _of_remarks(sample: bytes, found: Sniffed) -> DialectError | None:
    """What is asked where one column has a remark for its name, and records follow below."""
    if found.given.comment is not None or not sample.startswith((b"#", b"%")):
        return None
    mark = sample[:1].decode()
    try:
        other = found.again(comment=mark)
    except DialectError:
        return None
    if len(other.header) == 1:
        return None
    way = f"{len(other.header)} fields by {doubt.name(other.dialect.delimiter)}"
    return DialectError(
        f"The input begins with {mark}; below, records follow that have {way}:"
        f" {doubt.row(other.header)} {other.first}".rstrip()
        + ".",
        hint=f"Use --comment '{mark}' if that begins comments, or --delimiter none for one column.",
    )


def _of_table_alone(sample: bytes, choice: DialectChoice, found: Sniffed) -> list[Sniffed]:
    """The readings by other delimiters, where lines that are no part of the table had a say in
    the delimiter, and the table alone says otherwise.
    """
    one, lines = choice.found, found.dialect.preamble
    if lines == one.dialect.preamble or found.given.preamble is not None:
        return []
    known = candidates.shape(sample, one.dialect).rows[one.begin][0] == lines + 1
    if known and all(other.begin != one.begin for other in choice.others):
        return []
    try:
        alone = found.again(preamble=lines)
    except DialectError:
        return []
    own = found.dialect
    alone = replace(alone, notes=alone.notes[1:])
    return [
        replace(other, dialect=replace(other.dialect, encoding=own.encoding), rivals=())
        for other in (alone, *alone.rivals)
        if other.dialect.delimiter != own.delimiter and len(other.header) > 1
    ]


def _below_remarks(sample: bytes, found: Sniffed, readings: list[Sniffed]) -> DialectError | None:
    """What is asked where the table alone has other readings, or is one column below a remark."""
    if readings:
        dialects = [replace(one.dialect, repeated=None) for one in (found, *readings)]
        return doubt.between([candidates.shape(sample, one) for one in dialects])
    return _of_remarks(sample, found) if len(found.header) == 1 else None


def _rivals(
    sample: bytes, choice: DialectChoice, given: DialectOptions, complete: bool
) -> Iterator[Sniffed]:
    rivals = list(choice.rivals)
    if rivals and all(one.several for one in (choice.found, *rivals)):
        rivals.append(one_column(sample, choice.found, given))
    for one in rivals:
        try:
            yield _read(sample, one.dialect, given, complete, choice)
        except DialectError:
            continue


def _first_line(
    sample: bytes, start: Dialect, given: DialectOptions
) -> tuple[Dialect, DialectOptions, list[str]]:
    """What a first line such as `sep=;` says, which is no record."""
    declared = separator(sample)
    if declared is None:
        return start, given, []
    notes = []
    if given.delimiter is None:
        given = dataclasses.replace(given, delimiter=declared)
    if given.preamble is None:
        notes.append(f"the first line (sep={declared if declared != chr(9) else 'tab'}) is skipped")
        start = replace(start, preamble=1)
    return replace(start, delimiter=given.delimiter or ""), given, notes


def _read(
    sample: bytes,
    dialect: Dialect,
    given: DialectOptions,
    complete: bool,
    choice: DialectChoice | None = None,
) -> Sniffed:
    """The reading in a dialect whose header is still to be found."""
    if given.preamble is not None:
        dialect = replace(dialect, preamble=given.preamble)
    narrower = 0
    if choice is not None and choice.found.dialect is dialect:
        narrower = choice.found.begin
    found = _all_over_spaced(sample, candidates.shape(sample, dialect), given)
    if not found.rows:
        what = "after the lines to skip" if dialect.preamble else "but blank lines"
        raise DialectError(f"The input has no records {what}.", hint="Check its source.")
    doubts = set()
    notes = shape_notes(sample, found, given)
    begun = begin(sample, found, given, narrower)
    found, verdict, idle = begun.found, begun.verdict, begun.idle
    if found.dialect.preamble and notes[0].startswith("delimiter: none"):
        notes = shape_notes(sample, found, given)
    if not verdict.sure:
        doubts.add("header")
    if not given.delimiter and found.bad > _FEW * len(found.rows):
        doubts.add("delimiter")
    if not verdict.header:
        idle = []
    names, border = _names(found, verdict.header, given, complete)
    after = len(idle) if given.rows_after_header is None else given.rows_after_header
    last = replace(
        found.dialect,
        header=verdict.header,
        rows_after_header=after,
        repeated=repeated(sample, found, len(names)) if verdict.header else None,
        ragged=given.ragged or border.ragged,
    )
    below = found.rows[int(verdict.header) + after :]
    return Sniffed(
        dialect=last,
        header=names,
        notes=(*notes, *begun.notes, *_first_notes(found, verdict, given, names, border, idle)),
        doubts=frozenset(doubts),
        first=doubt.records(below),
        question=begun.question,
        sample=sample,
        given=given,
        _choice=choice,
        _complete=complete,
    )


def _start(given: DialectOptions, base: Dialect) -> Dialect:
    """The base, and whatever was given but the header, which needs a look at records."""
    options: dict[str, Any] = {
        field.name: None if value == "" and field.name != "delimiter" else value
        for field in fields(given)
        if (value := getattr(given, field.name)) is not None and field.name not in _NO_START
    }
    return replace(base, **options)


def _all_over_spaced(sample: bytes, found: ParsedSample, given: DialectOptions) -> ParsedSample:
    """`1, a` all over: the space belongs to the delimiter.

    Only what stands before a field says so: a quoted one may begin with spaces of its own.
    """
    dialect = found.dialect
    if given.skip_initial_space is not None or dialect.delimiter in {"", " ", "\t"}:
        return found
    if dialect.skip_initial_space or f"{dialect.delimiter} ".encode() not in sample:
        return found
    if not any(cell.startswith(" ") for _, row in found.rows if row for cell in row[1:]):
        return found
    spaced = [
        text.startswith(b" ") and not quoted
        for fields in candidates.written(sample, dialect)
        if fields
        for text, quoted in fields[1:]
        if text or quoted
    ]
    if len(spaced) < _NAMES or not all(spaced):
        return found
    other = candidates.shape(sample, replace(dialect, skip_initial_space=True))
    return other if other.bad <= found.bad and other.broken <= found.broken else found


def _names(
    found: ParsedSample, is_header: bool, given: DialectOptions, complete: bool
) -> tuple[tuple[str, ...], TrailingDelimiters]:
    """The names of the fields, and what stands at the records' ends."""
    line, first = found.rows[0]
    rows = [row for _, row in found.rows[int(is_header) :] if row]
    complete = complete and len(found.rows) < candidates.RECORDS
    if not is_header:
        border = TrailingDelimiters(found.fields)
        if given.ragged is None and rows:
            border = edge(["?"] * found.fields, rows, header=False, complete=complete)
        return numbered(border.width), border
    if first is None:
        raise DialectError(
            f"The quoting of the header is broken (line {line}).",
            hint="Correct it, or use --quotechar none if quotes have no special meaning here.",
        )
    border = TrailingDelimiters(len(first))
    if given.ragged != "reject":
        border = edge(first, rows, header=True, complete=complete)
    return tuple(first[: border.width]), border


def _first_notes(
    found: ParsedSample,
    verdict: HeaderVerdict,
    given: DialectOptions,
    names: tuple[str, ...],
    border: TrailingDelimiters,
    idle: list[str],
) -> list[str]:
    """What a user should look at before a million records are loaded so."""
    notes: list[str] = []
    first = found.rows[0][1]
    if border.note:
        notes.append(border.note)
    if not verdict.header or first is None:
        return notes
    if len(first) != found.fields and border.ragged == "reject" and given.ragged is None:
        notes.append(
            f"the header has {len(first)} fields, most records have {found.fields}: "
            "those will be rejected"
        )
    if len(names) >= _NAMES and filled(list(names)) * 2 < len(names) and given.preamble is None:
        notes.append(
            f"only {filled(list(names))} of {len(names)} columns have a name in the header: if it"
            " is further down, say --skip-rows with the number of lines before it"
        )
    if given.rows_after_header is None:
        notes += [f"the record after the header holds {what}: it is skipped" for what in idle]
        second = found.rows[1][1] if len(found.rows) > 1 and not idle else None
        if second and is_type_row(second):
            notes.append(
                f"the record after the header names types ({', '.join(second[:3])}...): "
                f"skip it with --skip-rows {found.dialect.preamble},1"
            )
    return notes
