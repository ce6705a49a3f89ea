"""Parses a sample in one dialect or another, and measures the result.

The kernel measures every candidate, so that what would be loaded is compared: how many fields each
record has, and how much its cells look like values. `choose` judges.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from snapshots._native import Records
from snapshots.formats.kernel_json import dialect_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snapshots.formats.options import DialectOptions
    from snapshots.model import Dialect

DELIMITERS = (",", ";", "\t", "|")
CONTROLS = ("\t", "\x01", "\x1f")
"""Control characters: no text has them, and so no cell."""
RARE = ("^", "~", "\x01", "\x1f")
"""Characters that are rare in text: if every record of a sample has them, they separate its
fields."""
WEAK = (":", "#", " ")
"""Delimiters that many texts contain: they need values beside them."""
_MULTIPLE = re.compile(r"(?=([|~^#]{2,3}|::|@@|&&|%%|\$\$|\*\*))")
_ALL_LINES = 0.9

RECORDS = 1000
"""How many records of a sample are read."""
_LINES = 60
_FIRST_RECORD_AGREES = 0.5
_MOST = 0.9
_ENOUGH = 0.6
_MARKS = {b"#", b"%", b"!"}
"""Characters with which remarks begin."""
_FEWEST = 2
_TITLES = 20
"""More lines than these before a table are not titles, unless they are remarks."""
_PREAMBLE = 100
"""More records than these before a table are part of it."""
_CUT = 0.05
"""A reading from further down is worth a little less than one from the start."""


class Candidate(Struct, frozen=True, eq=False):
    """A dialect, and the measures of a sample that is read in it."""

    dialect: Dialect
    starts: list[int]
    """The offset of each record."""
    widths: list[int]
    """How many fields each record has; 0 if its quoting is broken."""
    in_quotes: list[int]
    """How many of the fields are in quotes."""
    typed: list[int]
    """How many fields look like numbers, dates and the like; of the first records alone."""
    looks: list[float]
    """How well the cells look, from 0 to 1; of the first records alone."""
    fields: int
    """The number of fields that most records have."""
    even: int
    """How many records have that number, from `begin` on."""
    several: int
    """How many records have more than one field."""
    broken: int
    """How many records have broken quoting."""
    begin: int
    """The first record of the table; those before it have fewer fields."""
    apart: bool = False
    """What comes before the table is no header: remarks, several lines, or a blank line."""
    edged: bool = False
    """The first record has a field more or less than the others, as it or they end with a
    delimiter."""

    @property
    def total(self) -> int:
        """The number of records from `begin` on."""
        return max(len(self.widths) - self.begin, 1)

    @property
    def bad(self) -> int:
        """The number of records that are broken or have another number of fields."""
        return len(self.widths) - self.begin - self.even - self.edged

    @property
    def agree(self) -> float:
        """The share of even records.

        A broken one speaks half for the dialect: that it has quotes where only this delimiter
        puts them at the start of a field.
        """
        return (self.even + self.edged + self.broken / 2) / self.total

    @property
    def first_agrees(self) -> bool:
        """Whether the first record, which may be the header, has as many fields as the others."""
        if self.begin and not self.apart:
            return False
        same = self.begin < len(self.widths) and self.widths[self.begin] == self.fields
        return same or self.edged

    @property
    def score(self) -> float:
        """How well the dialect fits; 0 if it finds no columns."""
        if self.fields < 2 or (self.agree < _ENOUGH and self.several < _MOST * self.total):
            return 0.0
        return self.agree + _FIRST_RECORD_AGREES * self.first_agrees - _CUT * (self.begin > 0)

    @property
    def worth(self) -> float:
        """How much the cells look like values, and not like what is torn apart: 0 to 1."""
        looks = self.looks[self.begin :]
        broken = self.widths[self.begin : len(self.looks)].count(0)
        return sum(looks) / max(len(looks) - broken, 1)

    @property
    def quoted(self) -> int:
        """The number of records with a field in quotes."""
        return len(self.in_quotes) - self.in_quotes.count(0)

    @property
    def sound(self) -> int | None:
        """The offset of the first record whose quoting is broken."""
        return self.starts[self.widths.index(0)] if 0 in self.widths else None


class ParsedSample(Struct, frozen=True):
    """A parsed sample."""

    dialect: Dialect
    rows: list[tuple[int, list[str] | None]]
    """Line, and fields or None where quoting is broken."""
    fields: int
    """The number of fields that most records have."""
    even: int
    """How many records have it."""
    several: int
    """How many records have more than one."""
    start: int = 0
    """The offset of the first record."""

    @property
    def bad(self) -> int:
        """Records that are broken or have another number of fields."""
        return len(self.rows) - self.even

    @property
    def broken(self) -> int:
        """Records whose quoting is broken."""
        return sum(1 for _, row in self.rows if row is None)


def shape(sample: bytes, dialect: Dialect) -> ParsedSample:
    """Returns the first records of a sample."""
    records = Records.parse(sample, dialect_json(dialect), RECORDS)
    rows = [
        (line, None if row is None else [field.decode("utf-8", "replace") for field in row])
        for line, _, row in records
    ]
    counts = Counter(len(row) for _, row in rows if row is not None)
    first = next((len(row) for _, row in rows if row is not None), 0)
    fields = max(counts, key=lambda count: (counts[count], count == first), default=0)
    several = sum(number for count, number in counts.items() if count > 1)
    start = records[0][1] if records else 0
    return ParsedSample(dialect, rows, fields, counts[fields], several, start)


def written(sample: bytes, dialect: Dialect) -> list[list[tuple[bytes, bool]] | None]:
    """Returns the fields of those rows with their escapes, and whether in quotes."""
    return Records.written(sample, dialect_json(dialect), RECORDS)


def measure(sample: bytes, dialect: Dialect) -> Candidate:
    """Measures the records of a sample. Raises ValueError for an impossible dialect."""
    starts, widths, quoted, typed, looks = Records.measure(sample, dialect_json(dialect), RECORDS)
    counts = Counter(widths)
    broken = counts.pop(0, 0)
    first = next((width for width in widths if width), 0)
    fields = max(counts, key=lambda count: (counts[count], count == first), default=0)
    several = len(widths) - broken - counts[1]
    from_top = Candidate(
        dialect, starts, widths, quoted, typed, looks, fields, counts[fields], several, broken, 0
    )
    if fields > 1 and (from_top.bad == 0 or (from_top.first_agrees and from_top.agree >= _MOST)):
        return from_top
    from_top = replace(from_top, edged=_is_edged(sample, from_top))
    below = _from_further_down(sample, from_top)
    return from_top if below is None or below.score <= from_top.score else below


def _is_edged(sample: bytes, one: Candidate) -> bool:
    """Whether the header, or else each record, ends with a delimiter."""
    if len(one.widths) <= one.begin + 1 or one.fields < 2:
        return False
    more = one.widths[one.begin] - one.fields
    return more in {1, -1} and _ends_so(sample, one, one.begin + (more < 0))


def _ends_so(sample: bytes, one: Candidate, index: int) -> bool:
    """Whether a record ends with a delimiter."""
    after = one.starts[index + 1] if index + 1 < len(one.starts) else len(sample)
    line = sample[one.starts[index] : after].rstrip(b"\r\n\x1e")
    return line.endswith(one.dialect.delimiter.encode() or b"\n")


def _from_further_down(sample: bytes, from_top: Candidate) -> Candidate | None:
    """The same where narrower records, or remarks, come before the table, and nearly none after
    its start.
    """
    widths = from_top.widths
    usual = Counter(width for width in widths[len(widths) // 2 :] if width > 1)
    if not usual:
        return None
    fields = max(usual, key=lambda width: usual[width])
    even, after = widths.count(fields), len(widths)
    remarks = [sample[start : start + 1] in _MARKS for start in from_top.starts[: _PREAMBLE + 2]]

    def below(index: int) -> Candidate:
        return replace(
            from_top,
            fields=fields,
            even=even,
            several=sum(1 for one in widths[index:] if one > 1),
            broken=widths[index:].count(0),
            begin=index,
        )

    for index, width in enumerate(widths[: _PREAMBLE + 1]):
        if all(remarks[index : index + 2]) and index + 1 < len(remarks):
            even -= width == fields
        elif width == fields or (
            width in {fields - 1, fields + 1} and index > 0 and _is_edged(sample, below(index))
        ):
            if even < _FEWEST or even < _MOST * (after - (width != fields)):
                return None
            is_remarks = all(remarks[:index])
            if index > _TITLES and not is_remarks:
                return None
            between = sample[from_top.starts[index - 1] : from_top.starts[index]] if index else b""
            blank = len(between.strip(b"\r\n").splitlines()) < between.count(b"\n")
            apart = is_remarks or index > 1 or blank
            return replace(below(index), edged=width != fields, apart=apart)
        elif width > fields and not remarks[index]:
            return None
        after -= 1
    return None


def candidates(sample: bytes, start: Dialect, given: DialectOptions) -> Iterator[Candidate]:
    """Yields every promising reading that agrees with the options, the usual ones first."""
    ends = terminators(sample, given) if start.terminator == "lf" else (start.terminator,)
    delimiters: Sequence[str] = (given.delimiter or "",)
    if given.delimiter is None:
        delimiters = _delimiters(sample, start, separated=ends == ("rs",))
    for terminator in ends:
        for delimiter in delimiters:
            plain = replace(start, delimiter=delimiter, terminator=terminator)
            yield _refined(sample, measure(sample, plain), given)


def terminators(
    sample: bytes, given: DialectOptions
) -> tuple[Literal["lf", "lf_alone", "cr", "rs"], ...]:
    """Returns the possible line ends, the likelier first."""
    if given.terminator:
        return (given.terminator,)
    feeds = sample.count(b"\n")
    if given.delimiter in {None, "\x1f"} and b"\x1e" in sample and b"\x1f" in sample:
        if sample.count(b"\x1e") > feeds or _are_separated(sample):
            return ("rs",)
        if given.delimiter:
            return ("lf", "rs")
    lone = sample.count(b"\r") - sample.count(b"\r\n") if b"\r" in sample else 0
    if not lone or (lone == 1 and sample.endswith(b"\r") and feeds):
        return ("lf",)
    if not feeds:
        return ("cr",)
    return ("cr", "lf") if lone - sample.endswith(b"\r") > feeds else ("lf", "cr")


def _are_separated(sample: bytes) -> bool:
    """Record separators end records, all with as many unit separators, whatever line ends their
    values hold."""
    first, *others, _ = sample.split(b"\x1e")
    units = first.count(b"\x1f")
    even = all(one.count(b"\x1f") == units for one in others)
    alone = b"\n" not in first.strip() or not any(one.encode() in first for one in DELIMITERS)
    return bool(others) and units > 0 and even and alone


def _delimiters(sample: bytes, start: Dialect, *, separated: bool) -> list[str]:
    """Those that occur often enough to be tried. `separated`: records end with U+001E."""
    found = [one for one in DELIMITERS if one.encode() in sample]
    head = sample[:20_000]
    pieces = head.split(b"\x1e") if separated else head.splitlines()
    lines = [line for line in pieces[:_LINES] if line.strip()]
    if len(sample) > 20_000:
        lines = lines[:-1]
    # The first ones may be titles.
    lines = lines[max(min(len(lines) // 2, len(lines) - 2), 0) :]
    enough = max(_ALL_LINES * len(lines) * 0.7, 1)
    for one in (*RARE, *WEAK):
        byte = one.encode()
        if byte in sample and sum(1 for line in lines if byte in line.strip()) >= enough:
            found.append(one)
    found += _multiple([line.decode("utf-8", "replace") for line in lines])
    free = [one for one in found if is_free(start, one)]
    return free or [next(one for one in DELIMITERS if is_free(start, one))]


def is_free(dialect: Dialect, delimiter: str) -> bool:
    """No sign of it has a meaning already, most of them by a user's word."""
    return not {dialect.quote, dialect.escape, dialect.comment} & {*delimiter}


