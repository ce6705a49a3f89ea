"""Whatever the server can do: all bytes, in order, each transferred once if that can be."""

import gzip
import threading

import pytest

from snapshots.errors import InputChanged, InputError
from snapshots.sources import open_again
from snapshots.sources.files import FileSource, open_descriptor
from snapshots.sources.remote.access import RemoteAccess
from tests.sources.remote.conftest import DATA, HURRY, PACKS, PART

WAYS = {
    "ranges": {},
    "no-etag": {"etag": None},
    "no-version": {"etag": None, "modified": None},
    "weak-etag": {"etag": 'W/"v1"', "modified": None},
    "no-ranges": {"ranges": False},
    "chunked": {"ranges": False, "body": "chunked"},
    "chunked-ranges": {"body": "chunked"},
    "until-close": {"ranges": False, "body": "close"},
}
RANGED = {"ranges", "no-etag", "chunked-ranges"}
MIB = 1 << 20


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("way", WAYS)
def test_all_bytes_come(web, source, way, pack):
    packed = PACKS[pack](DATA)
    _, url = web.put("/a.csv", packed, **WAYS[way])
    opened = source(url)
    assert opened.head(5) == DATA[:5]
    assert opened.head(2 * MIB) == DATA[: 2 * MIB]
    assert b"".join(opened.read()) == DATA
    assert opened.consumed == len(packed)
    assert opened.seekable == (way in RANGED and pack == "plain")
    assert opened.remote
    assert opened.unchanged()
    assert b"".join(opened.raw()) == DATA, "and once more"


@pytest.mark.parametrize("way", WAYS)
def test_what_the_server_says_of_it(web, source, way):
    thing, url = web.put("/a.csv", DATA, **WAYS[way])
    identity = source(url).identity
    length = thing.body == "length" or way == "chunked-ranges"
    assert identity.size == (len(DATA) if length else None)
    assert identity.etag == (thing.etag if thing.etag == '"v1"' else None)
    assert identity.mtime_ns == (1795262400 * 10**9 if thing.modified else None)
    assert identity.inode is None


@pytest.mark.parametrize("size", [100, MIB - 1, MIB, MIB + 1, 3 * MIB])
def test_its_fingerprint_is_that_of_the_same_bytes_in_a_file(web, source, tmp_path, size):
    path = tmp_path / "a.csv"
    path.write_bytes(DATA[:size])
    _, url = web.put("/a.csv", DATA[:size])
    file = FileSource(str(path), open_descriptor(str(path)))
    assert source(url).identity.fingerprint == file.identity.fingerprint
    file.close()


@pytest.mark.parametrize("connections", [1, 4])
def test_each_byte_is_transferred_once(web, source, connections):
    _, url = web.put("/a.csv", DATA)
    opened = source(url, connections=connections)
    opened.head(2 * MIB)
    before = web.sent
    assert before <= 2 * MIB + MIB + (connections * PART if connections > 1 else len(DATA))
    assert b"".join(opened.read()) == DATA
    assert web.sent == len(DATA) + MIB, "and the last MiB for the fingerprint"


@pytest.mark.parametrize("connections", [1, 4])
@pytest.mark.parametrize("offset", [1, MIB, 3 * MIB + 17, len(DATA) - 1, len(DATA)])
def test_an_offset_costs_nothing_before_it(web, source, offset, connections):
    _, url = web.put("/a.csv", DATA)
    opened = source(url, connections=connections)
    web.requests.clear()
    assert b"".join(opened.read(offset)) == DATA[offset:]
    assert all(request.range[0] >= offset for request in web.requests)


def test_a_block_costs_a_block(web, source):
    _, url = web.put("/a.csv", DATA)
    opened = source(url)
    before = web.sent
    blocks = opened.read(MIB)
    assert next(blocks) == DATA[MIB : 2 * MIB]
    blocks.close()
    assert web.sent == before + MIB


@pytest.mark.parametrize("way", ["no-ranges", "chunked", "until-close"])
def test_without_ranges_an_offset_is_skipped_to(web, source, way):
    _, url = web.put("/a.csv", DATA, **WAYS[way])
    opened = source(url)
    assert b"".join(opened.read(3 * MIB)) == DATA[3 * MIB :]


