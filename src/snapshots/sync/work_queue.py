"""Holds stable files that wait for their import: small ones, large ones, and those put off."""

from __future__ import annotations

import queue
from collections import deque

from msgspec import Struct

from snapshots.engine.input.identity import EAGER_BYTES
from snapshots.engine.plan.version_date import date_of
from snapshots.engine.run.together import AT_ONCE
from snapshots.errors import UsageError
from snapshots.retry import RetryPolicy
from snapshots.sync.watched import FolderFile
from snapshots.time_limits import LONGEST_AWAY_SECONDS

IN_HAND = 2 * AT_ONCE
"""Small files that the importers have before them, so that none of them waits for the next."""
RETRY = RetryPolicy(first_pause=0.5, longest_pause=LONGEST_AWAY_SECONDS)
"""For files that could not be imported yet, and for a database that is away."""


class _Late(Struct):
    file: FolderFile
    due: float


class WorkQueue:
    """Gives files to importer threads for small and for large files, so that a small one never
    waits for a large one.

    With `in_turn` there is one file at a time: by the dates in their names, then by their time of
    change.
    """

    def __init__(self, *, in_turn: bool = False, large: int = 1) -> None:
        """`large`: how many large files are imported at once."""
        self._in_turn = in_turn
        self._large = large
        self.small: queue.SimpleQueue[FolderFile | None] = queue.SimpleQueue()
        self.large: queue.SimpleQueue[FolderFile | None] = queue.SimpleQueue()
        self._waiting: tuple[deque[FolderFile], deque[FolderFile]] = (deque(), deque())
        self._at_work: dict[str, FolderFile] = {}
        self._in_hand = [0, 0]
        self._late: list[_Late] = []
        self._tries: dict[str, int] = {}
        self._again: dict[str, FolderFile] = {}

    def __len__(self) -> int:
        return sum(map(len, self._waiting)) + len(self._at_work) + len(self._late)

    def paths(self) -> set[str]:
        """Returns the paths of all its files."""
        late = (entry.file for entry in self._late)
        return {
            file.path for files in (*self._waiting, self._at_work.values(), late) for file in files
        }

    def add(self, file: FolderFile) -> None:
        """Adds a file as it is now. One that is being imported is taken again afterwards."""
        if file.path in self._at_work:
            self._again[file.path] = file
            return
        self._late = [late for late in self._late if late.file.path != file.path]
        self._waiting[_kind(file)].append(file)

    def hand_out(self, now: float) -> None:
        """Gives the threads as many files as they can hold."""
        for late in [late for late in self._late if late.due <= now]:
            self._late.remove(late)
            self._waiting[_kind(late.file)].append(late.file)
        if self._in_turn:
            self._hand_out_next()
            return
        for kind, files, most in ((0, self.small, IN_HAND), (1, self.large, self._large)):
            waiting = self._waiting[kind]
            while waiting and self._in_hand[kind] < most:
                file = waiting.popleft()
                if file.path in self._at_work:
                    self._again[file.path] = file
                    continue
                self._at_work[file.path] = file
                self._in_hand[kind] += 1
                files.put(file)

    def _hand_out_next(self) -> None:
        if self._at_work or not any(self._waiting):
            return
        file = min((*self._waiting[0], *self._waiting[1]), key=_version)
        kind = _kind(file)
        self._waiting[kind].remove(file)
        self._at_work[file.path] = file
        self._in_hand[kind] += 1
        (self.large if kind else self.small).put(file)

    def done(self, file: FolderFile) -> None:
        """A thread has finished a file."""
        self._returned(file)
        self._tries.pop(file.path, None)
        if again := self._again.pop(file.path, None):
            self.add(again)

    def tries(self, file: FolderFile) -> int:
        """Returns how often the file was put off."""
        return self._tries.get(file.path, 0)

    def put_off(self, file: FolderFile, now: float) -> float:
        """Puts a file off, longer each time, and returns for how many seconds."""
        self._returned(file)
        tries = self._tries[file.path] = self._tries.get(file.path, 0) + 1
        seconds = RETRY.pause(tries)
        self._late.append(_Late(self._again.pop(file.path, file), now + seconds))
        return seconds

    def give_back(self, file: FolderFile) -> None:
        """Puts a file back at the front, for as soon as anything can be done."""
        self._returned(file)
        self._waiting[_kind(file)].appendleft(self._again.pop(file.path, file))

    def _returned(self, file: FolderFile) -> None:
        del self._at_work[file.path]
        self._in_hand[_kind(file)] -= 1


def _version(file: FolderFile) -> tuple[str, int, str]:
    """Sorts files as versions: those without a date are of today."""
    try:
        date = date_of(file.path, None)
    except UsageError:
        date = None
    return date or "~", file.mtime_ns, file.path


def _kind(file: FolderFile) -> int:
    """Returns 0 for a small file, of which several are imported at once, and 1 for a large one,
    which gets all workers."""
    return int(file.size > EAGER_BYTES)
