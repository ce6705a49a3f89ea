"""Toward the end of an input chunks get smaller, and are still all of it."""

import itertools

import pytest

from snapshots.defaults import MIB
from snapshots.engine.input.chunk_sizes import ChunkSizes
from snapshots.engine.input.reader import Gap, Reader, Remainder
from snapshots.model import Dialect
from snapshots.sources import open_source

LINES = [b"%d,%s\n" % (number, b"z" * (number % 90)) for number in range(200_000)]
RECORD = 100
"""More bytes than a record has."""


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("sizes") / "a.csv"
    path.write_bytes(b"".join(LINES))
    return path


def lengths(path, sizes, remainder=None):
    source = open_source(str(path))
    pieces = list(Reader(source, Dialect(), sizes, remainder or Remainder(), None))
    source.close()
    for one, other in itertools.pairwise(pieces):
        assert one.chunk.end == other.chunk.start
    assert b"".join(bytes(piece.chunk) for piece in pieces) == path.read_bytes()[-_sum(pieces) :]
    return [len(piece.chunk) for piece in pieces]


def _sum(pieces):
    return sum(len(piece.chunk) for piece in pieces)


@pytest.mark.parametrize("workers", [2, 3, 4])
@pytest.mark.parametrize("most", [3 * MIB, 8 * MIB])
def test_no_chunk_is_more_than_a_share_of_what_is_left(path, workers, most):
    left = path.stat().st_size
    found = lengths(path, ChunkSizes(most, workers))
    assert sum(found) == left
    for size in found:
        assert size < min(most, max(MIB, left // workers)) + RECORD
        assert size >= min(MIB, left)
        left -= size


def test_one_worker_and_a_chosen_size_have_equal_chunks(path):
    for sizes in (3 * MIB, ChunkSizes(3 * MIB, 1), ChunkSizes(MIB, 4), ChunkSizes(1000, 4)):
        most = sizes if isinstance(sizes, int) else sizes.most
        assert all(most <= size < most + RECORD for size in lengths(path, sizes)[:-1])


def test_a_gap_is_cut_to_its_end_and_a_begun_one_as_one(path):
    first, size = len(b"".join(LINES[:1000])), path.stat().st_size
    second = first + len(b"".join(LINES[1000:150_000]))
    rest = Gap(second, 150_001, None)
    for begun in (False, True):
        gaps = (Gap(first, 1001, second, begun=begun), rest)
        found = lengths(path, ChunkSizes(3 * MIB, 4), Remainder(gaps))
        assert sum(found) == size - first
        before = list(
            itertools.takewhile(
                lambda end: end <= second, itertools.accumulate(found, initial=first)
            )
        )
        assert before[-1] == second
        assert (len(before) == 2) == begun