def test_no_more_is_read_ahead_than_there_are_connections(web, source):
    _, url = web.put("/a.csv", DATA)
    opened = source(url, connections=3)
    given = 0
    for piece in opened.read():
        given += len(piece)
        furthest = max(r.range[1] for r in web.requests if r.range[1] < len(DATA) - 1 or given)
        if given < len(DATA) - 4 * PART:
            ahead = [r.range[1] + 1 for r in web.requests[2:]]
            assert max(ahead, default=0) <= given + 3 * PART + MIB, furthest
    assert given == len(DATA)


def test_connections_are_used_again(web, source):
    _, url = web.put("/a.csv", DATA)
    connections = set()
    handle = web._server.process_request

    def counted(request, address):
        connections.add(address)
        handle(request, address)

    web._server.process_request = counted
    assert b"".join(source(url, connections=2).read()) == DATA
    assert len(web.requests) > 10
    assert len(connections) <= 3


def test_a_content_encoding_is_seen_in_the_bytes(web, source):
    packed = gzip.compress(DATA, 1)
    _, url = web.put("/a.csv", packed, headers={"Content-Encoding": "gzip"})
    assert b"".join(source(url).read()) == DATA
    assert web.requests[0].headers["Accept-Encoding"] == "identity"


def test_an_encoding_that_nobody_asked_for_is_refused(web, source):
    _, url = web.put("/a.csv", DATA, headers={"Content-Encoding": "br"})
    with pytest.raises(InputError, match="'br'"):
        source(url)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<!DOCTYPE html><html>Log in", "HTML page"),
        (b"PAR1" + bytes(99), "Parquet"),
        (gzip.compress(b"<html>", mtime=0), "HTML page"),
        (b"", "empty"),
    ],
)
@pytest.mark.parametrize("ranges", [True, False])
def test_what_is_no_csv_is_refused(web, source, data, said, ranges):
    _, url = web.put("/a.csv", data, ranges=ranges)
    with pytest.raises(InputError, match=said):
        source(url)


def test_closing_ends_what_another_thread_waits_for(web, source):
    _, url = web.put("/a.csv", DATA, stops_at=3 * MIB, ranges=False)
    opened = source(url)
    ended = threading.Event()

    def read():
        with pytest.raises(InputError, match="stopped"):
            for _ in opened.read():
                pass
        ended.set()

    reader = threading.Thread(target=read)
    reader.start()
    opened.close()
    assert ended.wait(300)
    reader.join()


@pytest.mark.parametrize("pack", ["plain", "gzip"])
@pytest.mark.parametrize("way", ["ranges", "no-ranges"])
def test_up_to_an_end(web, source, way, pack):
    _, url = web.put("/a.csv", PACKS[pack](DATA), **WAYS[way])
    opened = source(url)
    for start, end in ((0, 10), (5, MIB + 7), (2 * MIB, 2 * MIB), (3 * MIB, len(DATA) + 99)):
        assert b"".join(opened.read(start, end)) == DATA[start:end]


def test_a_range_transfers_its_bytes_alone_and_a_known_object_nothing(web, source):
    _, url = web.put("/a.csv", DATA)
    known = source(url).identity
    web.requests.clear()
    before = web.sent
    again = open_again(known, RemoteAccess(timeouts=HURRY, netrc=False, connections=4))
    assert (web.requests, again.identity, again.seekable) == ([], known, True)
    start, end = MIB + 3, 3 * MIB + 5
    assert b"".join(again.read(start, end)) == DATA[start:end]
    assert web.sent - before == end - start
    assert b"".join(again.read()) == DATA
    again.close()


@pytest.mark.parametrize("change", [{"etag": '"v2"'}, {"data": DATA + b"1,2\n"}])
def test_another_object_than_the_known_one_is_noticed(web, source, change):
    thing, url = web.put("/a.csv", DATA)
    again = open_again(source(url).identity, RemoteAccess(timeouts=HURRY, netrc=False))
    for name, value in change.items():
        setattr(thing, name, value)
    with pytest.raises(InputChanged):
        list(again.read(100, 200))
    again.close()
