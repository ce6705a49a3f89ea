"""Cuts: where chunks begin and end. They cross processes; pieces are what workers make of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from snapshots._native import Chunk, Splitter
from snapshots.engine.input.ordered_bytes import OrderedBytes
from snapshots.errors import InputChanged
from snapshots.formats import encodings
from snapshots.formats.kernel_json import dialect_json
from snapshots.ledger.chunk_rejects import ChunkRejects

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snapshots.model import Dialect, Reject


class Cut(Struct, frozen=True):
    """A contiguous range of whole records, by its place in the input. Picklable, a few bytes.

    Places are ordered numbers that the input's format gives a meaning: bytes of a text as the
    kernel sees it, in UTF-8 and without compression.
    """

    start: int
    end: int
    line: int
    """The number of its first line."""
    end_line: int | None = None
    """The number of the line after its last one, where that is known."""
    digest: bytes | None = None
    """BLAKE3 of its bytes; None where they are taken along, or too many of one record to keep."""
    hash_state: bytes | None = None
    """The hash state of the input up to a place that is not past `end`."""


class Piece(Struct, frozen=True):
    """A chunk, with what the ledger must know of it. Picklable, with its bytes."""

    chunk: Chunk
    hash_states: tuple[tuple[int, bytes], ...]
    """Hash states of the input, a MiB apart; empty if no hash is taken."""
    encoding: str
    origin: int
    """The byte of the input, in its own encoding, at which the chunk begins."""
    is_rest: bool = False
    """Whether it is a part of a chunk that the database did not take as a whole."""

    def after(self, end: int, line: int) -> Piece | None:
        """The part of the chunk behind a record's end, in that line; None: there is none."""
        if end >= self.chunk.end:
            return None
        data = memoryview(bytes(self.chunk))
        done = data[: end - self.chunk.start]
        origin = self.origin
        if not encodings.is_utf8(self.encoding):
            origin += len(encodings.original(bytes(done), self.encoding))
        rest = Chunk.of(data[len(done) :], end, line)
        return Piece(rest, self.hash_states, self.encoding, origin, is_rest=True)

    def hash_state(self, end: int) -> bytes | None:
        """The last hash state that is not past `end`."""
        states = [state for offset, state in self.hash_states if offset <= end]
        return states[-1] if states else None

    def all_as_in_the_input(self, rejects: ChunkRejects) -> ChunkRejects:
        """All rejects of the chunk, with bytes and offsets of the input's encoding."""
        if encodings.is_utf8(self.encoding) or not rejects:
            return rejects
        return ChunkRejects(self.as_in_the_input(list(rejects)))

    def as_in_the_input(self, rejects: Sequence[Reject]) -> list[Reject]:
        """Rejects with bytes and offsets of the input's encoding; the kernel saw it as UTF-8."""
        if encodings.is_utf8(self.encoding) or not rejects:
            return list(rejects)
        data = memoryview(bytes(self.chunk))
        mapped, seen, offset = [], 0, self.origin
        for reject in rejects:
            begin = reject.byte_offset - self.chunk.start
            offset += len(encodings.original(bytes(data[seen:begin]), self.encoding))
            seen = begin
            raw = encodings.original(reject.raw, self.encoding)
            mapped.append(replace(reject, byte_offset=offset, raw=raw))
        return mapped

    def cut(self, *, digested: bool) -> Cut:
        """Where the chunk is; `digested` says that its bytes are read again elsewhere."""
        chunk = self.chunk
        digest = chunk.digest(len(chunk)) if digested else None
        state = self.hash_state(chunk.end)
        return Cut(chunk.start, chunk.end, chunk.line, digest=digest, hash_state=state)


class Batch(Struct, frozen=True):
    """Adjacent cuts that one worker or task carries out, one after the other."""

    cuts: tuple[Cut, ...]
    """Empty where the pieces themselves are there."""
    pieces: tuple[Piece, ...] = ()
    """The cuts by value: of inputs that cannot be read again elsewhere."""
    kept: object = None
    """What an executor has kept of their bytes: they need not be read again."""

    @property
    def start(self) -> int:
        """Where its first cut begins."""
        return self.cuts[0].start if self.cuts else self.pieces[0].chunk.start

    @property
    def end(self) -> int:
        """Where its last cut ends."""
        return self.cuts[-1].end if self.cuts else self.pieces[-1].chunk.end

    def after(self, end: int) -> Batch | None:
        """The cuts that end behind a place; None: there are none. They are read again."""
        cuts = tuple(cut for cut in self.cuts if cut.end > end)
        pieces = tuple(piece for piece in self.pieces if piece.chunk.end > end)
        return Batch(cuts, pieces) if cuts or pieces else None


def pieces_of(
    cuts: Sequence[Cut], data: Iterator[bytes], dialect: Dialect, place: str
) -> Iterator[Piece]:
    """Makes the pieces of adjacent cuts; `data` are the input's bytes from the first one on.

    Raises InputChanged where they are not those that were cut.
    """
    stream = OrderedBytes(data)
    for cut in cuts:
        size = cut.end - cut.start
        if cut.digest is not None:
            chunk = Chunk.of(b"".join(stream.take(size)), cut.start, cut.line)
            if chunk.digest(size) != cut.digest:
                raise _other_bytes(cut, place)
        else:
            # One record that is too long: only its beginning is kept.
            splitter = Splitter(dialect_json(dialect), size, cut.start, cut.line)
            chunks = [one for some in stream.take(size) for one in splitter.feed(some)]
            chunks += splitter.finish()
            if len(chunks) != 1 or chunks[0].end != cut.end:
                raise _other_bytes(cut, place)
            chunk = chunks[0]
        states = ((cut.end, cut.hash_state),) if cut.hash_state is not None else ()
        yield Piece(chunk, states, dialect.encoding, cut.start)


def _other_bytes(cut: Cut, place: str) -> InputChanged:
    return InputChanged(
        f"bytes {cut.start} to {cut.end} are others than those that were read first",
        place=place,
        hint="the input was changed, or this host reads another one; load it as a new input with"
        " --again",
    )
