"""Local files: their bytes, wherever one begins, and what is known of them."""

import os

import pytest

from snapshots._native import Hasher
from snapshots.errors import InputChanged, InputError
from snapshots.sources import open_again, open_source

MIB = 1024 * 1024


@pytest.fixture
def big(tmp_path):
    path = tmp_path / "big.csv"
    path.write_bytes(b"".join(b"%d,%d\n" % (i, i * i) for i in range(300_000)))
    return path


@pytest.mark.parametrize("offset", [0, 1, 17, MIB - 1, MIB, MIB + 1, 10**9])
def test_the_bytes_from_any_offset(big, offset):
    source = open_source(str(big))
    wanted = big.read_bytes()[offset:]
    pieces = list(source.read(offset))
    assert b"".join(pieces) == wanted == b"".join(source.raw(offset))
    assert all(0 < len(piece) <= MIB for piece in pieces)
    assert source.seekable
    assert source.consumed == max(offset, big.stat().st_size)


def test_the_head_consumes_nothing(big):
    source = open_source(str(big))
    data = big.read_bytes()
    assert source.head(10) == data[:10]
    assert source.head(2 * MIB) == data[: 2 * MIB]
    assert source.head(10**9) == data
    assert source.consumed == 0
    assert next(source.read()) == data[:MIB]
    assert source.consumed == MIB


def test_equal_bytes_have_equal_fingerprints_whatever_the_name(big, tmp_path):
    copy = tmp_path / "copy.csv"
    copy.write_bytes(big.read_bytes())
    assert fingerprint(big) == fingerprint(copy)
    for place in (0, big.stat().st_size - 1):
        data = bytearray(big.read_bytes())
        data[place] ^= 1
        copy.write_bytes(data)
        assert fingerprint(big) != fingerprint(copy), place
    copy.write_bytes(big.read_bytes() + b"\n")
    assert fingerprint(big) != fingerprint(copy)


def fingerprint(path):
    source = open_source(str(path))
    try:
        return source.identity.fingerprint
    finally:
        source.close()


def test_the_identity_is_that_of_the_file(big):
    identity = open_source(str(big)).identity
    status = big.stat()
    assert (identity.name, identity.size) == (str(big), status.st_size)
    assert (identity.mtime_ns, identity.inode) == (status.st_mtime_ns, status.st_ino)
    data = big.read_bytes()
    hasher = Hasher()
    hasher.update(len(data).to_bytes(8, "little") + data[:MIB] + data[-MIB:])
    assert identity.fingerprint == hasher.hexdigest()


def appended(path):
    with path.open("ab") as file:
        file.write(b"x")


def replaced(path):
    other = path.with_suffix(".new")
    other.write_bytes(path.read_bytes())
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)


def touched(path):
    os.utime(path, ns=(1, 1))


@pytest.mark.parametrize("change", [appended, replaced, touched, os.unlink])
def test_every_change_of_the_file_is_seen(big, change):
    source = open_source(str(big))
    assert source.unchanged()
    change(big)
    assert not source.unchanged()


def test_a_file_that_grows_is_read_as_far_as_it_goes(big):
    source = open_source(str(big))
    pieces = source.read()
    next(pieces)
    appended(big)
    assert len(b"".join(pieces)) == big.stat().st_size - MIB


def test_memory_does_not_grow_with_what_is_read(tmp_path):
    import tracemalloc

    path = tmp_path / "zeros.csv"
    with path.open("wb") as file:
        file.write(b"a,b\n")
        file.truncate(200 * MIB)
    with path.open("r+b") as file:
        file.write(b"1,2\n" * 40_000)
    source = open_source(str(path))
    tracemalloc.start()
    try:
        assert sum(map(len, source.read())) == 200 * MIB
        assert tracemalloc.get_traced_memory()[1] < 5 * MIB
    finally:
        tracemalloc.stop()


def test_a_closed_source_may_be_closed_again(big):
    source = open_source(str(big))
    source.close()
    source.close()
    with pytest.raises(InputError):
        next(source.read())


def test_a_known_file_is_opened_again_and_another_one_is_not(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\n1,2\n")
    first = open_source(str(path))
    known = first.identity
    first.close()
    os.utime(path, (1, 1))  # a copy on another host
    again = open_again(known)
    assert b"".join(again.read(2, 6)) == b"b\n1,"
    again.close()
    path.write_bytes(b"a,b\n1,3\n")
    with pytest.raises(InputChanged, match="another file of this name"):
        open_again(known)
