"""Parquet files behind URLs: their rows come while later bytes are still on their way."""

import threading
from collections import deque

import pyarrow.parquet as pq
import pytest

from snapshots._native import Hasher, ParquetFile
from snapshots.errors import InputChanged, InputError
from snapshots.sources import open_source
from snapshots.sources.unpacked_limit import UnpackedLimit
from tests.data_makers.parquet_files import backwards, large, orders, written
from tests.support.processes import wait_for

MIB = 1 << 20
AHEAD = 2 * MIB
"""Pieces of an answer are held back until they have a MiB."""


class File:
    """A file, the records in it, and where its row groups end."""

    def __init__(self, path):
        self.data = path.read_bytes()
        source = open_source(str(path))
        self.records = b"".join(source.read())
        self.schema, self.fingerprint = source.schema, source.identity.fingerprint
        source.close()
        with path.open("rb") as opened:
            self.ends = [end for _, end in ParquetFile(opened.fileno()).row_groups()]
        hasher = Hasher()
        hasher.update(self.data)
        self.hash = hasher.hexdigest()

    def first(self, groups):
        """The records of so many row groups."""
        share = self.records.split(b"\x1e")[: 10_000 * groups]
        return b"".join(record + b"\x1e" for record in share)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return File(large(tmp_path_factory.mktemp("large") / "t.parquet"))


def taken(pieces, size):
    """So many bytes of the pieces, or a few more."""
    data = b""
    while len(data) < size:
        data += next(pieces)
    return data


def go_on(thing):
    thing.stops_at = None
    thing.go.set()


@pytest.mark.parametrize("connections", [1, 4])
def test_row_groups_are_read_while_later_ones_are_on_their_way(web, source, file, connections):
    thing, url = web.put("/t.parquet", file.data, stops_at=file.ends[1] + AHEAD)
    opened = source(url, connections=connections)
    assert (opened.schema, opened.identity.fingerprint) == (file.schema, file.fingerprint)
    assert web.sent == 2 * MIB, "its two ends"
    assert opened.content_hash is None
    assert opened.head(1000) == file.records[:1000]
    first = file.first(groups=2)
    pieces = opened.read()
    found = taken(pieces, len(first))
    assert found == first
    go_on(thing)
    assert found + b"".join(pieces) == file.records
    assert opened.content_hash == file.hash
    assert opened.consumed == file.ends[-1] - 4
    assert web.sent == len(file.data), "no byte comes twice"
    # What is there is read again without the server.
    assert b"".join(opened.raw(MIB)) == file.data[MIB:]
    rest = file.records.split(b"\x1e", 45_000)[45_000]
    assert b"".join(opened.read_from_line(45_001)) == rest
    assert web.sent == len(file.data)


def test_a_later_row_waits_for_those_before(web, source, file):
    thing, url = web.put("/t.parquet", file.data, stops_at=file.ends[3] + AHEAD)
    opened = source(url)
    rest = file.records[len(file.first(groups=3)) :]
    pieces = opened.read_from_line(30_001)
    found = taken(pieces, 1)
    assert rest.startswith(found)
    go_on(thing)
    assert found + b"".join(pieces) == rest
    assert opened.content_hash == file.hash


def test_the_bytes_can_be_hashed_before_a_row_is_read(web, source, file):
    _, url = web.put("/t.parquet", file.data)
    opened = source(url)
    assert b"".join(opened.raw()) == file.data
    assert b"".join(opened.read()) == file.records
    assert web.sent == len(file.data)


@pytest.mark.parametrize("how", ["one row group", "backwards", "long footer", "no rows at the end"])
def test_files_of_other_shapes(web, source, tmp_path, how):
    path = tmp_path / "t.parquet"
    if how == "one row group":
        large(path, group=100_000)
    elif how == "backwards":
        large(path)
        backwards(path, pq.read_table(path), row_group_size=10_000, compression="none")
    elif how == "long footer":
        large(path)
        table = pq.read_table(path).replace_schema_metadata({"key": "x" * 3 * MIB})
        written(path, table, row_group_size=10_000, compression="none")
    else:
        table = pq.read_table(large(path))
        with pq.ParquetWriter(path, table.schema, compression="none") as writer:
            for part in (table[:0], table, table[:0]):
                writer.write_table(part)
    made = File(path)
    _, url = web.put("/t.parquet", made.data)
    opened = source(url)
    assert opened.schema == made.schema
    assert web.sent < len(made.data) // 2
    assert b"".join(opened.read()) == made.records
    assert opened.content_hash == made.hash
    assert web.sent == len(made.data)


