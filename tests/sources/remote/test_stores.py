"""Object stores, on a server that answers as S3 does where nothing is signed."""

import sys
from collections import deque

import pytest

from snapshots.errors import InputChanged, InputError, UsageError
from snapshots.sources import open_source
from tests.sources.remote.conftest import DATA, PACKS

MIB = 1 << 20
NAME = "s3://bucket/data/rides 1.csv"


@pytest.fixture
def s3(web, monkeypatch):
    """Puts an object into the bucket."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{web.port}")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    monkeypatch.setenv("AWS_REGION", "us-east-1")

    def put(data, **how):
        return web.put("/bucket/data/rides%201.csv", data, **how)[0]

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


@pytest.mark.parametrize("name", ["s3://bucket", "s3://bucket/", "gs:///a.csv"])
def test_what_is_no_object(name):
    with pytest.raises(InputError, match="not the URL of an object"):
        open_source(name)


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    with pytest.raises(UsageError, match="not installed") as caught:
        open_source(NAME)
    assert "snapshots[stores]" in caught.value.hint
