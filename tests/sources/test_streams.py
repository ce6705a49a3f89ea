"""Standard input and pipes: read once, head and all."""

import gzip
import os
import subprocess
import sys
import threading

import pytest

from snapshots.errors import InputError
from snapshots.sources import open_source
from snapshots.sources.streams import StreamSource

DATA = b"a,b\n" + b"".join(b"%d,%d\n" % (i, i * i) for i in range(200_000))


@pytest.fixture
def stream():
    writers = []

    def make(data):
        read, write = os.pipe()

        def fill():
            try:
                with os.fdopen(write, "wb") as file:
                    file.write(data)
            except BrokenPipeError:
                pass  # the test has seen enough

        writer = threading.Thread(target=fill)
        writer.start()
        writers.append(writer)
        sources.append(StreamSource("-", read, owned=True))
        return sources[-1]

    sources = []
    yield make
    for source in sources:
        source.close()
    for writer in writers:
        writer.join()


def collect(pieces, got):
    for piece in pieces:
        got += piece


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("head", [0, 10, 70_000, 10**9])
def test_the_head_is_given_again(stream, pack, head):
    source = stream(pack(DATA))
    assert source.head(head) == DATA[:head]
    assert source.head(5) == DATA[:5]
    assert b"".join(source.read()) == DATA
    assert source.consumed == len(pack(DATA))
    assert not source.seekable


@pytest.mark.parametrize("offset", [0, 1, 65_536, 10**6, len(DATA) + 1])
def test_an_offset_is_skipped(stream, offset):
    source = stream(DATA)
    source.head(1000)
    assert b"".join(source.read(offset)) == DATA[offset:]


def test_it_can_be_read_once_only(stream):
    source = stream(DATA)
    next(source.read())
    for again in (source.read, source.raw, lambda: source.head(5)):
        with pytest.raises(InputError, match="only once"):
            again()


def test_a_cut_stream_gives_all_it_has(stream):
    packed = gzip.compress(DATA)
    source = stream(packed[: len(packed) // 2])
    assert source.head(10**9)
    got = bytearray()
    with pytest.raises(InputError, match="middle"):
        collect(source.read(), got)
    assert DATA.startswith(got)
    assert len(got) > len(DATA) / 3


def test_nothing_is_known_before_the_end(stream):
    identity = stream(DATA).identity
    assert identity.name == "-"
    assert {identity.size, identity.mtime_ns, identity.inode, identity.fingerprint} == {None}


def test_an_empty_stream_is_an_error(stream):
    with pytest.raises(InputError, match="empty"):
        stream(b"")


def test_what_is_no_csv_is_refused(stream):
    with pytest.raises(InputError, match="Parquet"):
        stream(b"PAR1" + bytes(100))


def test_a_named_pipe_is_a_stream(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(DATA,))
    writer.start()
    source = open_source(str(pipe))
    assert b"".join(source.read()) == DATA
    writer.join()
    source.close()


@pytest.mark.parametrize("data", [DATA, gzip.compress(DATA)], ids=["plain", "gzip"])
def test_standard_input(data):
    code = (
        "import hashlib\n"
        "from snapshots.sources import open_source\n"
        "source = open_source('-')\n"
        "assert source.head(3) == b'a,b'\n"
        "data = b''.join(source.read())\n"
        "print(len(data), source.consumed)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], input=data, capture_output=True, check=True, timeout=60
    )
    assert ran.stdout.split() == [b"%d" % len(DATA), b"%d" % len(data)]
