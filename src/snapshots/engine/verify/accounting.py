"""Checks that the ledger's account of an import adds up, without its input or table."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from snapshots.model import Counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.engine.verify.report import VerifyReport
    from snapshots.ledger.entry import CommittedChunk, Entry
    from snapshots.ledger.history import History


def check(
    ledger: History, entry: Entry, chunks: Sequence[CommittedChunk], report: VerifyReport
) -> bool:
    """Adds what does not add up to the report, as sentences.

    `chunks` must be in the order of the input. Returns whether they cover the input without gaps
    and overlaps, so that its rows can be compared.
    """
    before = len(report.ledger)
    beginning = ledger.beginning(entry.import_id).end
    if entry.damage:
        report.complain(entry.damage)
    _tile(entry, chunks, beginning, report)
    complete = len(report.ledger) == before
    _sums(entry, chunks, report)
    _rejects(ledger, entry, chunks, report)
    return complete


def _tile(
    entry: Entry, chunks: Sequence[CommittedChunk], beginning: int, report: VerifyReport
) -> None:
    """`beginning`: where in the input the import begins, behind what others have loaded."""
    finished = entry.state == "finished"
    if finished and chunks and chunks[0].start != beginning:
        report.complain(
            f"The first chunk begins at byte {chunks[0].start} of the input, not at {beginning}."
        )
    for one, other in pairwise(chunks):
        if other.start < one.end:
            report.complain(f"Bytes {other.start} to {one.end} of the input are in two chunks.")
        elif finished and other.start > one.end:
            report.complain(f"Bytes {one.end} to {other.start} of the input are in no chunk.")


def _sums(entry: Entry, chunks: Sequence[CommittedChunk], report: VerifyReport) -> None:
    for chunk in chunks:
        if not chunk.counts.balanced:
            report.complain(f"The counts of the chunk at byte {chunk.start} do not add up.")
    sums = sum((chunk.counts for chunk in chunks), Counts())
    if entry.state == "finished" and sums != entry.ended_with:
        report.complain(
            f"The chunks add up to {_words(sums)}; the import ended with"
            f" {_words(entry.ended_with)}."
        )


def _rejects(
    ledger: History, entry: Entry, chunks: Sequence[CommittedChunk], report: VerifyReport
) -> None:
    """Checks that the ledger holds as many rejects for each chunk as the chunk counts."""
    kept = iter(ledger.reject_lines(entry.import_id))
    line = next(kept, None)
    for chunk in chunks:
        found = 0
        while line is not None and line < chunk.end_line:
            found += line >= chunk.start_line
            if line < chunk.start_line:
                report.complain(f"A reject of line {line} belongs to no chunk.")
            line = next(kept, None)
        if found != chunk.counts.rejected:
            report.complain(
                f"The chunk at byte {chunk.start} counts {chunk.counts.rejected} rejects, and the"
                f" ledger holds {found}."
            )
    if line is not None:
        report.complain(f"A reject of line {line} belongs to no chunk.")


def _words(counts: Counts) -> str:
    return (
        f"{counts.records} records ({counts.loaded} loaded, {counts.rejected} rejected,"
        f" {counts.skipped} skipped)"
    )
