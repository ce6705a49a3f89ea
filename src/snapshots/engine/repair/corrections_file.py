"""Reads a file of corrections: the rejects of an import as they were exported, and then edited.

Its columns are matched by name, so that they may stand in any order and be fewer. Spreadsheets
write commas, semicolons or tabs, with a byte order mark or without: all of that is understood, and
so is JSON Lines.
"""

from __future__ import annotations

from collections import defaultdict, deque
from difflib import get_close_matches
from typing import TYPE_CHECKING, BinaryIO, Final

from msgspec import Struct
from msgspec.structs import replace

from snapshots._native import Records, Splitter
from snapshots.engine.plan.corrected import Field
from snapshots.engine.repair.json_corrections import json_corrections, unique_names
from snapshots.errors import UsageError
from snapshots.formats.kernel_json import dialect_json, positions
from snapshots.model import Dialect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snapshots.engine.plan.plan import Plan

LINE: Final = "_line"
RECORD: Final = "_record"
BEFORE: Final = (LINE, "_code", "_column", "_reason")
"""Columns of an export in front of those of the input."""
MOST_CORRECTIONS = 1000
"""That are taken together."""
MOST_BYTES = 4 << 20
_CHUNK = 256 << 10
_HEAD = 4096
_ZIP = b"PK\x03\x04"
_LARGEST_RECORD = 64 << 20
_MARK = b"\xef\xbb\xbf"
_EVERY = 1 << 30


class GivenCorrection(Struct, frozen=True):
    """One record of a file of corrections."""

    place: int
    """Its line in the file of corrections."""
    line: int
    """The line of the reject in the import's input."""
    values: dict[int, Field]
    """Fields by their place in the record of the input. What is missing stays as it was."""
    record: str | None
    """What stands in `_record`; None: the file has no such column."""
    tells_null: bool = False
    """Whether the file tells an empty text from NULL."""

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return sum(len(field.text) for field in self.values.values()) + len(self.record or "")


class _Columns(Struct, frozen=True):
    line: int
    record: int | None
    fields: dict[int, int]
    """Places in the record of the input, by those in the file."""
    width: int
    ignored: frozenset[int]
    """Columns without a name, which must be empty."""


class SeenLines:
    """Lines of an input, a bit each: there may be millions."""

    def __init__(self) -> None:
        self._bits: defaultdict[int, int] = defaultdict(int)

    def add(self, line: int) -> bool:
        """Adds a line; returns whether it is new."""
        page, bit = line >> 10, 1 << (line & 1023)
        if self._bits[page] & bit:
            return False
        self._bits[page] |= bit
        return True


def corrections(file: BinaryIO, name: str, plan: Plan) -> Iterator[list[GivenCorrection]]:
    """Reads a file of corrections from its beginning, a batch at a time. `name` is for messages.

    Raises UsageError where it cannot be read as one.
    """
    batch: list[GivenCorrection] = []
    size = 0
    for one in _each(file, name, plan):
        batch.append(one)
        size += one.size
        if len(batch) >= MOST_CORRECTIONS or size >= MOST_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _each(file: BinaryIO, name: str, plan: Plan) -> Iterator[GivenCorrection]:
    file.seek(0)
    head = file.read(_HEAD)
    if head.startswith(_ZIP):
        raise UsageError(
            "it is a spreadsheet or a ZIP file",
            place=name,
            hint="replay reads CSV and JSON Lines: in the spreadsheet, save it as CSV UTF-8",
        )
    if head.removeprefix(_MARK).lstrip()[:1] == b"{":
        yield from _of_json(file, name, plan)
    else:
        yield from _of_csv(file, name, plan)


def _of_json(file: BinaryIO, name: str, plan: Plan) -> Iterator[GivenCorrection]:
    """Each object may have other members than the one before."""
    known: tuple[str, ...] = ()
    columns: _Columns | None = None
    for place, names, fields in json_corrections(file, name):
        if columns is None or names != known:
            known, columns = names, _members(names, name, plan)
        yield replace(_correction(fields, columns, place, name), tells_null=True)


def _members(names: Sequence[str], name: str, plan: Plan) -> _Columns:
    """What the members of an object are, by the names that an export gives them."""
    export = unique_names((*BEFORE, *plan.header, RECORD))
    places = _called(plan) | {text: index - len(BEFORE) for index, text in enumerate(export)}
    _require_line(names, name)
    fields = {}
    for at, text in enumerate(names):
        if text not in places:
            raise _unknown(text, name, plan)
        if 0 <= places[text] < len(plan.header):
            fields[at] = places[text]
    record = names.index(export[-1]) if export[-1] in names else None
    return _Columns(names.index(LINE), record, fields, len(names), frozenset())