def _multiple(lines: list[str]) -> list[str]:
    """Delimiters of several characters: `||`, `~|~`."""
    found: Counter[str] = Counter()
    for line in lines:
        found.update({run[:size] for run in _MULTIPLE.findall(line) for size in (2, len(run))})
    often = [run for run, number in found.items() if number >= max(_ALL_LINES * len(lines), 1)]
    return sorted(often, key=len, reverse=True)[:4]


def _refined(sample: bytes, found: Candidate, given: DialectOptions) -> Candidate:
    """The same delimiter with single quotes, backslashes or spaces, where they do better."""
    for refine in (_spaces_before_quotes, _single_quotes, backslash, _no_quotes):
        found = refine(sample, found, given)
    return found


def _spaces_before_quotes(sample: bytes, found: Candidate, given: DialectOptions) -> Candidate:
    """`1, "a"`: the space belongs to the delimiter."""
    dialect = found.dialect
    if given.skip_initial_space is not None or not dialect.quote or dialect.delimiter in {"", " "}:
        return found
    edge = dialect.delimiter.encode()
    if edge + b" " not in sample or not re.search(
        re.escape(edge) + b" +" + re.escape(dialect.quote.encode()), sample
    ):
        return found
    other = measure(sample, replace(dialect, skip_initial_space=True))
    better = sum(other.in_quotes) > sum(found.in_quotes) or other.bad < found.bad
    return other if better and other.bad <= found.bad and other.broken <= found.broken else found


