from snapshots._native import Hasher
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


def test_only_what_is_read_again_is_kept_of_millions():
    mib = 1 << 20
    hasher = Hasher()
    hasher.update(bytes(5 * mib))
    chunks = [chunk(n, n + mib // 2, 1, hasher.state()) for n in range(0, 5 * mib, mib // 2)]
    behind = chunk(6 * mib, 7 * mib)
    whole = Remainder.after([*chunks, behind])
    left = Remainder.after(iter([*chunks, behind]), seekable=True)
    assert (left.gaps, left.hash_state) == (whole.gaps, whole.hash_state)
    assert [one.end for one in left.done if one.end <= hasher.aligned] == []
    assert left.done[-1] == behind
    assert len(left.done) < 5
    assert len(whole.done) == 11
