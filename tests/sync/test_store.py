"""A folder of an object store, on a server that answers as S3 does where nothing is signed."""

import signal
import time
from collections import deque

import pytest

from tests.support.processes import PATIENCE, held
from tests.support.sync_process import Service, check, once, query, rows
from tests.support.web_server import serving

IN = "s3://bucket/in/"
LATER = "Sun, 22 Nov 2026 12:00:00 GMT"


class Bucket:
    """A bucket, and sync watching its folder `in`."""

    def __init__(self, web, folder):
        self.web = web
        self.folder = folder / "data"
        self.folder.mkdir()
        self.environment = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{web.port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_SKIP_SIGNATURE": "true",
            "AWS_REGION": "us-east-1",
        }

    def put(self, key, data, **how):
        data = data.encode() if isinstance(data, str) else data
        return self.web.put(f"/bucket/in/{key}", data, **how)[0]

    def fails(self, *statuses):
        """Answers listings so, each in turn; then as before."""
        self.web.put("/bucket", b"", instead=deque((status,) for status in statuses))

    def answers(self):
        self.web.objects.pop("/bucket", None)

    def asked(self, what="list-type=2"):
        return [one for one in self.web.requests if what in one.path]

    def service(self, database, *options, store=IN, **environment):
        everything = {**self.environment, **environment}
        return Service(database, self.folder, "--table", "t", *options, store=store, **everything)

    def once(self, database, *options, store=IN, table="t", **environment):
        everything = {**self.environment, **environment}
        options = ("--table", table, *options) if table else options
        return once(database, self.folder, *options, store=store, **everything)


@pytest.fixture
def bucket(tmp_path):
    with serving() as web:
        yield Bucket(web, tmp_path)


def refused(bucket, database, *options, **how):
    """What a single pass says that fails before it has begun to look; and its exit code."""
    with bucket.service(database, "--once", *options, **how) as service:
        return service.process.wait(PATIENCE), service.log.read_text()


def names(events, kind):
    return sorted(one["path"] for one in events if one["event"] == kind)


def test_objects_are_imported_once_as_they_arrive(database, bucket):
    bucket.put("a.csv", rows(0, 10))
    with bucket.service(database) as service:
        service.wait_ended("a.csv")
        bucket.put("b%20%231.csv", rows(100, 10))
        service.wait_ended("b %231.csv")
        assert service.said("watching")[0]["by"] == "polling"
        assert service.terminate() == 0
    bucket.web.requests.clear()
    code, said = bucket.once(database)
    assert (code, said[-1]["already_imported"], said[-1]["imported"]) == (0, 2, 0)
    # One to see whether the bucket is there, one to look; no object is asked for.
    assert len(bucket.web.requests) == len(bucket.asked()) == 2
    check(database, {*range(10), *range(100, 110)})


def test_the_rules_for_names_are_those_of_a_folder(sqlite_url, bucket):
    for key in ("a.csv", "B.CSV", ".h.csv", "c.csv.part", "d.md", "sub/e.csv", ".hid/f.csv", ""):
        bucket.put(key, rows(0, 3) if key else "")
    code, said = bucket.once(sqlite_url, "--dry-run")
    assert code == 0
    assert names(said, "ended") == [f"{IN}B.CSV", f"{IN}a.csv"]
    reasons = {one["path"].removeprefix(IN): one["reason"] for one in said if "reason" in one}
    assert reasons.pop("d.md").startswith("its name does not match")
    assert reasons == {
        ".h.csv": "hidden",
        ".hid": "hidden",
        "c.csv.part": "a temporary name",
        "sub": "a subfolder, and --recursive is not given",
    }
    bucket.put("sub/", "")
    _, said = bucket.once(sqlite_url, "--recursive", "--dry-run", store="s3://bucket")
    assert names(said, "ended") == [f"{IN}B.CSV", f"{IN}a.csv", f"{IN}sub/e.csv"]
    assert {f"{IN}.hid", f"{IN}d.md"} < set(names(said, "ignored"))
    assert f"{IN}sub" not in names(said, "ignored")
    _, said = bucket.once(sqlite_url, "--pattern", "*.md", "--dry-run")
    assert names(said, "ended") == [f"{IN}d.md"]


