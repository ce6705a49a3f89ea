"""How an import goes on: how much of it is done, how fast, and how long it may still take.

All of it follows from what is committed. What cannot be known is None, and `why` says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.engine import owner
from snapshots.engine.plan import packing
from snapshots.formats.encodings import is_utf8
from snapshots.ledger.history import seconds_between

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.ledger.history import CommittedChunk, Entry, History
    from snapshots.model import State

LATEST = 32
"""Chunks that the pace is judged by."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Of what was committed last."""

    chunks: int
    bytes: int
    records: int
    seconds: float

    @property
    def basis(self) -> str:
        """What a time left is reckoned from, as a sentence's part."""
        return f"the last {self.chunks} chunks: {self.bytes} bytes in {self.seconds:.1f} s"


@dataclass(frozen=True, slots=True)
class Status:
    """One import, and what follows from its chunks."""

    entry: Entry
    state: State
    """As it is: one that says it is running, and whose process is gone, is interrupted."""
    total: int | None
    """Bytes in the measure of `entry.read`."""
    why: str | None
    """There is no total."""
    pace: Pace | None

    @property
    def percent(self) -> float | None:
        """Of the bytes. It is 100 when all is accounted for, and not before."""
        if self.state == "finished":
            return 100.0
        if not self.total:
            return None
        return min(round(100 * self.entry.read / self.total, 1), 99.9)

    @property
    def seconds_left(self) -> float | None:
        """At the pace of what was committed last."""
        if self.pace is None or self.total is None or not self.pace.bytes:
            return None
        left = max(self.total - self.entry.read, 0)
        return round(left * self.pace.seconds / self.pace.bytes, 1)

    @property
    def seconds(self) -> float:
        """That it was worked on; while it runs, since it was queued or begun last."""
        entry = self.entry
        if entry.state != "running":
            return round(entry.seconds, 3)
        begun = max(entry.started_at, entry.queued_at or "")
        return round(entry.seconds + seconds_between(begun, entry.now), 3)

    @property
    def records_per_second(self) -> float | None:
        """Now if it runs, else all over."""
        if self.pace is not None:
            return round(self.pace.records / self.pace.seconds, 1)
        if self.entry.state == "running" or not self.seconds:
            return None
        return round(self.entry.counts.records / self.seconds, 1)


def status(history: History, entry: Entry) -> Status:
    """Of one import; asks for the chunks of one that runs."""
    total, why = _total(entry)
    alive = entry.state == "running" and owner.alive(entry.owner, entry.heartbeat_age)
    pace = None
    if alive:
        latest = history.latest_chunks(entry.import_id, entry.queued_at or "", LATEST)
        pace = _pace(latest, entry.now)
    state = "interrupted" if entry.state == "running" and not alive else entry.state
    return Status(entry, state, total, why, pace)


def _total(entry: Entry) -> tuple[int | None, str | None]:
    if entry.state == "finished":
        return entry.read, None
    if not entry.plan:
        return None, "the input has not been looked at yet"
    compressed, encoding = packing(entry.plan)
    if compressed:
        return None, "the input is compressed, and its size without compression is not known"
    if not is_utf8(encoding):
        return None, f"the input is in {encoding}, and what is done is counted in UTF-8"
    if entry.size is None:
        return None, "the server does not say how long the input is"
    return entry.size, None


def _pace(latest: Sequence[CommittedChunk], now: str) -> Pace | None:
    """Between the oldest of some chunks and now; what came with the oldest was done before."""
    if len(latest) < 2:
        return None
    oldest = min(latest, key=lambda chunk: chunk.committed_at)
    others = [chunk for chunk in latest if chunk is not oldest]
    seconds = seconds_between(oldest.committed_at, now)
    if seconds <= 0:
        return None
    return Pace(
        len(others),
        sum(chunk.end - chunk.start for chunk in others),
        sum(chunk.counts.records for chunk in others),
        seconds,
    )
