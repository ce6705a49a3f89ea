"""The resumable hash against BLAKE3's published test vectors and against itself."""

import threading
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapshots._native import Hasher, PartHasher

MIB = 1 << 20
# Of the input 0, 1, 2 ... 250, 0, 1 ...: the first 32 bytes of each published hash.
VECTORS = {
    0: "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
    1: "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213",
    1023: "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11",
    1024: "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7",
    102400: "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085",
}


def data(length):
    return bytes(range(251)) * (length // 251 + 1)


def hashed(content, *cuts):
    hasher = Hasher()
    for start, end in zip((0, *cuts), (*cuts, len(content)), strict=True):
        hasher.update(content[start:end])
    return hasher.hexdigest()


@pytest.mark.parametrize("length", VECTORS)
def test_published_vectors(length):
    assert hashed(data(length)[:length]) == VECTORS[length]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 5 * MIB), st.lists(st.integers(0, 5 * MIB), max_size=4))
def test_neither_cuts_nor_a_resume_matter(length, cuts):
    content = data(length)[:length]
    whole = hashed(content)
    assert hashed(content, *sorted(min(cut, length) for cut in cuts)) == whole
    for cut in cuts:
        first = Hasher()
        first.update(content[:cut])
        state = first.state()
        assert len(state) < 2048
        resumed = Hasher(state)
        assert resumed.aligned == resumed.length == first.aligned
        assert first.aligned % MIB == 0
        assert first.length - first.aligned <= MIB
        resumed.update(content[resumed.aligned :])
        assert resumed.hexdigest() == whole


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 5 * MIB), st.sets(st.integers(1, 4)), st.randoms(use_true_random=False))
def test_parts_hashed_in_any_order_make_the_hash(length, cuts, rng):
    content = data(length)[:length]
    borders = [0, *(cut * MIB for cut in sorted(cuts) if cut * MIB < length), length]
    ranges = list(pairwise(borders))
    parts = {}
    for begin, end in rng.sample(ranges, len(ranges)):
        hasher = PartHasher(begin)
        for at in range(begin, end, 300_007):
            hasher.update(content[at : min(at + 300_007, end)])
        assert hasher.length == end - begin
        parts[begin] = hasher.finish()
        assert len(parts[begin]) <= 56 + 32 * (1 + (end - begin) // MIB)
    whole = Hasher()
    for begin, end in ranges:
        if rng.random() < 0.3:
            whole.update(content[begin:end])
        else:
            whole.append(parts[begin])
    assert (whole.hexdigest(), whole.length) == (hashed(content), length)
    resumed = Hasher(whole.state())
    resumed.update(content[resumed.aligned :])
    assert resumed.hexdigest() == hashed(content)


def part(offset, content):
    hasher = PartHasher(offset)
    hasher.update(content)
    return hasher.finish()


def test_parts_that_do_not_fit_together():
    whole = Hasher()
    for wrong in (part(MIB, b"x"), b"", b"b3part", part(0, b"x")[:-1]):
        with pytest.raises(ValueError, match=r"byte 1048576, and not at byte 0|no part"):
            whole.append(wrong)
    whole.append(part(0, b"x"))
    for more in (lambda: whole.append(part(0, b"y")), lambda: whole.update(b"y")):
        with pytest.raises(ValueError, match=r"not at byte 1|ends within a MiB"):
            more()
    assert whole.hexdigest() == hashed(b"x")
    with pytest.raises(ValueError, match="multiple of 1 MiB"):
        PartHasher(1)


@pytest.mark.parametrize("state", [b"", b"x", b"b3state\x01", b"b3state\x01" + bytes(40)])
def test_what_is_no_state(state):
    with pytest.raises(ValueError, match="no state"):
        Hasher(state)


def test_any_buffer_is_taken():
    for buffer in (b"abc", bytearray(b"abc"), memoryview(b"abc"), memoryview(b"xabcx")[1:4]):
        hasher = Hasher()
        hasher.update(buffer)
        assert hasher.hexdigest() == hashed(b"abc")
    with pytest.raises(TypeError):
        Hasher().update("abc")


def test_other_threads_run_meanwhile():
    """A thread that hashes for long holds nothing that another one needs."""
    content = bytes(256 * MIB)
    hasher = Hasher()
    started, seen = threading.Event(), []

    def work():
        started.set()
        hasher.update(content)
        seen.append("hashed")

    thread = threading.Thread(target=work)
    thread.start()
    started.wait()
    seen.append("meanwhile")
    thread.join()
    assert seen == ["meanwhile", "hashed"]