def _single_quotes(sample: bytes, found: Candidate, given: DialectOptions) -> Candidate:
    """`'a','b'`: where half of the records have such fields, and none has double quotes."""
    dialect = found.dialect
    if given.quote is not None or not dialect.delimiter or b"'" not in sample or found.quoted:
        return found
    edge = dialect.delimiter.encode()
    if all(one not in sample for one in (edge + b"'", b"'" + edge, edge + b" '")):
        return found
    lone = rb"(?:^|" + re.escape(edge) + rb") *'[^'\r\n]*'(?=" + re.escape(edge) + rb"|[\r\n]|$)"
    quoted = len(re.findall(lone, sample, re.MULTILINE))
    if quoted < max(2, len(found.widths) / 2):
        return found
    other = measure(sample, replace(dialect, quote="'"))
    if given.skip_initial_space is None and edge + b" '" in sample:
        spaced = measure(sample, replace(other.dialect, skip_initial_space=True))
        other = spaced if spaced.quoted > other.quoted else other
    return other if other.bad <= found.bad or _all_in_single(sample, found) else found


def _all_in_single(sample: bytes, found: Candidate) -> bool:
    """Every line has a field that begins with a single quote, and one that ends with it."""
    edge = re.escape(found.dialect.delimiter.encode())
    lines = sample[:20_000].splitlines()[1:_LINES]
    opens, closes = re.compile(rb"(?:^|" + edge + rb") *'"), re.compile(rb"' *(?:" + edge + rb"|$)")
    both = sum(1 for line in lines if opens.search(line) and closes.search(line))
    return len(lines) > 1 and both >= _MOST * len(lines)


def backslash(sample: bytes, found: Candidate, given: DialectOptions) -> Candidate:
    r"""`"say \"x\""`: only where the records do not come out even otherwise. It says nothing
    about backslashes where there are no quotes: `C:\temp`."""
    quote = found.dialect.quote
    if given.escape is not None or not quote or found.bad == 0:
        return found
    if b"\\" + quote.encode() not in sample:
        return found
    other = measure(sample, replace(found.dialect, escape="\\", escape_unquoted=False))
    return other if other.bad < found.bad else found


def _no_quotes(sample: bytes, found: Candidate, given: DialectOptions) -> Candidate:
    """`5|"The" end`: quotes are broken wherever they stand, and all is even without them.

    Not with commas, which are in many a text that ought to be quoted.
    """
    dialect = found.dialect
    if given.quote is not None or found.broken == 0 or dialect.delimiter in {"", ",", " "}:
        return found
    if found.quoted > found.broken or dialect.escape:
        return found
    other = measure(sample, replace(dialect, quote=None))
    return other if other.bad == 0 and other.fields > 1 else found
