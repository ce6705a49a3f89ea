"""Compressed files: the same bytes; damage is told after all that lies before it."""

import bz2
import gzip
import lzma
import sys
import tracemalloc

import pytest

from snapshots.errors import InputError
from snapshots.sources import open_source

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CODECS = {"gz": gzip.compress, "zst": zstd.compress, "bz2": bz2.compress, "xz": lzma.compress}
DATA = b"a,b\n" + b"".join(b"%d,%d\n" % (i, i * 7919 % 100_003) for i in range(250_000))
MIB = 1024 * 1024


@pytest.fixture(params=CODECS)
def codec(request):
    return request.param


def source_of(tmp_path, data, name="a.csv"):
    path = tmp_path / name
    path.write_bytes(data)
    return open_source(str(path))


def collect(pieces, got):
    for piece in pieces:
        assert 0 < len(piece) <= MIB
        got += piece


def until_damage(source, offset=0):
    got = bytearray()
    with pytest.raises(InputError) as caught:
        collect(source.read(offset), got)
    return bytes(got), caught.value


@pytest.mark.parametrize("offset", [0, 1, 5, MIB, MIB + 7, len(DATA), len(DATA) + 5])
def test_the_bytes_from_any_offset(tmp_path, codec, offset):
    packed = CODECS[codec](DATA)
    source = source_of(tmp_path, packed)
    pieces = list(source.read(offset))
    assert b"".join(pieces) == DATA[offset:]
    assert all(0 < len(piece) <= MIB for piece in pieces)
    assert b"".join(source.raw()) == packed
    assert source.consumed == len(packed) == source.identity.size
    assert source.head(1000) == DATA[:1000]
    assert not source.seekable
    assert source.unchanged()


@pytest.mark.parametrize("size", [1, MIB - 1, MIB, MIB + 1, 2 * MIB])
def test_sizes_around_those_of_the_pieces(tmp_path, codec, size):
    data = (b"0123456789," * (size // 11 + 1))[:size]
    assert b"".join(source_of(tmp_path, CODECS[codec](data)).read()) == data


def test_members_one_after_the_other(tmp_path, codec):
    pack = CODECS[codec]
    packed = b"".join(pack(DATA[i : i + 9999]) for i in range(0, 99_990, 9999)) + pack(b"")
    assert b"".join(source_of(tmp_path, packed).read()) == DATA[:99_990]
    assert b"".join(source_of(tmp_path, packed + bytes(512)).read()) == DATA[:99_990]


def test_the_name_decides_nothing(tmp_path, codec):
    assert source_of(tmp_path, DATA[:50], f"a.csv.{codec}").head(50) == DATA[:50]
    assert source_of(tmp_path, CODECS[codec](DATA), "a.txt").head(50) == DATA[:50]


def test_a_cut_file_gives_what_it_has_and_then_an_error(tmp_path, codec):
    packed = CODECS[codec](DATA)
    got, error = until_damage(source_of(tmp_path, packed[: len(packed) // 2]))
    assert DATA.startswith(got)
    # bzip2 decodes whole blocks of 900 kB.
    assert len(got) > len(DATA) / 4
    assert "ends in the middle" in error.message


def test_all_bytes_before_the_damage_are_given(tmp_path, codec):
    packed = bytearray(CODECS[codec](DATA))
    middle = len(packed) // 2
    whole, _ = until_damage(source_of(tmp_path, bytes(packed[:middle])))
    packed[middle : middle + 64] = bytes(byte ^ 0xFF for byte in packed[middle : middle + 64])
    got, error = until_damage(source_of(tmp_path, bytes(packed), "b.csv"))
    # What decodes from the bytes before the damage alone is all there.
    assert got[: len(whole)] == whole
    assert "damaged" in error.message


def test_a_wrong_checksum_comes_after_all_bytes(tmp_path):
    packed = bytearray(gzip.compress(DATA))
    packed[-6] ^= 1
    got, error = until_damage(source_of(tmp_path, bytes(packed)))
    assert got == DATA
    assert "checksum" in error.message


def test_something_else_after_the_end_is_damage(tmp_path, codec):
    got, _ = until_damage(source_of(tmp_path, CODECS[codec](DATA) + b"garbage"))
    assert got == DATA


def test_the_head_of_a_damaged_file_is_what_there_is(tmp_path):
    packed = gzip.compress(DATA)
    source = source_of(tmp_path, packed[: len(packed) // 2])
    got, _ = until_damage(source)
    assert source.head(10 * MIB) == got


def test_damage_from_the_first_byte_on_is_told_at_once(tmp_path):
    with pytest.raises(InputError, match="damaged"):
        source_of(tmp_path, b"\x1f\x8b\x08" + b"\xff" * 50)


def test_nothing_within_is_an_empty_input(tmp_path, codec):
    with pytest.raises(InputError, match="empty"):
        source_of(tmp_path, CODECS[codec](b""))


def test_memory_is_bounded_whatever_the_ratio(tmp_path, codec):
    source = source_of(tmp_path, CODECS[codec](b"0,0\n" * (10 * MIB)))
    tracemalloc.start()
    try:
        assert sum(map(len, source.read())) == 40 * MIB
        assert tracemalloc.get_traced_memory()[1] < 16 * MIB
    finally:
        tracemalloc.stop()
