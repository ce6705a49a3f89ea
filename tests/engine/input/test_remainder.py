from snapshots.engine.input.reader import Gap, Remainder
from snapshots.ledger.entry import CommittedChunk
from snapshots.model import Counts


def chunk(start, end, line=1, state=None):
    return CommittedChunk(start, end, line, line + 10, Counts(), state, None, 0.0, "")


def test_of_nothing_is_everything():
    assert Remainder.after([]) == Remainder()
    assert Remainder().gaps == (Gap(0, 1, None),)


def test_holes_and_the_rest():
    chunks = [chunk(0, 10, 1, b"a"), chunk(20, 30, 21), chunk(30, 40, 31, b"late")]
    left = Remainder.after(chunks)
    assert left.gaps == (Gap(10, 11, 20), Gap(40, 41, None))
    assert left.hash_state == b"a", "a hash cannot go on behind a hole"


def test_last_known_hash_state_counts():
    left = Remainder.after([chunk(0, 10, 1, b"a"), chunk(10, 20, 11, None)])
    assert left.hash_state == b"a"
    assert left.gaps == (Gap(20, 21, None),)
    assert [chunk.start for chunk in left.done] == [0, 10]
