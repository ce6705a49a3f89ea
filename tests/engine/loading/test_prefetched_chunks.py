"""Chunks that are prefetched are those that are loaded, and each of them once."""

import threading

import pytest
from msgspec.structs import replace

from snapshots._native import Splitter
from snapshots.engine.input.cut import Piece
from snapshots.engine.loading.prefetched_chunks import PrefetchedChunks, converted
from snapshots.engine.plan.plan import Plan
from snapshots.formats.kernel_json import dialect_json
from snapshots.model import Column, Contract, Dialect, TableName, Type
from snapshots.row_encoding import ENCODINGS

TEXT = b"id,name\n" + b"".join(b'%d,"name, %d"\n' % (n, n) for n in range(2000)) + b"x,y\n"
KINDS = [("arrow", 16 << 20, 100), ("sqlite", 1000, None), ("text", 1 << 20, None)]


@pytest.fixture(params=KINDS, ids=[name for name, *_ in KINDS])
def encoding(request):
    name, size, records = request.param
    return replace(ENCODINGS[name], block_bytes=size, block_records=records)


def converter(encoding):
    columns = (Column("id", "id", Type("integer")), Column("name", "name", Type("text")))
    return Plan(
        TableName("t"), Dialect(), Contract(columns), ("id", "name"), encoding, True, 1
    ).converter(1)


def pieces(size=10_000):
    splitter = Splitter(dialect_json(Dialect()), size, 0, 1)
    for chunk in splitter.feed(TEXT) + splitter.finish():
        yield Piece(chunk, (), "utf-8", 0)


def account(blocks):
    return [(b.start, b.position, b.line, b.loaded, len(b.rejects())) for b in blocks]


def test_the_blocks_are_those_of_the_chunk(encoding):
    kernel = converter(encoding)
    chunks = PrefetchedChunks(pieces(), kernel, encoding)
    loaded = rejected = 0
    for piece, expected in zip(chunks.pieces(), pieces(), strict=True):
        made = list(chunks.blocks(piece.chunk))
        assert account(made) == account(converted(expected.chunk, kernel, encoding))
        assert made[-1].position == len(piece.chunk)
        loaded += sum(block.loaded for block in made)
        rejected += sum(block.rejected for block in made)
    assert (loaded, rejected) == (2000, 1)


def test_they_are_given_once_and_for_no_other_chunk(encoding):
    chunks = PrefetchedChunks(pieces(), converter(encoding), encoding)
    before = None
    for piece in chunks.pieces():
        assert before is None or chunks.blocks(before.chunk) is None
        assert list(chunks.blocks(piece.chunk))
        assert chunks.blocks(piece.chunk) is None
        before = piece


@pytest.mark.parametrize("taken", [0, 1])
def test_blocks_that_nobody_takes_are_in_no_other_chunk(encoding, taken):
    kernel = converter(encoding)
    chunks = PrefetchedChunks(pieces(), kernel, encoding)
    for number, piece in enumerate(chunks.pieces()):
        blocks = chunks.blocks(piece.chunk)
        if number % 2:
            assert account(blocks) == account(converted(piece.chunk, kernel, encoding))
        else:
            for _ in range(taken):
                next(blocks)


def test_an_error_comes_where_its_block_would_have(encoding):
    kernel = converter(encoding)

    class WithoutMemory:
        def convert(self, chunk, *given):
            if chunk.start:
                raise MemoryError
            return kernel.convert(chunk, *given)

    chunks = PrefetchedChunks(pieces(), WithoutMemory(), encoding)
    for piece in chunks.pieces():
        blocks = chunks.blocks(piece.chunk)
        if piece.chunk.start:
            with pytest.raises(MemoryError):
                next(blocks)
        else:
            assert list(blocks)


def test_an_error_of_the_pieces_comes_behind_those_before_it(encoding):
    def broken():
        yield from pieces()
        raise ValueError("torn")

    chunks = PrefetchedChunks(broken(), converter(encoding), encoding)
    drawn = chunks.pieces()
    for _ in pieces():
        assert list(chunks.blocks(next(drawn).chunk))
    with pytest.raises(ValueError, match="torn"):
        next(drawn)


def test_who_ends_does_not_wait_for_pieces_that_may_never_come(encoding):
    never = threading.Event()

    def waiting():
        yield next(pieces())
        never.wait()

    chunks = PrefetchedChunks(waiting(), converter(encoding), encoding)
    drawn = chunks.pieces()
    assert list(chunks.blocks(next(drawn).chunk))
    drawn.close()
    never.set()
