"""Whether the rejects that the ledger keeps are those that the input still gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from snapshots.model import Counts, Reject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.engine.verify.report import VerifyReport
    from snapshots.ledger.entry import CommittedChunk
    from snapshots.ledger.history import History

OF_TARGET = frozenset({"refused_by_target", "altered_by_target", "awaits_parent"})
"""Codes of records that the database has refused: the kernel alone makes rows of them."""


class KeptRejects:
    """The rejects of one import, taken chunk by chunk in the order of the input."""

    def __init__(self, ledger: History, import_id: int, line: int) -> None:
        """From a line on."""
        self._rejects: Iterator[Reject] = ledger.rejects(import_id)
        self._next = next(self._rejects, None)
        self.until(line)

    def until(self, line: int) -> list[Reject]:
        """Those before a line that were not taken yet."""
        taken = []
        while self._next is not None and self._next.line < line:
            taken.append(self._next)
            self._next = next(self._rejects, None)
        return taken


@dataclass(slots=True)
class ChunkAccount:
    """What the kernel makes of a chunk now, beside what the ledger says of it."""

    chunk: CommittedChunk
    kept: list[Reject]
    counts: Counts = field(default_factory=Counts)
    found: list[Reject] = field(default_factory=list)

    @property
    def refused(self) -> list[int]:
        """Lines whose rows the database has refused, sorted."""
        return sorted(reject.line for reject in self.kept if reject.code in OF_TARGET)

    def check(self, report: VerifyReport) -> None:
        """Says which rejects and counts are not those of the input."""
        found = {reject.line: reject for reject in self.found}
        where = f"of the chunk at byte {self.chunk.start}"
        refused = 0
        for kept in self.kept:
            again = found.pop(kept.line, None)
            if again is None and kept.code in OF_TARGET:
                refused += 1
            elif again is None:
                report.complain(f"Line {kept.line} {where} is a reject, and the input has a row.")
            elif _reported(again) != _reported(kept):
                report.complain(
                    f"Line {kept.line} {where} is a reject for {kept.code}, and the input gives"
                    f" {again.code}, or another place or text."
                )
        for line, reject in found.items():
            report.complain(
                f"Line {line} {where} has to be a reject for {reject.code}, and none is kept."
            )
        counts = self.counts + Counts(loaded=-refused, rejected=refused)
        if counts != self.chunk.counts:
            report.complain(
                f"The chunk at byte {self.chunk.start} has {self.chunk.counts}, and the input gives"
                f" {counts}."
            )


def _reported(reject: Reject) -> tuple[object, ...]:
    return (reject.byte_offset, reject.column, reject.code, reject.raw)
