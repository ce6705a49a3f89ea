"""Reads an input once, from first to last byte: hashes it and cuts it into chunks."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from snapshots._native import Hasher, Splitter
from snapshots.engine.input.chunk_sizes import ChunkSizes
from snapshots.engine.input.cut import Piece
from snapshots.errors import InputChanged
from snapshots.formats import encodings
from snapshots.formats.kernel_json import dialect_json
from snapshots.ledger.entry import Beginning
from snapshots.ports import Numbered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from snapshots._native import Chunk
    from snapshots.ledger.entry import CommittedChunk
    from snapshots.model import Dialect
    from snapshots.ports import Source


_AT_THE_START = Beginning()
_LOOK_AFTER = 1000
"""Committed chunks, before those are dropped that are not needed."""


class Gap(Struct, frozen=True):
    """A range of bytes that no committed chunk accounts for. It begins with a record."""

    start: int
    line: int
    end: int | None
    """None: to the end of the input."""
    begun: bool = False
    """Whether it is one chunk of which some records were sent, so that it is cut as one again."""


class Remainder(Struct, frozen=True):
    """The parts of an input that are not accounted for yet; of a new import, all of it."""

    gaps: tuple[Gap, ...] = (Gap(0, 1, None),)
    hash_state: bytes | None = None
    """The hash state of the input up to a place before the first gap."""
    done: tuple[CommittedChunk, ...] = ()
    """The committed chunks whose bytes are read again, to be compared."""

    @classmethod
    def after(
        cls,
        chunks: Iterable[CommittedChunk],
        beginning: Beginning = _AT_THE_START,
        *,
        seekable: bool = False,
    ) -> Remainder:
        """The gaps that committed chunks, given in order, leave behind the import's beginning.

        There may be millions. Of an input that is `seekable`, and not transcoded, only those are
        kept that are behind the hash state.
        """
        gaps = []
        offset, line, state = beginning.end, beginning.line, beginning.hash_state
        done: deque[CommittedChunk] = deque()
        for chunk in chunks:
            if chunk.start > offset:
                gaps.append(Gap(offset, line, chunk.start))
            if chunk.pending:
                gaps.append(Gap(chunk.start, chunk.start_line, chunk.end, begun=True))
            elif not gaps:
                state = chunk.hash_state or state
            offset, line = chunk.end, chunk.end_line
            if not chunk.pending:
                done.append(replace(chunk, hash_state=None))
                if seekable and not gaps and len(done) % _LOOK_AFTER == 0:
                    _forget(done, state)
        if seekable:
            _forget(done, state)
        return cls((*gaps, Gap(offset, line, None)), state, tuple(done))


def _forget(done: deque[CommittedChunk], state: bytes | None) -> None:
    """Drops the chunks before the place of a hash state."""
    begin = Hasher(state).aligned if state is not None else 0
    while done and done[0].end <= begin:
        done.popleft()


def _before(gap: Gap, done: Iterable[CommittedChunk]) -> CommittedChunk | None:
    """The committed chunk that ends where a gap begins."""
    return next((chunk for chunk in done if chunk.end == gap.start), None)


def changed_meanwhile(place: str) -> InputChanged:
    """The error for an input that was written to while it was read."""
    return InputChanged(
        "the input was changed while it was being loaded",
        place=place,
        hint="what is loaded of it is accounted for. If it has only grown, import it again to"
        " go on from there; snapshots show tells how far it has come",
    )


class PassedBy:
    """Checks that bytes which are read again, but not loaded, are those that were loaded."""

    def __init__(self, place: str, chunks: Iterable[CommittedChunk]) -> None:
        self._place = place
        self._chunks = iter(chunks)
        self._next()

    def check(self, offset: int, data: memoryview) -> None:
        """Takes bytes at an offset, in order. Raises InputChanged if they differ."""
        while data and self._chunk is not None:
            if offset < self._chunk.start:
                # Of this one only the end was read: a plain file is entered in its middle.
                offset, data = self._chunk.start, data[self._chunk.start - offset :]
            if offset > self._chunk.start + self._hasher.length:
                self._next()
                continue
            taken = data[: self._chunk.end - offset]
            self._hasher.update(taken)
            offset, data = offset + len(taken), data[len(taken) :]
            if offset == self._chunk.end:
                self._compare(self._chunk)
                self._next()

    def _compare(self, chunk: CommittedChunk) -> None:
        if chunk.hash is not None and self._hasher.hexdigest() != chunk.hash.hex():
            raise InputChanged(
                f"bytes {chunk.start} to {chunk.end} have changed since they were loaded",
                place=self._place,
                hint="load the current input as a new one with --again",
            )

    def _next(self) -> None:
        self._chunk = next(self._chunks, None)
        self._hasher = Hasher()


class Reader:
    """Cuts one input into chunks. Iterate once; then `content_hash`, `end` and `size` are known."""

    def __init__(
        self,
        source: Source,
        dialect: Dialect,
        chunk_size: int | ChunkSizes,
        remainder: Remainder,
        content_hash: str | None,
        *,
        may_change: bool = False,
    ) -> None:
        """`content_hash` is the hash if it is known already; then none is computed. `may_change`:
        nobody minds if the input is written to meanwhile."""
        self._may_change = may_change
        self._source = source
        self._dialect = dialect
        self._sizes = ChunkSizes(chunk_size) if isinstance(chunk_size, int) else chunk_size
        self._gaps = remainder.gaps
        self._utf8 = encodings.is_utf8(dialect.encoding)
        self._plain = source.seekable and self._utf8
        self._hasher: Hasher | None = None
        if content_hash is None and not isinstance(source, Numbered):
            self._hasher = Hasher(remainder.hash_state if self._plain else None)
        self._states: list[tuple[int, bytes]] = []
        self._passed_by = PassedBy(source.identity.name, remainder.done)
        self._done = remainder.done
        self._origin = 0
        self.content_hash = content_hash
        self.size = source.identity.size
        self.end = 0

    @property
    def consumed(self) -> int:
        """Stored bytes that were read."""
        return self._source.consumed

    def __iter__(self) -> Iterator[Piece]:
        gaps = iter(self._gaps)
        gap = next(gaps)
        splitter = self._splitter(gap)
        self.end, pieces = self._opened()
        for data in self._kernel_bytes(pieces):
            view = memoryview(data)
            while view:
                if self.end < gap.start:
                    taken = view[: gap.start - self.end]
                    self._keep_in_step(taken)
                    self._passed_by.check(self.end, taken)
                else:
                    taken = view if gap.end is None else view[: gap.end - self.end]
                    if chunks := splitter.feed(taken):
                        splitter.resize(self._size_of_next(gap, chunks[-1].end))
                        yield from self._pieces(chunks)
                self.end += len(taken)
                view = view[len(taken) :]
                if self.end == gap.end:
                    yield from self._pieces(splitter.finish())
                    gap = next(gaps)
                    splitter = self._splitter(gap)
        if self.end < gap.start:
            raise InputChanged(
                f"the input ends at byte {self.end}, but bytes up to {gap.start} are already"
                " loaded",
                place=self._source.identity.name,
                hint="load the current input as a new one with --again",
            )
        if not self._may_change and not self._source.unchanged():
            # What is read last may be half a record, whose rest is being written.
            raise changed_meanwhile(self._source.identity.name)
        yield from self._pieces(splitter.finish())
        if self._hasher is not None:
            self.content_hash = self._hasher.hexdigest()
            self.size = self._hasher.length
        elif self.content_hash is None and isinstance(self._source, Numbered):
            self.content_hash = self._source.content_hash

    def _splitter(self, gap: Gap) -> Splitter:
        size = self._size_of_next(gap, gap.start)
        dialect, rows = dialect_json(self._dialect), self._source.typed_rows
        return Splitter(dialect, size, gap.start, gap.line, rows)

    def _size_of_next(self, gap: Gap, start: int) -> int:
        if gap.begun and gap.end:
            return gap.end - gap.start
        size = self._source.identity.size if self._plain else None
        return self._sizes.of_next(None if size is None else size - start)

    def _pieces(self, chunks: list[Chunk]) -> Iterator[Piece]:
        for chunk in chunks:
            origin = self._origin
            if not self._utf8:
                self._keep_in_step(bytes(chunk))
            yield Piece(chunk, self._states_until(chunk.end), self._dialect.encoding, origin)

    def _opened(self) -> tuple[int, Iterator[bytes]]:
        """The first byte to read, and the bytes from there on.

        Bytes before the gap are read only if they must be hashed, or if the input cannot be read
        from its middle. Of numbered rows, the last chunk before the gap is read, to be compared.
        """
        if not self._plain:
            last = _before(self._gaps[0], self._done)
            if isinstance(self._source, Numbered) and last and self._utf8 and not self._hasher:
                return last.start, self._source.read_from_line(last.start_line)
            return 0, self._source.read()
        begin = self._hasher.aligned if self._hasher else self._gaps[0].start
        return begin, self._source.read(begin)

    def _kernel_bytes(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        data = self._hashed(pieces)
        return data if self._utf8 else encodings.transcode(data, self._dialect.encoding)

    def _keep_in_step(self, data: bytes | memoryview) -> None:
        """Passes pieces on, and counts their bytes in the input's own encoding."""
        if not self._utf8:
            self._origin += len(encodings.original(bytes(data), self._dialect.encoding))

    def _hashed(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            if self._hasher is not None:
                self._hasher.update(piece)
                if self._plain:
                    self._states.append((self._hasher.aligned, self._hasher.state()))
            yield piece

    def _states_until(self, end: int) -> tuple[tuple[int, bytes], ...]:
        """The hash states up to `end`; all of them but the last are dropped here."""
        states = [state for state in self._states if state[0] <= end]
        self._states = states[-1:] + self._states[len(states) :]
        return tuple(states)