@pytest.mark.parametrize("reset", [False, True])
def test_connections_that_are_cut(web, source, file, reset):
    cuts = deque([None, None, *[3, 70_000, None, 200_000] * 5])
    _, url = web.put("/t.parquet", file.data, cuts=cuts, reset=reset)
    opened = source(url)
    assert b"".join(opened.read()) == file.records
    assert opened.content_hash == file.hash
    assert not cuts


@pytest.mark.parametrize(
    "how", [{"ranges": False}, {"etag": None, "modified": None}], ids=["no ranges", "no version"]
)
def test_servers_whose_ranges_cannot_be_used(web, source, file, how):
    _, url = web.put("/t.parquet", file.data, **how)
    opened = source(url)
    assert opened.content_hash == file.hash, "it is copied first"
    assert (opened.schema, opened.identity.fingerprint) == (file.schema, file.fingerprint)
    assert b"".join(opened.read()) == file.records


def test_the_hash_of_a_small_file_is_known_first(web, source, tmp_path):
    path = written(tmp_path / "t.parquet", orders(100))
    _, url = web.put("/t.parquet", path.read_bytes())
    assert source(url).content_hash == File(path).hash


@pytest.mark.parametrize("same_size", [True, False])
def test_a_file_that_changes_under_way(web, source, file, tmp_path, same_size):
    """What was read until then is of the first version alone."""
    thing, url = web.put("/t.parquet", file.data, stops_at=file.ends[4])
    opened = source(url, connections=2)
    pieces = opened.read()
    found = taken(pieces, 1)
    other = large(tmp_path / "t.parquet", rows=90_000 if same_size else 95_000)
    data = other.read_bytes()
    web.put("/t.parquet", data[:1000] + b"x" + data[1001:], etag='"v2"')
    go_on(thing)
    with pytest.raises(InputChanged, match="changed while it was read"):  # noqa: PT012
        for piece in pieces:
            found += piece
    assert file.records.startswith(found)
    assert opened.content_hash is None


def test_a_server_that_forgets_ranges(web, source, file):
    thing, url = web.put("/t.parquet", file.data)
    opened = source(url)
    thing.ranges = False
    pieces = opened.read()
    with pytest.raises(InputError, match="no longer supports ranges"):
        list(pieces)


@pytest.mark.parametrize("what", ["read", "raw", "head"])
def test_closing_ends_what_another_thread_waits_for(web, source, file, what):
    _, url = web.put("/t.parquet", file.data, stops_at=file.ends[0] - 1)
    opened = source(url)
    said, ended = [], threading.Event()

    def read():
        try:
            for _ in opened.head(100) if what == "head" else getattr(opened, what)():
                pass
        except InputError as error:
            said.append(str(error))
        ended.set()

    reader = threading.Thread(target=read)
    reader.start()
    wait_for(lambda: web.sent >= 2 * MIB + 1)
    opened.close()
    assert ended.wait(300)
    reader.join()
    assert "stopped" in said[0]


def damaged(data, what):
    if what == "cut short":
        return data[:-3]
    if what == "footer":
        return data[:-1000] + bytes(992) + data[-8:]
    if what == "length":
        return data[:-8] + b"\xff\xff\xff\x7f" + data[-4:]
    if what == "encrypted":
        return data[:-4] + b"PARE"
    middle = len(data) // 2
    return data[:middle] + b"\xff" * 100_000 + data[middle + 100_000 :]


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("cut short", "cut short"),
        ("footer", "damaged"),
        ("length", "damaged"),
        ("encrypted", "encrypted"),
        ("page", "damaged"),
    ],
)
def test_what_is_damaged_is_a_sentence(web, source, file, what, said):
    _, url = web.put("/t.parquet", damaged(file.data, what))
    found = b""
    with pytest.raises(InputError, match=said) as caught:  # noqa: PT012
        for piece in source(url).read():
            found += piece
    assert caught.value.place == url
    assert caught.value.hint
    assert found.startswith(file.first(groups=4)) == (what == "page")
    if what != "page":
        assert web.sent <= 3 * MIB, "it is known by the end of the file"


def test_a_limit_counts_before_anything_is_copied(web, source, file):
    _, url = web.put("/t.parquet", file.data)
    with pytest.raises(InputError, match="larger than allowed"):
        source(url, unpacking=UnpackedLimit(most=17 * MIB))
    assert web.sent <= 2 * MIB


def test_a_file_in_a_store(web, source, file, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{web.port}")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    thing, _ = web.put("/bucket/t.parquet", file.data, stops_at=file.ends[1] + AHEAD)
    opened = source("s3://bucket/t.parquet")
    pieces = opened.read()
    found = taken(pieces, len(file.first(groups=2)))
    go_on(thing)
    assert found + b"".join(pieces) == file.records
    assert opened.content_hash == file.hash
