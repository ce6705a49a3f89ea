"""Cuts cross processes, and their bytes are those that were cut, or nothing is loaded."""

import pickle
import random

import pytest

from snapshots.engine.input.cut import pieces_of
from snapshots.engine.input.cutter import ReadingCutter
from snapshots.engine.input.reader import Reader, Remainder
from snapshots.errors import InputChanged
from snapshots.model import Dialect
from snapshots.sources import open_source

_RANDOM = random.Random(3)
TEXT = "a,b\n" + "".join(
    _RANDOM.choice(['1,"x\ny"\n', "22,plain\n", '3,"br"oken\n', "\r\n", "4," + "z" * 40 + "\n"])
    for _ in range(3000)
)


def batches(path, dialect, **how):
    source = open_source(str(path))
    cutter = ReadingCutter(Reader(source, dialect, 500, Remainder(), None), **how)
    found = [pickle.loads(pickle.dumps(batch)) for batch in cutter]
    return source, cutter, found


def contents(pieces):
    return [
        (p.chunk.start, p.chunk.end, p.chunk.line, bytes(p.chunk), p.chunk.overlong) for p in pieces
    ]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(TEXT.encode())
    return path


@pytest.mark.parametrize("longest", [1 << 20, 30])
def test_bytes_that_are_read_again_make_the_same_pieces(path, longest):
    """Also of records that are too long, of which only the beginning is kept."""
    dialect = Dialect(max_record_size=longest)
    source, cutter, found = batches(path, dialect, batch_size=5000, by_value=False)
    _, _, by_value = batches(path, dialect, batch_size=1)
    again = [
        piece
        for batch in found
        for piece in pieces_of(batch.cuts, source.read(batch.start, batch.end), dialect, "a")
    ]
    direct = [piece for batch in by_value for piece in batch.pieces]
    source.close()
    assert contents(again) == contents(direct)
    assert any(piece.chunk.overlong for piece in direct) == (longest == 30)
    assert all(len(batch.cuts) > 5 for batch in found[:-1]) or longest == 30
    assert cutter.end == path.stat().st_size
    assert cutter.content_hash


def test_other_bytes_are_noticed(path):
    dialect = Dialect()
    source, _, found = batches(path, dialect, batch_size=5000, by_value=False)
    source.close()
    data = bytearray(path.read_bytes())
    for batch in found:
        part = data[batch.start : batch.end]
        for changed in (part[:-1], part[:-2] + b"#\n"):
            with pytest.raises(InputChanged):
                list(pieces_of(batch.cuts, iter([bytes(changed)]), dialect, "a"))


def test_what_is_left_of_a_batch(path):
    source, _, (first, *_) = batches(path, Dialect(), batch_size=5000, by_value=False)
    source.close()
    assert first.after(first.end) is None
    assert first.after(first.cuts[3].end).cuts == first.cuts[4:]
    assert first.after(first.cuts[3].end - 1).cuts == first.cuts[3:]
