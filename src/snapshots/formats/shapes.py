"""What a sample becomes when it is parsed as one dialect or another, and which fits best.

Every candidate is parsed by the kernel, so that what is compared is what would be loaded.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from snapshots._native import Records
from snapshots.formats.csv import dialect_json

if TYPE_CHECKING:
    from snapshots.formats.options import DialectOptions
    from snapshots.model import Dialect

DELIMITERS = (",", ";", "\t", "|")
_FALLBACKS = (",", "\t", "|", ";", "\x1f")
"""For one column: the first that occurs in no value."""

_RECORDS = 1000
_FIRST_RECORD_AGREES = 0.5
_MOST = 0.9
_ENOUGH = 0.6
_SPACED_CELLS = 3


@dataclass(frozen=True)
class Shape:
    """A sample, parsed."""

    dialect: Dialect
    rows: list[tuple[int, list[str] | None]]
    """Line, and fields or None where quoting is broken."""
    fields: int
    """The number of fields that most records have."""
    even: int
    """How many records have it."""
    several: int
    """How many records have more than one."""
    sound: int
    """Bytes before the first record whose quoting is broken."""

    @property
    def score(self) -> float:
        """How well the dialect fits; 0 where it finds no columns.

        A broken record speaks half for it: that it has quotes where only this delimiter
        puts them at the start of a field.
        """
        total = max(len(self.rows), 1)
        agree = (self.even + self.broken / 2) / total
        if self.fields < 2 or (agree < _ENOUGH and self.several < _MOST * total):
            return 0.0
        first = self.rows[0][1]
        agrees = first is not None and len(first) == self.fields
        return agree + _FIRST_RECORD_AGREES * agrees

    @property
    def bad(self) -> int:
        """Records that are broken or have another number of fields."""
        return len(self.rows) - self.even

    @property
    def broken(self) -> int:
        """Records whose quoting is broken."""
        return sum(1 for _, row in self.rows if row is None)


def shape(sample: bytes, dialect: Dialect) -> Shape:
    """The first records of a sample."""
    records = Records.parse(sample, dialect_json(dialect), _RECORDS)
    rows = [
        (line, None if row is None else [field.decode("utf-8", "replace") for field in row])
        for line, _, row in records
    ]
    counts = Counter(len(row) for _, row in rows if row is not None)
    first = next((len(row) for _, row in rows if row is not None), 0)
    fields = max(counts, key=lambda count: (counts[count], count == first), default=0)
    several = sum(number for count, number in counts.items() if count > 1)
    sound = next((start for _, start, row in records if row is None), len(sample))
    return Shape(dialect, rows, fields, counts[fields], several, sound)


def written(sample: bytes, dialect: Dialect) -> list[list[tuple[bytes, bool]] | None]:
    """The fields of a shape's rows with their escapes, and whether in quotes."""
    return Records.written(sample, dialect_json(dialect), _RECORDS)


def best(sample: bytes, dialect: Dialect, given: DialectOptions) -> Shape:
    """The dialect that fits best, of all that agree with what was given."""
    terminators = (given.terminator,) if given.terminator else _terminators(sample)
    delimiters = (given.delimiter,) if given.delimiter else DELIMITERS
    shapes = [
        shape(sample, replace(dialect, delimiter=delimiter, terminator=terminator))
        for terminator in terminators
        for delimiter in delimiters
        if given.delimiter or delimiter not in _taken(dialect)
    ]
    found = max(shapes, key=lambda shape: (shape.score, shape.fields))
    if found.score == 0:
        begun = _before_a_long_field(sample, shapes)
        if begun.score > 0:
            found = begun
        elif not given.delimiter:
            found = _one_column(sample, found)
    for refine in (_single_quotes, _backslash, _spaces):
        found = refine(sample, found, given)
    return found


def _taken(dialect: Dialect) -> set[str | None]:
    """Characters that have a meaning already, most of them by a user's word."""
    return {dialect.quote, dialect.escape, dialect.comment}


def _terminators(sample: bytes) -> tuple[Literal["lf", "cr"], ...]:
    feeds = sample.count(b"\n")
    lone = sample.count(b"\r") - sample.count(b"\r\n") - sample.endswith(b"\r")
    if lone <= feeds:
        return ("lf",)
    return ("cr", "lf") if feeds else ("cr",)


def _before_a_long_field(sample: bytes, shapes: list[Shape]) -> Shape:
    """A quoted field may be longer than the sample, and its lines look like records of their
    own: as what comes before it.
    """
    begun = (shape(sample[: one.sound], one.dialect) for one in shapes)
    return max(begun, key=lambda shape: (shape.score, shape.fields))


def _one_column(sample: bytes, found: Shape) -> Shape:
    """No delimiter splits the values in a steady way: none of them may split any."""
    tries = (
        shape(sample, replace(found.dialect, delimiter=delimiter))
        for delimiter in _FALLBACKS
        if delimiter not in _taken(found.dialect)
    )
    return next((one for one in tries if one.several == 0), found)


def _single_quotes(sample: bytes, found: Shape, given: DialectOptions) -> Shape:
    """`'a','b'`: where half of the records have such fields, and none has double quotes."""
    if given.quote is not None:
        return found
    edge = re.escape(found.dialect.delimiter.encode())
    field = rb"(?:^|(?<=[" + edge + rb"\r\n]))%s(?:[^%s]|%s%s)*%s(?=[" + edge + rb"\r\n]|$)"
    if re.search(field.replace(b"%s", b'"'), sample):
        return found
    quoted = len(re.findall(field.replace(b"%s", b"'"), sample))
    if quoted < max(2, len(found.rows) / 2):
        return found
    other = shape(sample, replace(found.dialect, quote="'"))
    return other if other.broken == 0 and other.bad <= found.bad else found


def _backslash(sample: bytes, found: Shape, given: DialectOptions) -> Shape:
    r"""`"say \"x\""`: only where the records do not come out even otherwise. It says nothing
    about backslashes where there are no quotes: `C:\temp`."""
    quote = found.dialect.quote
    if given.escape is not None or not quote or found.bad == 0:
        return found
    if b"\\" + quote.encode() not in sample:
        return found
    other = shape(sample, replace(found.dialect, escape="\\", escape_unquoted=False))
    return other if other.bad < found.bad else found


def _spaces(sample: bytes, found: Shape, given: DialectOptions) -> Shape:
    """`1, "a"` or, all over, `1, a`: the space belongs to the delimiter.

    Only what stands before a field says so: a quoted one may begin with spaces of its own.
    """
    if given.skip_initial_space is not None or found.dialect.delimiter.isspace():
        return found
    if not any(cell.startswith(" ") for _, row in found.rows if row for cell in row[1:]):
        return found
    # The rows may be of less than the sample.
    cells = [
        (cell, cell.startswith(" ") and not quoted)
        for (_, row), fields in zip(found.rows, written(sample, found.dialect), strict=False)
        if row and fields
        for cell, (_, quoted) in zip(row[1:], fields[1:], strict=True)
        if cell or quoted
    ]
    quote = found.dialect.quote
    before_quotes = quote is not None and any(
        spaced and cell.lstrip(" ").startswith(quote) for cell, spaced in cells
    )
    everywhere = len(cells) >= _SPACED_CELLS and all(spaced for _, spaced in cells)
    if not before_quotes and not everywhere:
        return found
    other = shape(sample, replace(found.dialect, skip_initial_space=True))
    return other if other.bad <= found.bad and other.broken <= found.broken else found