def test_replaced_deleted_and_failed_objects(sqlite_url, bucket):
    bucket.put("a.csv", rows(0, 10))
    bucket.put("gone.csv", rows(50, 5))
    bucket.put("bad.csv", "")
    with bucket.service(sqlite_url) as service:
        service.wait_ended("a.csv", "gone.csv")
        service.wait_refused("bad.csv")
        # The same size and time: the ETag alone tells.
        bucket.put("a.csv", rows(100, 10).replace("100,name 100", "1,name 00100"), etag='"v2"')
        bucket.put("bad.csv", rows(200, 5), etag='"v2"')
        del bucket.web.objects["/bucket/in/gone.csv"]
        service.wait_for(lambda: len(service.said("ended")) == 4)
        assert len(service.said("refused")) == 1
        assert service.terminate() == 0
    found = query(sqlite_url, "SELECT input, state, etag FROM snapshots_imports ORDER BY id")
    assert sorted(found) == [
        (f"{IN}a.csv", "finished", '"v1"'),
        (f"{IN}a.csv", "finished", '"v2"'),
        (f"{IN}bad.csv", "failed", '"v1"'),
        (f"{IN}bad.csv", "finished", '"v2"'),
        (f"{IN}gone.csv", "finished", '"v1"'),
    ]


def test_a_failed_object_waits_until_it_changes(sqlite_url, bucket):
    bucket.put("bad.csv", "")
    assert bucket.once(sqlite_url)[0] == 1
    before = len(bucket.asked("bad.csv"))
    code, said = bucket.once(sqlite_url)
    assert (code, said[-1]["failed_before"]) == (0, 1)
    assert len(bucket.asked("bad.csv")) == before


def test_thousands_of_objects(sqlite_url, bucket):
    for n in range(2500):
        bucket.put(f"{n}.csv", "")
    bucket.put("a.csv", rows(0, 10))
    _, said = bucket.once(sqlite_url, "--pattern", "a*.csv")
    assert names(said, "ended") == [f"{IN}a.csv"]
    assert said[-1]["ignored"] == 2500
    assert len(bucket.asked()) == 6  # three pages to see whether it is there, and three to look
    check(sqlite_url, set(range(10)))


def test_versions_come_in_the_order_of_their_dates(database, bucket):
    for month, modified in ((3, None), (1, LATER), (2, None)):
        text = f"id,name\n1,name {month}\n{month + 1},x\n"
        bucket.put(f"s_2024-0{month}-01.csv", text, **({"modified": modified} if modified else {}))
    options = ("--mode", "mirror", "--primary-key", "id")
    code, said = bucket.once(database, *options, table="s")
    assert code == 0
    assert [one["path"][-9:-4] for one in said if one["event"] == "ended"] == [
        "01-01", "02-01", "03-01",
    ]  # fmt: skip
    assert query(database, "SELECT id, name FROM s ORDER BY id") == [(1, "name 3"), (4, "x")]


@pytest.mark.parametrize("status", [503, 403])
def test_a_store_that_is_away_for_a_while(sqlite_url, bucket, status):
    with bucket.service(sqlite_url) as service:
        service.wait_for(lambda: len(bucket.asked()) > 2)
        bucket.fails(*[status] * 99_999)
        service.wait_for(lambda: service.said("problem"))
        asked = len(bucket.asked())
        service.wait_for(lambda: len(bucket.asked()) > asked + 2)
        bucket.put("a.csv", rows(0, 10))
        bucket.answers()
        service.wait_ended("a.csv")
        assert len(service.said("problem")) == 1
        assert len(service.said("watching")) == 2
        assert service.terminate() == 0
    check(sqlite_url, set(range(10)))


def test_access_that_ends_is_not_the_objects_fault(sqlite_url, bucket):
    thing = bucket.put("a.csv", rows(0, 10), instead=deque([(403,)] * 99_999))
    with bucket.service(sqlite_url) as service:
        service.wait_for(lambda: service.said("deferred"))
        assert not service.said("refused")
        thing.instead = deque()
        service.wait_ended("a.csv")
        assert service.terminate() == 0
    check(sqlite_url, set(range(10)))


