"""Finds where a table begins, and the header by which a repetition is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from snapshots.formats import backslashes, candidates, doubt, lines_above
from snapshots.formats.cells import bare, family, is_typed
from snapshots.formats.header import HeaderVerdict, first_of_table, judge
from snapshots.formats.lines_below import LinesBelow, without_data
from snapshots.notes import DetailNote

if TYPE_CHECKING:
    from snapshots.errors import DialectError
    from snapshots.formats.candidates import ParsedSample
    from snapshots.formats.options import DialectOptions

_BODY = 100


class TableStart(Struct, frozen=True):
    """The start of a table."""

    found: ParsedSample
    """The records from the header on."""
    verdict: HeaderVerdict
    notes: list[str]
    idle: list[str]
    """What the records just below the header are that hold no data."""
    question: DialectError | None = None


def begin(sample: bytes, found: ParsedSample, given: DialectOptions, narrower: int) -> TableStart:
    """Returns the records from the header on, and whether the first is one."""
    index, question = _where(found, given, narrower)
    notes = []
    if index:
        lines = found.rows[index][0] - 1
        what = "first line is" if lines == 1 else f"first {lines} lines are"
        remarks = all(row and row[0].startswith("#") for _, row in found.rows[:index])
        label = "remarks" if remarks else "titles"
        notes.append(f"{label}: the {what} skipped, the header comes after")
        found = candidates.shape(sample, replace(found.dialect, preamble=lines))
        if remarks and question is None and given.comment is None:
            question = doubt.more_remarks(found.rows, "#", lines)
    first = found.rows[0][1]
    below = [row for _, row in found.rows[1:]]
    spare = LinesBelow()
    if first is not None and given.rows_after_header is None and given.header is not False:
        spare = without_data(first, below)
    skipped = given.rows_after_header or len(spare.what)
    if given.header is not None:
        verdict = HeaderVerdict(given.header, sure=True, why="as given")
    elif first is None:
        verdict = _of_broken(sample, found, [row for row in below if row])
    elif backslashes.NULL in first:
        why = f"it holds {backslashes.NULL}, which stands for NULL"
        verdict = HeaderVerdict(header=False, sure=True, why=why)
    else:
        verdict = judge(first, [row for row in below[skipped:] if row])
        if index and not verdict.sure:
            verdict = HeaderVerdict(header=True, sure=True, why="after the titles")
    judged = f"header: {'yes' if verdict.header else 'no'}, {verdict.why}"
    notes.append(DetailNote(judged) if verdict.sure else judged)
    if spare.doubtful and question is None and verdict.header:
        question = doubt.second(found.rows[1:], spare.doubtful, found.dialect.preamble)
    return TableStart(found, verdict, notes, spare.what, question)


def _where(
    found: ParsedSample, given: DialectOptions, narrower: int
) -> tuple[int, DialectError | None]:
    """Returns the index of the record with which the table begins, and what is to be asked about
    it."""
    if given.preamble is not None or given.header is False:
        return 0, None
    index = first_of_table(found.rows, found.fields, narrower)
    start = lines_above.start(found.rows, found.fields) if not index or narrower else None
    if start is None:
        return index, None
    if not start.in_doubt:
        return max(index, start.index), None
    if index or given.rows_after_header is not None:
        return index, None
    if not start.is_remark:
        return index, doubt.header(found.rows, start.index)
    return index, None if given.comment is not None else doubt.remark(found.rows, start.index)


def _of_broken(sample: bytes, found: ParsedSample, below: list[list[str]]) -> HeaderVerdict:
    """Whether a first record whose quoting is broken is the header."""
    torn = candidates.shape(sample, replace(found.dialect, quote=None, escape=None)).rows[0][1]
    verdict = judge(torn or [], below)
    if verdict.header or not verdict.sure:
        return HeaderVerdict(header=True, sure=False, why="in doubt")
    return verdict


def repeated(sample: bytes, found: ParsedSample, columns: int) -> str | None:
    """Returns the header as the input has it, by which it is recognised if it comes again.

    With one column an equal text is a value, unless a byte order mark stands before it.
    """
    first = found.rows[0][1]
    if first is None:
        return None
    line = _header_line(sample, found, first)
    if columns > 1:
        return line
    below = [row[0] for _, row in found.rows[1:_BODY] if row]
    values = [cell for cell in below if bare([cell]) != bare(first)]
    typed = bool(values) and is_typed(values) and family(first[0]) == "text"
    return line if typed else f"\ufeff{line}"


def _header_line(sample: bytes, found: ParsedSample, first: list[str]) -> str:
    dialect = found.dialect
    newline = dialect.line_end
    if not any(newline.decode() in cell for cell in first):
        line = b"".join(sample[found.start :].partition(newline)[:2])
        return dialect.without_line_end(line).decode("utf-8", "replace")
    quote, escape = dialect.quote or "", dialect.escape or ""
    if escape:
        first = [cell.replace(escape, escape * 2) for cell in first]
    return dialect.delimiter.join(quote + cell.replace(quote, quote * 2) + quote for cell in first)
