"""The progress of an import: how much is done, how fast, and how long the rest may take.

Everything follows from committed chunks. What cannot be known is None, and `why` says so.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from snapshots.engine.lease import owner
from snapshots.engine.plan.plan import packing
from snapshots.formats.encodings import is_utf8
from snapshots.ledger.pace import latest, work_periods
from snapshots.ledger.times import seconds_between
from snapshots.sources.folder_files import COMPRESSED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from snapshots.ledger.entry import Entry
    from snapshots.ledger.history import History
    from snapshots.ledger.pace import WorkPeriod
    from snapshots.model import State

_COMPRESSED = "the input is compressed, and its uncompressed size is unknown"

LATEST = 32
"""The number of last chunks that give the current speed."""
LONGEST = 30 * 86_400.0
"""Seconds that are looked back at most to estimate the time left."""


class Pace(Struct, frozen=True):
    """How much was done, and in how many seconds of work."""

    chunks: int
    bytes: int
    records: int
    seconds: float

    @property
    def basis(self) -> str:
        """What the time left is estimated from, as a part of a sentence."""
        return f"the last {self.chunks} chunks: {self.bytes} bytes in {self.seconds:.1f} s"


class Status(Struct, frozen=True):
    """One import, and what its chunks say about its progress."""

    entry: Entry
    state: State
    """The entry; its state is `interrupted` if its process is gone."""
    total: int | None
    """The size of the input in the units of `entry.read`; None if it is unknown."""
    why: str | None
    """Why the total is unknown; None if it is known."""
    now: Pace | None
    """The pace of the last chunks."""
    pace: Pace | None
    """The pace over about as many seconds as are left."""

    @property
    def error(self) -> str | None:
        """The error without the folder of uploads, which is no business of clients."""
        text = self.entry.error
        if text is None or self.entry.request is None:
            return text
        _, found, rest = text.partition(f"/{self.entry.input}:")
        return f"{self.entry.input}:{rest}" if found else text

    @property
    def outcome(self) -> str | None:
        """How it ended, in a word; None while it has not ended."""
        if self.state in {"queued", "running"}:
            return None
        return "already_imported" if self.entry.duplicate else self.state

    @property
    def percent(self) -> float | None:
        """The share of bytes that is done. It is 100 only when all records are accounted for."""
        if self.state == "finished":
            return 100.0
        if not self.total:
            return None
        return min(round(100 * self.entry.read / self.total, 1), 99.9)

    @property
    def seconds_left(self) -> float | None:
        """Estimated seconds until the end. A long estimate uses the speed over a long time."""
        left = _left(self.entry, self.total, self.pace)
        return None if left is None else round(left, 1)

    @property
    def seconds(self) -> float:
        """Seconds of work; while it runs, since it was last queued or begun."""
        entry = self.entry
        if entry.state != "running":
            return round(entry.seconds, 3)
        begun = max(entry.started_at, entry.queued_at or "")
        return round(entry.seconds + seconds_between(begun, entry.now), 3)

    @property
    def records_per_second(self) -> float | None:
        """Records per second: of the last chunks while it runs, else of the whole import."""
        if self.now is not None:
            return round(self.now.records / self.now.seconds, 1)
        if self.entry.state == "running" or not self.seconds:
            return None
        return round(self.entry.counts.records / self.seconds, 1)


def status(history: History, entry: Entry) -> Status:
    """The progress of one import; the ledger is asked for chunks only while it runs."""
    total, why = _total(entry)
    if total is not None and entry.continues is not None and entry.state != "finished":
        total = max(total - history.end_of(entry.continues).end, 0)
    alive = entry.state == "running" and owner.alive(entry.owner, entry.heartbeat_age)
    now = pace = None
    if alive:
        last = latest(history, entry.import_id, entry.fence, LATEST)
        now = _pace([last] if last else [], entry)
        if total is not None:
            since = _back(entry.now, _left(entry, total, now))
            pace = _pace(work_periods(history, entry.import_id, since), entry) or now
    return Status(entry, _state(entry, alive=alive), total, why, now, pace)


def _state(entry: Entry, *, alive: bool) -> State:
    if entry.state == "running" and not alive:
        return "interrupted"
    if entry.state == "interrupted" and entry.wanted:
        # Its loading has ended; what was wanted of it is still to be done.
        return "running"
    return entry.state


def _total(entry: Entry) -> tuple[int | None, str | None]:
    if entry.state == "finished":
        return entry.read, None
    if not entry.plan:
        return _total_unplanned(entry)
    compressed, encoding = packing(entry.plan)
    if compressed:
        return None, _COMPRESSED
    if not is_utf8(encoding):
        return None, f"the input is in {encoding}, and progress is counted in UTF-8 bytes"
    if entry.size is None:
        return None, "the server does not report the size of the input"
    return entry.size, None


def _total_unplanned(entry: Entry) -> tuple[int | None, str | None]:
    """Whether the name is that of a compressed file; the plan knows better, once there is one."""
    if entry.size is not None:
        packed = urlsplit(entry.input).path.lower().endswith(COMPRESSED)
        return (None, _COMPRESSED) if packed else (entry.size, None)
    if entry.state == "queued":
        return None, "the import is waiting for a worker"
    if entry.state == "running":
        return None, "the input is being opened"
    return None, "the import ended before the size of its input was known"


def _pace(stretches: Iterable[WorkPeriod], entry: Entry) -> Pace | None:
    """The pace over some chunks.

    Time in which nobody worked does not count, nor does the first chunk after it, which was begun
    before.
    """
    chunks = size = records = 0
    seconds = 0.0
    for one in stretches:
        others = one.chunks - 1
        chunks += others
        size += one.bytes * others // one.chunks
        records += one.records * others // one.chunks
        until = entry.now if one.fence == entry.fence else one.last
        seconds += seconds_between(one.first, until) if others else 0
    return Pace(chunks, size, records, seconds) if chunks and seconds > 0 else None


def _left(entry: Entry, total: int | None, pace: Pace | None) -> float | None:
    if pace is None or total is None or not pace.bytes:
        return None
    return max(total - entry.read, 0) * pace.seconds / pace.bytes


def _back(now: str, seconds: float | None) -> str:
    """The time so many seconds ago, as the ledger writes it; None: the earliest time."""
    if seconds is None:
        return ""
    then = datetime.fromisoformat(now) - timedelta(seconds=min(seconds, LONGEST))
    return then.isoformat(timespec="milliseconds").replace("+00:00", "Z")
