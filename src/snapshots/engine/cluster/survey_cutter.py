"""Cuts an input by many readers: its ranges are surveyed as tasks, and put together in order.

Each range is cut on the guess that its first line begins a record. That is compared with where the
range before it has ended; where they differ the range is surveyed again from the true start.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, Protocol

from msgspec.structs import replace

from snapshots._native import Hasher
from snapshots.engine.cluster.survey_task import CommittedRange, Range
from snapshots.engine.input.cut import Batch
from snapshots.engine.input.reader import changed_meanwhile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from snapshots.engine.cluster.survey_task import KeptBytes, Surveyed
    from snapshots.engine.input.cut import Cut
    from snapshots.engine.input.reader import Remainder
    from snapshots.ports import Source

MIB: Final = 1 << 20
_RANGES_EACH: Final = 8
"""For each slot: so that all end at about the same time."""


def step_for(size: int, slots: int, least: int, most: int) -> int:
    """The bytes of one range: a multiple of 1 MiB, of at least one chunk.

    >>> step_for(100 << 20, 2, 1 << 20, 64 << 20) >> 20
    7
    """
    wanted = max(least, min(most, size // (slots * _RANGES_EACH)))
    return max(1, -(-wanted // MIB)) * MIB


class AsksForSurveys(Protocol):
    """Has ranges surveyed elsewhere."""

    @property
    def most(self) -> int:
        """How many may be under way."""

    def ask(self, wanted: Range | CommittedRange) -> Future[Surveyed]:
        """Has a range surveyed, or compared. The answer is Stopped if the import stops before."""


class SurveyCutter:
    """See `Cutter`: for inputs of known size that can be read from their middle, in UTF-8."""

    def __init__(
        self,
        source: Source,
        step: int,
        remainder: Remainder,
        content_hash: str | None,
        surveys: AsksForSurveys,
    ) -> None:
        """Cuts what remains of the input. Nothing is hashed if `content_hash` is known."""
        self._source = source
        self._step = step
        self._remainder = remainder
        self._surveys = surveys
        self._hasher = Hasher(remainder.hash_state) if content_hash is None else None
        self.content_hash = content_hash
        self.size = source.identity.size
        self.end = 0
        self.again = 0
        """Ranges whose start was guessed wrong."""

    @property
    def consumed(self) -> int:
        """See `Cutter`."""
        return self.end

    def __iter__(self) -> Iterator[Batch]:
        at, line = 0, 1
        for one, gap_line, future in self._answers():
            found = future.result()
            if self._hasher is not None and found.part is not None:
                self._hasher.append(found.part)
            if isinstance(one, CommittedRange):
                continue
            if gap_line is not None:
                at, line = one.begin, gap_line
            if at > one.end or at == one.size:
                # One record covers the whole range.
                self._end(found.kept)
                continue
            if found.start != at:
                self.again += 1
                asked = replace(one, start=at, hashed=False, kept=found.kept)
                found = self._surveys.ask(asked).result()
            if found.exit == self.size:
                self._require_unchanged()
            self.end = max(self.end, found.exit)
            if found.cuts:
                yield Batch(self._placed(found.cuts, line), kept=found.kept)
            at, line = found.exit, line + found.line_ends
        self._require_unchanged()
        self.end = self.size or 0
        if self._hasher is not None:
            self.content_hash = self._hasher.hexdigest()

    def _answers(self) -> Iterator[tuple[Range | CommittedRange, int | None, Future[Surveyed]]]:
        """The requests with their answers, in order; several are under way."""
        requests = self._requests()
        asked: deque[tuple[Range | CommittedRange, int | None, Future[Surveyed]]] = deque()
        while True:
            while len(asked) < self._surveys.most and (request := next(requests, None)):
                asked.append((*request, self._surveys.ask(request[0])))
            if not asked:
                return
            yield asked.popleft()

    def _requests(self) -> Iterator[tuple[Range | CommittedRange, int | None]]:
        """What is asked, with the line of a range that begins with a gap.

        First what is committed is hashed; then the gaps between are surveyed, then the last one.
        """
        size, keep = self.size or 0, self._source.remote
        *gaps, last = self._remainder.gaps
        hashed = self._hasher is not None
        begin = last.start
        if self._hasher is not None:
            begin = self._hasher.aligned
            done = deque(chunk for chunk in self._remainder.done if chunk.start >= begin)
            while begin < min(last.start, size):
                end, chunks = min(begin + self._step, size), []
                while done and done[0].start < end:
                    chunks.append(done.popleft())
                yield CommittedRange(begin, end, tuple(chunks)), None
                begin = end
        if begin > last.start:
            gaps.append(replace(last, end=begin))
        for gap in gaps:
            end = gap.end or size
            limit = size if gap.start == last.start else end
            first: int | None = gap.line
            for start in range(gap.start, end, self._step):
                to = min(start + self._step, end)
                known = None if first is None else start
                yield Range(start, to, limit, start=known, keep=keep), first
                first = None
        first = last.line if begin == last.start else None
        for start in range(begin, size, self._step):
            known = None if first is None else start
            to = min(start + self._step, size)
            yield Range(start, to, size, start=known, hashed=hashed, keep=keep), first
            first = None

    def _require_unchanged(self) -> None:
        if not self._source.unchanged():
            raise changed_meanwhile(self._source.identity.name)

    def _placed(self, cuts: tuple[Cut, ...], line: int) -> tuple[Cut, ...]:
        """The cuts with their true lines; the last one has the hash state."""
        placed = [replace(cut, line=cut.line - 1 + line) for cut in cuts]
        if self._hasher is not None:
            placed[-1] = replace(placed[-1], hash_state=self._hasher.state())
        return tuple(placed)

    def _end(self, kept: KeptBytes | None) -> None:
        """Nobody loads these bytes. On another host, a later survey removes them."""
        if kept is not None:
            kept.drop()
