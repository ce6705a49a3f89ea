"""Reads an object from any offset on, in spite of broken connections."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct, field

from snapshots._native import Hasher
from snapshots.errors import InputError
from snapshots.sources.compression import PIECE
from snapshots.sources.peekable import up_to
from snapshots.sources.remote.access import Attempts, TransientFailure
from snapshots.sources.remote.protocol import changed, require_same

if TYPE_CHECKING:
    from snapshots.sources.remote.protocol import Remote, RemoteBody, RemoteFacts

PART: Final = 8 * 1024 * 1024
"""Bytes that one connection reads at a time. Each connection keeps one part in memory."""

NewTries = Callable[[], Attempts]


class Transfer(Protocol):
    """A way to read an object, chosen by what its server offers."""

    seekable: bool
    facts: RemoteFacts

    def read(self, offset: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The stored bytes from an offset up to `end`, or to the last one, in order."""

    def between(self, start: int, end: int) -> Iterator[bytes]:
        """The stored bytes from an offset to another one; only if it is `seekable`."""


def begin(
    remote: Remote,
    place: str,
    connections: int,
    opening: Attempts,
    tries: NewTries,
    sized: Callable[[int], None],
) -> Transfer:
    """Asks for the first bytes, and chooses the way to read by the answer.

    `opening` judges failures until then, `tries` makes one such judge for each later reading.
    """
    while True:
        try:
            answer = remote.get(0, PIECE)
            facts = answer.facts
            if facts.size is not None:
                sized(facts.size)
            if not answer.partial:
                return SequentialTransfer(remote, place, facts, tries, answer.body)
            first = b"".join(answer.body)
        except TransientFailure as error:
            opening.failed(error)
        else:
            break
    if facts.versioned:
        return RangedTransfer(remote, place, facts, tries, first, connections)
    # Parts of it could come from different versions, and nobody would see it.
    return SequentialTransfer(remote, place, facts, tries, None)


class SequentialTransfer:
    """Reads from the first byte each time, because the server offers no ranges."""

    seekable = False

    def __init__(
        self,
        remote: Remote,
        place: str,
        facts: RemoteFacts,
        tries: NewTries,
        body: RemoteBody | None,
    ) -> None:
        self.facts = facts
        self._remote = remote
        self._place = place
        self._tries = tries
        self._body = body

    def read(self, offset: int = 0, end: int | None = None) -> Iterator[bytes]:
        """See `Transfer`. After a break, the bytes before it are read again and compared."""
        return up_to(self._from(offset), None if end is None else end - offset)

    def _from(self, offset: int) -> Iterator[bytes]:
        tries = self._tries()
        given = Hasher()
        while True:
            try:
                for piece in self._after(given):
                    given.update(piece)
                    tries.progress()
                    before = given.length - len(piece)
                    if given.length > offset:
                        yield piece[max(offset - before, 0) :]
            except TransientFailure as error:
                tries.failed(error)
            else:
                return

    def between(self, _start: int, _end: int) -> Iterator[bytes]:
        """See `Transfer`."""
        raise NotImplementedError

    def _after(self, given: Hasher) -> Iterator[bytes]:
        """The bytes behind those that were given already."""
        with closing(self._opened()) as body:
            again = Hasher()
            missing = given.length
            for piece in body:
                passed = piece[:missing]
                again.update(passed)
                missing -= len(passed)
                if missing == 0 and passed and again.hexdigest() != given.hexdigest():
                    raise self._changed()
                if len(passed) < len(piece):
                    yield piece[len(passed) :]
            if missing:
                raise self._changed()

    def _opened(self) -> RemoteBody:
        """The body to read; the first reading takes the answer that is there already."""
        body, self._body = self._body, None
        if body is None:
            answer = self._remote.get()
            require_same(self.facts, answer.facts, self._place)
            body = answer.body
        return body

    def _changed(self) -> InputError:
        return changed(self._place, "bytes that were read before differ when read again")


class _Part(Struct):
    """A range of bytes that one thread fills and another empties."""

    start: int
    end: int
    pieces: SimpleQueue[bytes | BaseException | None] = field(default_factory=SimpleQueue)

    def __iter__(self) -> Iterator[bytes]:
        while (piece := self.pieces.get()) is not None:
            if isinstance(piece, BaseException):
                raise piece
            yield piece


class RangedTransfer:
    """Reads from any byte on, several ranges at once."""

    seekable = True

    def __init__(
        self,
        remote: Remote,
        place: str,
        facts: RemoteFacts,
        tries: NewTries,
        first: bytes,
        connections: int,
    ) -> None:
        self.facts = facts
        self._remote = remote
        self._place = place
        self._tries = tries
        self._first = first
        self._size = facts.size or 0
        self._connections = connections

    def read(self, offset: int = 0, end: int | None = None) -> Iterator[bytes]:
        """See `Transfer`. The first MiB comes alone, for readers that need no more."""
        end = self._size if end is None else min(end, self._size)
        begin = max(offset, min(offset + PIECE, end))
        if offset or not self._first:
            yield from self._range(offset, begin)
        else:
            begin = min(len(self._first), end)
            yield self._first[:end]
        if self._connections == 1:
            yield from self._range(begin, end)
        else:
            yield from self._side_by_side(begin, end)

    def between(self, start: int, end: int) -> Iterator[bytes]:
        """See `Transfer`."""
        return self._range(start, end)

    def _range(self, start: int, end: int) -> Iterator[bytes]:
        """One range; after a break it goes on where it was."""
        tries = self._tries()
        while start < end:
            try:
                with closing(self._asked(start, end)) as body:
                    for piece in body:
                        start += len(piece)
                        tries.progress()
                        yield piece
            except TransientFailure as error:
                tries.failed(error)

    def _asked(self, start: int, end: int) -> RemoteBody:
        answer = self._remote.get(start, end)
        try:
            require_same(self.facts, answer.facts, self._place)
            if not answer.partial:
                raise InputError(
                    "The server no longer supports ranges.",
                    place=self._place,
                    hint="Try again; the import continues where it stopped.",
                    retryable=True,
                )
        except InputError:
            answer.body.close()
            raise
        return answer.body

    def _side_by_side(self, begin: int, end: int) -> Iterator[bytes]:
        """Several parts at once, each on its own connection, given in order."""
        dropped = threading.Event()
        waiting: deque[_Part] = deque()
        pool = ThreadPoolExecutor(self._connections, "snapshots-range")
        try:
            for start in range(begin, end, PART):
                part = _Part(start, min(start + PART, end))
                pool.submit(self._fill, part, dropped)
                waiting.append(part)
                if len(waiting) == self._connections:
                    yield from waiting.popleft()
            while waiting:
                yield from waiting.popleft()
        finally:
            dropped.set()
            pool.shutdown(wait=False, cancel_futures=True)

    def _fill(self, part: _Part, dropped: threading.Event) -> None:
        try:
            for piece in self._range(part.start, part.end):
                if dropped.is_set():
                    return
                part.pieces.put(piece)
            part.pieces.put(None)
        except BaseException as error:  # raised again where the part is awaited
            part.pieces.put(error)
