"""Compares the rejects in the ledger with those that the input gives now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct, field

from snapshots.ledger import repairs
from snapshots.model import Counts, Reject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from snapshots.engine.verify.report import VerifyReport
    from snapshots.ledger.entry import CommittedChunk
    from snapshots.ledger.history import History
    from snapshots.ledger.repairs import LoadedCorrection

OF_TARGET = frozenset({"refused_by_target", "altered_by_target", "awaits_parent", "duplicate_key"})
"""Codes of records that the database has refused: the kernel alone makes rows of them."""


T = TypeVar("T")


class _InOrder(Generic[T]):
    """What the ledger has of the lines of an input, read in their order."""

    def __init__(self, found: Iterator[T], line_of: Callable[[T], int]) -> None:
        self._found = found
        self._line_of = line_of
        self._next = next(found, None)

    def until(self, line: int) -> list[T]:
        """Returns what is before `line` and no earlier call has returned."""
        taken = []
        while self._next is not None and self._line_of(self._next) < line:
            taken.append(self._next)
            self._next = next(self._found, None)
        return taken


class KeptRejects:
    """The rejects of one import in the ledger, read in the order of the input: as they were when
    it had loaded its input, whatever became of them."""

    def __init__(self, ledger: History, import_id: int, line: int) -> None:
        """Begins with the rejects of `line`, counted from 1."""
        self._rejects = _InOrder(ledger.rejects(import_id), _line)
        self._changed = _InOrder(repairs.changed(ledger, import_id, line), _line)
        self._loaded = _InOrder(
            repairs.all_loaded(ledger, import_id, line), lambda one: one.original.line
        )
        self._rejects.until(line)

    def until(self, line: int) -> tuple[list[Reject], dict[int, LoadedCorrection]]:
        """Returns the rejects before `line` that no earlier call has returned, and those of them
        that were loaded since, by their lines."""
        loaded = {one.original.line: one for one in self._loaded.until(line)}
        first = {one.line: one for one in self._changed.until(line)}
        kept = [first.get(one.line, one) for one in self._rejects.until(line)]
        kept += [one.original for one in loaded.values()]
        return sorted(kept, key=_line), loaded


def _line(reject: Reject) -> int:
    return reject.line


class ChunkAccount(Struct):
    """A chunk's rejects and counts: those in the ledger, and those that the kernel finds now."""

    chunk: CommittedChunk
    kept: list[Reject]
    """As they were at first, with those that were loaded since."""
    loaded: dict[int, LoadedCorrection]
    """Those that were loaded since, by their lines."""
    counts: Counts = field(default_factory=Counts)
    found: list[Reject] = field(default_factory=list)

    def refused(self) -> list[int]:
        """Returns the sorted lines of records that the database refused."""
        return sorted(
            reject.line
            for reject in self.kept
            if reject.code in OF_TARGET and reject.line not in self.loaded
        )

    def check(self, report: VerifyReport) -> None:
        """Adds rejects and counts that differ from the input to the report, as sentences."""
        found = {reject.line: reject for reject in self.found}
        where = f"of the chunk at byte {self.chunk.start}"
        refused = 0
        for kept in self.kept:
            again = found.pop(kept.line, None)
            if again is None and kept.code in OF_TARGET:
                refused += 1
            elif again is None:
                report.complain(
                    f"Line {kept.line} {where} is a reject in the ledger, and a valid"
                    " row in the input."
                )
            elif _reported(again) != _reported(kept):
                report.complain(
                    f"Line {kept.line} {where} is a reject with code {kept.code} in the ledger;"
                    f" the input gives {again.code}, or another column or text."
                )
        for line, reject in found.items():
            report.complain(
                f"Line {line} {where} must be a reject with code {reject.code}, and the ledger has"
                " none."
            )
        moved = len(self.loaded) - refused
        counts = self.counts + Counts(loaded=moved, rejected=-moved)
        if counts != self.chunk.counts:
            report.complain(
                f"The chunk at byte {self.chunk.start} has {self.chunk.counts} in the ledger; the"
                f" input gives {counts}."
            )


def _reported(reject: Reject) -> tuple[object, ...]:
    return (reject.byte_offset, reject.column, reject.code, reject.raw)