def _of_csv(file: BinaryIO, name: str, plan: Plan) -> Iterator[GivenCorrection]:
    columns: _Columns | None = None
    for place, fields in _records(file, name):
        if columns is None:
            columns = _columns([field.text for field in fields], name, plan)
            continue
        yield _correction(fields, columns, place, name)
    if columns is None:
        raise UsageError("it is empty", place=name, hint="export the rejects with --export")


def _records(file: BinaryIO, name: str) -> Iterator[tuple[int, list[Field]]]:
    file.seek(0)
    head = file.read(_CHUNK)
    first = head.removeprefix(_MARK)
    dialect = Dialect(delimiter=_delimiter(first), header=False, max_record_size=_LARGEST_RECORD)
    form = dialect_json(dialect)
    splitter = Splitter(form, _CHUNK)
    piece = first
    while piece:
        for chunk in splitter.feed(piece):
            yield from _of_chunk(bytes(chunk), chunk.line, form, name)
        piece = file.read(_CHUNK)
    for chunk in splitter.finish():
        yield from _of_chunk(bytes(chunk), chunk.line, form, name)


def _of_chunk(data: bytes, first: int, form: str, name: str) -> Iterator[tuple[int, list[Field]]]:
    values, marks = Records.parse(data, form, _EVERY), Records.written(data, form, _EVERY)
    for (line, _, fields), written in zip(values, marks, strict=True):
        place = first + line - 1
        if fields is None or written is None:
            raise UsageError(
                f"line {place} is broken: a quote is missing or not doubled", place=name
            )
        try:
            yield (
                place,
                [Field(f.decode(), quoted) for f, (_, quoted) in zip(fields, written, strict=True)],
            )
        except UnicodeDecodeError as error:
            raise UsageError(
                f"line {place} is not UTF-8",
                place=name,
                hint="in a spreadsheet, save it as CSV UTF-8",
            ) from error


def _delimiter(head: bytes) -> str:
    """The delimiter of the first line: that which gives a column called `_line`."""
    for delimiter in (",", ";", "\t"):
        found = Records.parse(head, dialect_json(Dialect(delimiter=delimiter, header=False)), 1)
        if found and found[0][2] and LINE.encode() in [field.strip() for field in found[0][2]]:
            return delimiter
    return ","


def _columns(names: Sequence[str], name: str, plan: Plan) -> _Columns:
    places: defaultdict[str, deque[int]] = defaultdict(deque)
    for index, source in enumerate(plan.header):
        places[source].append(index)
    called = _called(plan)
    stripped = [one.strip() for one in names]
    _require_line(stripped, name)
    own = {word: stripped.index(word) for word in BEFORE if word in stripped}
    last = len(stripped) - 1 - stripped[::-1].index(RECORD) if RECORD in stripped else None
    fields: dict[int, int] = {}
    ignored: set[int] = set()
    for index, text in enumerate(names):
        if index in own.values() or index == last:
            continue
        known = text if places.get(text) else text.strip()
        if places.get(known):
            fields[index] = places[known].popleft()
        elif known in called:
            fields[index] = called.pop(known)
        elif not known:
            ignored.add(index)
        else:
            raise _unknown(text, name, plan)
    return _Columns(own[LINE], last, fields, len(names), frozenset(ignored))


def _called(plan: Plan) -> dict[str, int]:
    """The places in the header of columns that the table calls otherwise, by those names."""
    places = positions(plan.contract, plan.header)
    named = zip((column.name for column in plan.contract.columns), places, strict=True)
    return {called: index for called, index in named if called not in plan.header}


def _require_line(names: Sequence[str], name: str) -> None:
    if LINE not in names:
        raise UsageError(
            f"it has no column {LINE}, which says to what record of the input a correction belongs",
            place=name,
            hint="export the rejects with --export, and correct that file",
        )


def _unknown(text: str, name: str, plan: Plan) -> UsageError:
    near = get_close_matches(text, plan.header, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"Its columns: {', '.join(plan.header)}."
    return UsageError(f"the input has no column {text!r}", place=name, hint=hint)


def _correction(fields: list[Field], columns: _Columns, place: int, name: str) -> GivenCorrection:
    more = any(field.text for field in fields[columns.width :])
    if more or len(fields) < columns.width:
        raise UsageError(
            f"line {place} has {len(fields)} fields, and the header {columns.width}", place=name
        )
    for index in columns.ignored:
        if fields[index].text:
            raise UsageError(f"line {place} has a value in a column without a name", place=name)
    text = fields[columns.line].text.strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise UsageError(f"line {place} has no number in {LINE}: {text[:40]!r}", place=name)
    return GivenCorrection(
        place,
        int(text),
        {own: fields[index] for index, own in columns.fields.items()},
        None if columns.record is None else fields[columns.record].text,
    )