@pytest.mark.parametrize(
    ("status", "said"), [(404, "The bucket does not exist."), (403, "denies access")]
)
def test_a_bucket_that_cannot_be_listed(sqlite_url, bucket, status, said):
    bucket.fails(*[status] * 99)
    with bucket.service(sqlite_url) as service:
        assert service.process.wait(PATIENCE) == 1
        assert said in service.log.read_text()


def test_a_store_that_is_away_at_a_single_pass(sqlite_url, bucket):
    bucket.fails(*[503] * 99)
    code, said = refused(bucket, sqlite_url)
    assert code == 1
    assert "status 503" in said


def test_without_credentials(sqlite_url, bucket):
    # Where nobody answers who would have some.
    nobody = {"AWS_SKIP_SIGNATURE": "false", "AWS_METADATA_ENDPOINT": "http://169.254.0.1:9/"}
    code, said = refused(bucket, sqlite_url, **nobody)
    assert code == 1
    assert "There are no credentials" in said


@pytest.mark.parametrize(
    ("store", "options", "code", "sentence"),
    [
        ("s3://bucket/in/*.csv", (), 2, "This is a pattern"),
        ("s3://bucket/in/one.csv", (), 1, "This is an object"),
        ("s3://", (), 1, "names no bucket"),
        ("https://example.org/in/", (), 2, "Sync cannot watch https://"),
        (IN, ("--after-import", "delete"), 2, "cannot move or delete objects"),
        (IN, ("--after-import", "move done"), 2, "cannot move or delete objects"),
        (None, ("--after-import", "move s3://bucket/done"), 2, "names a URL"),
        (IN, ("--settle", "5"), 2, "--settle is for folders"),
    ],
)
def test_what_cannot_be(sqlite_url, bucket, store, options, code, sentence):
    bucket.put("one.csv", rows(0, 3))
    exit_code, said = refused(bucket, sqlite_url, *options, store=store)
    assert exit_code == code
    assert sentence in said


def test_killed_and_resumed_from_the_middle(database, bucket):
    bucket.put("large.csv", rows(0, 100_000))
    chunks = ("--chunk-size", "16KB")
    with bucket.service(database, *chunks, SNAPSHOTS_FAULT="after-commit:3:stop") as service:
        held(service.process)
        service.kill()
        assert service.process.returncode == -signal.SIGKILL
    code, _ = bucket.once(database, *chunks)
    assert code == 0
    check(database, set(range(100_000)))
    assert query(database, "SELECT COUNT(*) FROM snapshots_imports") == [(1,)]


def test_two_services_share_one_folder(database, bucket):
    for n in range(40):
        bucket.put(f"{n}.csv", rows(n * 100, 10))
    with bucket.service(database) as one, bucket.service(database) as two:
        # Both write into one log.
        one.wait_ended(*(f"{n}.csv" for n in range(40)))
        assert (one.terminate(), two.terminate()) == (0, 0)
    check(database, {n * 100 + k for n in range(40) for k in range(10)})
    loaded = [e["path"] for e in one.said("ended") if e["outcome"] == "finished"]
    assert len(loaded) == len(set(loaded)) == 40


def test_a_listing_that_hangs_does_not_keep_the_service(sqlite_url, bucket):
    bucket.put("a.csv", rows(0, 10))
    with bucket.service(sqlite_url) as service:
        service.wait_ended("a.csv")
        stuck = bucket.web.put("/bucket", b"<" * 1000, stops_at=0)[0]
        asked = len(bucket.asked())
        service.wait_for(lambda: len(bucket.asked()) > asked)
        began = time.monotonic()
        assert service.terminate() == 0
        assert time.monotonic() - began < 10
        stuck.go.set()


def test_archives_are_looked_into(sqlite_url, bucket, tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("a.csv", rows(0, 10))
        archive.writestr("b.csv", rows(100, 10))
    bucket.put("z.zip", (tmp_path / "z.zip").read_bytes())
    code, said = bucket.once(sqlite_url)
    assert code == 0
    assert names(said, "ended") == [f"{IN}z.zip#a.csv", f"{IN}z.zip#b.csv"]
    check(sqlite_url, {*range(10), *range(100, 110)})
