"""Object stores, on a server that answers as S3 does where nothing is signed."""

import sys
from collections import deque

import pytest

from snapshots.errors import InputChanged, InputError, UsageError
from snapshots.sources import expand, open_source
from snapshots.sources.remote.store_folder import StoreFolder
from snapshots.sources.remote.stores import strong
from tests.sources.remote.conftest import DATA, PACKS

MIB = 1 << 20
NAME = "s3://bucket/data/rides 1.csv"


@pytest.fixture
def bucket(web, monkeypatch):
    """Puts objects into the bucket, by their keys as they are in a URL."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{web.port}")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    monkeypatch.setenv("AWS_REGION", "us-east-1")

    def put(data, key, **how):
        return web.put(f"/bucket/{key}", data, **how)[0]

    return put


@pytest.fixture
def s3(bucket):
    """Puts an object into the bucket."""

    def put(data, **how):
        return bucket(data, "data/rides%201.csv", **how)

    return put


@pytest.mark.parametrize("pack", PACKS)
def test_all_bytes_come(s3, source, pack):
    packed = PACKS[pack](DATA)
    s3(packed)
    opened = source(NAME)
    assert (opened.identity.size, opened.identity.etag) == (len(packed), '"v1"')
    assert opened.seekable == (pack == "plain")
    assert b"".join(opened.read()) == DATA
    assert opened.consumed == len(packed)


def test_an_offset_costs_nothing_before_it(s3, source, web):
    s3(DATA)
    opened = source(NAME)
    before = web.sent
    assert b"".join(opened.read(3 * MIB)) == DATA[3 * MIB :]
    assert web.sent - before == len(DATA) - 3 * MIB


def test_what_changes_is_refused(s3, source):
    thing = s3(DATA)
    opened = source(NAME)
    thing.etag = '"v2"'
    with pytest.raises(InputChanged, match="ETag"):
        b"".join(opened.read())


def test_broken_connections(s3, source):
    s3(DATA, cuts=deque([None, None, None, 70_000, 5, None, 200_000]))
    assert b"".join(source(NAME).read()) == DATA


@pytest.mark.parametrize(
    ("status", "said"),
    [(403, "denies access"), (404, "object does not exist"), (500, "status 500")],
)
def test_statuses(s3, source, status, said):
    s3(DATA, instead=deque([(status,)] * 99))
    with pytest.raises(InputError, match=said) as caught:
        source(NAME)
    assert caught.value.place == NAME


def test_an_empty_object(s3, source):
    s3(b"")
    with pytest.raises(InputError, match="The input is empty"):
        source(NAME)


@pytest.mark.parametrize(
    ("etag", "same"), [('"a"', '"a"'), ("0x8D", '"0x8D"'), ('W/"a"', None), (None, None)]
)
def test_an_etag_as_the_header_of_an_answer_has_it(etag, same):
    assert strong(etag) == same


@pytest.mark.parametrize("recursive", [True, False])
@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("in//a.csv", "'in//.*' has two slashes in a row"),
        ("in/./a.csv", "'in/./.*' has a dot or two between slashes"),
        ("in/a%0Ab.csv", r"'in/a\\nb.csv' has a control character"),
        ("in/a%09.csv", r"'in/a\\t.csv' has a control character"),
    ],
)
def test_a_folder_whose_keys_the_library_cannot_name(bucket, recursive, path, said):
    bucket(b"a\n", "in/good.csv")
    bucket(b"a\n", path)
    with pytest.raises(InputError, match=said) as caught:
        list(StoreFolder("s3://bucket/in").objects(recursive=recursive))
    assert caught.value.hint


def test_a_folder_of_a_store(bucket):
    for key in ("in/", "in/a.csv", "in/x%20y%25%23.csv", "in/sub/", "in/sub/b.csv", "in2/c.csv"):
        bucket(b"" if key.endswith("/") else b"a\n", key)
    folder = StoreFolder("s3://bucket/in")
    below = {one.name: one for one in folder.objects(recursive=True)}
    assert list(below) == ["a.csv", "sub/b.csv", "x y%#.csv"]
    assert [one.name for one in folder.objects(recursive=False)][-1] == "sub/"
    url = folder.url_of("x y%#.csv")
    assert url == "s3://bucket/in/x y%25%23.csv"
    # The listing and the header of an answer agree.
    assert folder.object(url) == below["x y%#.csv"]
    opened = open_source(url)
    known = (opened.identity.size, opened.identity.mtime_ns, opened.identity.etag)
    opened.close()
    assert known == (2, below["a.csv"].modified_ns, below["a.csv"].etag)
    assert folder.object(folder.url_of("gone.csv")) is None


@pytest.mark.parametrize("name", ["s3://bucket", "s3://bucket/", "gs:///a.csv"])
def test_what_is_no_object(name):
    with pytest.raises(InputError, match="not the URL of an object"):
        open_source(name)


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    with pytest.raises(UsageError, match="not installed") as caught:
        open_source(NAME)
    assert "snapshots[stores]" in caught.value.hint


KEYS = ("a.csv", "2024/b.csv", "2024/a%201.csv", "2024/a%3F%25.csv", "2024/c.txt", "2024/.h.csv",
        "2024/x%5B1%5D.csv", "2024/05/d.csv", "2023/e.csv", "2023/.old/f.csv")  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("2024/*.csv", ["2024/a 1.csv", "2024/a%3F%25.csv", "2024/b.csv", "2024/x[1].csv"]),
        ("*/[a-b].csv", ["2024/b.csv"]),
        ("*", ["a.csv"]),
        ("**/*.csv", ["2023/e.csv", "2024/05/d.csv", "2024/a 1.csv", "2024/a%3F%25.csv",
                      "2024/b.csv", "2024/x[1].csv", "a.csv"]),
        ("202[34]/**/[de].csv", ["2023/e.csv", "2024/05/d.csv"]),
        ("2023/**", ["2023/e.csv"]),
        ("2024/.*", ["2024/.h.csv"]),
        ("2024/x[1].csv", ["2024/x[1].csv"]),
        ("2024/x%5B1%5D.csv", ["2024/x%5B1%5D.csv"]),
    ],
)  # fmt: skip
def test_a_pattern_stands_for_the_objects_that_match(bucket, pattern, names):
    for key in KEYS:
        bucket(b"a,b\n1,2\n", key)
    assert expand([f"s3://bucket/{pattern}"]) == [f"s3://bucket/{name}" for name in names]
    for name in names:
        open_source(f"s3://bucket/{name}").close()


def test_ten_thousand_objects_are_listed_in_order(bucket, web):
    for number in range(10_000):
        bucket(b"a\n", f"2024/{number}.csv")
    names = expand(["s3://bucket/2024/*.csv"])
    assert (len(names), names) == (10_000, sorted(names))
    assert len(web.requests) == 10


@pytest.mark.parametrize("pattern", ["2025/*.csv", "2024/*.parquet", "**/z.csv"])
def test_a_pattern_that_matches_nothing(bucket, pattern):
    bucket(b"a\n", "2024/a.csv")
    with pytest.raises(InputError, match="No object matches the pattern"):
        expand([f"s3://bucket/{pattern}"])


def test_a_bucket_that_may_not_be_listed(bucket, web):
    web.put("/bucket", b"", instead=deque([(403,)] * 9))
    with pytest.raises(InputError, match="denies access") as caught:
        expand(["s3://bucket/*.csv"])
    assert caught.value.place == "s3://bucket/*.csv"
