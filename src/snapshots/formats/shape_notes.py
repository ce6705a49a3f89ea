"""Says how the records of an input are written, thing by thing, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.formats import backslashes, candidates, doubt
from snapshots.notes import DetailNote

if TYPE_CHECKING:
    from snapshots.formats.candidates import ParsedSample
    from snapshots.formats.options import DialectOptions


def shape_notes(sample: bytes, found: ParsedSample, given: DialectOptions) -> list[str]:
    """Returns what there is to say of a shape, and of the backslashes in it."""
    notes = _shape_notes(found, given)
    if b"\\" in sample and found.dialect.escapes == "signs":
        rows = candidates.written(sample, found.dialect)
        notes += backslashes.notes(rows, found.dialect, escape_given=given.escape is not None)
    return notes


def _shape_notes(found: ParsedSample, given: DialectOptions) -> list[str]:
    dialect = found.dialect
    notes: list[str] = []
    name = doubt.name(dialect.delimiter)
    if given.delimiter is not None:
        notes.append(DetailNote(f"delimiter: {name}, as given"))
    elif found.several:
        fields = found.fields if found.fields > 1 else len(found.rows[0][1] or ())
        even = sum(1 for _, row in found.rows if row and len(row) == fields)
        notes.append(
            DetailNote(
                f"delimiter: {name}, which gives {fields} fields in "
                f"{even} of the first {len(found.rows)} records"
            )
        )
    else:
        notes.append(DetailNote("delimiter: none, there is one column"))
    if dialect.quote == "'" and given.quote is None:
        notes.append(DetailNote("quote: single, which stand around fields"))
    if dialect.quote is None and given.quote is None:
        notes.append(DetailNote("quote: none, as quotes stand within values only"))
    if dialect.escape and given.escape is None:
        notes.append(
            DetailNote(
                "escape: backslash, which stands before quotes; outside of quotes it is data"
            )
        )
    if dialect.terminator == "cr" and given.terminator is None:
        notes.append(DetailNote("line end: CR alone"))
    if dialect.terminator == "rs" and given.terminator is None:
        notes.append(DetailNote("line end: the record separator U+001E"))
    if dialect.skip_initial_space and given.skip_initial_space is None:
        notes.append(
            DetailNote(
                "spaces after a delimiter are skipped, as they come before quotes or all over"
            )
        )
    return notes
