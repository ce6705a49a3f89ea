"""URLs from the command line: imported, known again, gone on with, and never with a secret."""

import gzip
import json
import os
import signal
import sqlite3
import subprocess
from contextlib import closing

import pytest

from tests.support import snapshots_process
from tests.support.command import objects, snapshots
from tests.support.web_server import serving


def make(rows):
    return b"id,name\n" + b"".join(
        b"%d,%x %090d\n" % (n, n * 2654435761 % 2**32, n) for n in range(rows)
    )


ROWS = 20_000
DATA = make(ROWS)
MANY = 380_000
"""Rows that are too many to be known before they are loaded."""
MIB = 1 << 20
WAYS = {
    "ranges": (bytes, {}),
    "no-ranges": (bytes, {"ranges": False}),
    "no-version": (bytes, {"etag": None, "modified": None}),
    "gzip": (lambda data: gzip.compress(data, 1), {}),
}


@pytest.fixture
def web():
    with serving() as server:
        yield server


def load(url, folder, *more, **environment):
    return snapshots(
        "import", url, "--database", "t.db", "--chunk-size", "256KB", "--progress", "none",
        "--json", *more, cwd=folder, **environment,
    )  # fmt: skip


def resume(folder, *more, **environment):
    return snapshots(
        "resume", "1", "--database", "t.db", "--progress", "none", "--json", *more,
        cwd=folder, **environment,
    )  # fmt: skip


def only(done):
    (result,) = objects(done)
    return result


def in_table(folder):
    """How many rows, how many different, and their sum."""
    with closing(sqlite3.connect(folder / "t.db")) as db:
        return db.execute("SELECT count(*), count(DISTINCT id), sum(id) FROM rides").fetchone()


def whole(rows):
    return (rows, rows, rows * (rows - 1) // 2)


def killed_on_the_way(thing, url, folder, at):
    """An import whose process is killed while its server has stopped at a byte."""
    thing.stops_at = at
    process = snapshots_process.start(
        ["import", url, "--database", "t.db", "--chunk-size", "256KB", "--progress", "json",
         "--connections", "2"],
        cwd=folder,
        env={**os.environ, "SNAPSHOTS_STATE_DIR": str(folder / "state")},
        stderr=subprocess.PIPE,
    )  # fmt: skip
    for line in process.stderr:
        event = json.loads(line)
        if event["event"] == "progress" and event["bytes_done"] > at * 0.9:
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stderr.close()
    thing.stops_at = None
    thing.go.set()


@pytest.mark.parametrize("way", WAYS)
def test_a_url_is_imported_and_known_again(web, tmp_path, way):
    pack, how = WAYS[way]
    _, url = web.put("/data/rides_2024-01.csv", pack(DATA), **how)
    done = load(url, tmp_path)
    assert done.returncode == 0, done.stderr
    assert in_table(tmp_path) == whole(ROWS)
    result = only(done)
    assert (result["input"], result["table"], result["loaded"]) == (url, "rides", ROWS)
    again = load(url, tmp_path)
    assert again.returncode == 5, again.stderr
    assert in_table(tmp_path) == whole(ROWS)


def test_the_same_bytes_from_a_file_are_known(web, tmp_path):
    _, url = web.put("/rides.csv", DATA)
    (tmp_path / "downloaded.csv").write_bytes(DATA)
    assert load(url, tmp_path).returncode == 0
    assert load("downloaded.csv", tmp_path).returncode == 5


@pytest.mark.parametrize("way", WAYS)
def test_after_a_kill_it_goes_on_with_the_same_bytes_alone(web, tmp_path, way):
    pack, how = WAYS[way]
    data = make(MANY)
    packed = pack(data)
    thing, url = web.put("/rides.csv", packed, **how)
    killed_on_the_way(thing, url, tmp_path, at=len(packed) * 3 // 4)
    loaded = in_table(tmp_path)[0]
    assert 0 < loaded < MANY

    etag = thing.etag
    thing.data = pack(data.replace(b"%090d\n" % 70, b"%090d\n" % 71))
    thing.etag = etag and '"v2"'
    done = resume(tmp_path)
    assert done.returncode == 1
    assert only(done)["error"]["code"] == "input_changed", done.stdout
    assert in_table(tmp_path)[0] == loaded

    thing.data, thing.etag = packed, etag
    web.requests.clear()
    done = resume(tmp_path)
    assert done.returncode == 0, done.stderr
    assert in_table(tmp_path) == whole(MANY)
    assert only(done)["records"] == MANY
    if way == "ranges":
        # All but the first and last MiB, which tell what it is, lies behind what is loaded.
        starts = [request.range[0] for request in web.requests]
        assert starts[0] == 0
        assert min(starts[1:]) > len(data) // 4


def test_a_break_within_a_run_is_not_even_noticed(web, tmp_path):
    thing, url = web.put("/rides.csv", DATA)
    thing.cuts.extend([None, None, 70_000, 1, 0])
    done = load(url, tmp_path)
    assert done.returncode == 0, done.stderr
    assert in_table(tmp_path) == whole(ROWS)


def test_a_length_that_nobody_knows_is_not_made_up(web, tmp_path):
    _, url = web.put("/rides.csv", make(MANY // 2), ranges=False, body="chunked")
    done = snapshots("import", url, "--database", "t.db", "--progress", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stderr.splitlines()]
    said = [event for event in events if event["event"] in {"started", "progress"}]
    assert len(said) > 1
    assert {event["bytes_total"] for event in said} == {None}


SECRETS = ("hunter2", "0b1c2d3e4f", "AKIAEXAMPLE")


def everything(folder, *runs):
    """All that was said and kept."""
    said = [run.stdout + run.stderr for run in runs]
    kept = [p.read_bytes().decode("latin-1") for p in folder.rglob("*") if p.is_file()]
    return "".join(said + kept)


def test_no_credential_is_said_or_kept(web, tmp_path):
    web.put("/rides.csv", DATA, login="ana:hunter2")
    query = "?X-Amz-Credential=AKIAEXAMPLE&X-Amz-Signature=0b1c2d3e4f&part=1"
    url = web.url("/rides.csv", login="ana:hunter2@") + query
    runs = [
        load(url, tmp_path, "--limit", "10"),
        snapshots("import", url, "--database", "t.db", "--limit", "20", cwd=tmp_path),
        resume(tmp_path),
        snapshots("list", "--database", "t.db", cwd=tmp_path),
        snapshots("show", "1", "--database", "t.db", cwd=tmp_path),
        snapshots("import", url + "#x", "--database", "none.db/x/y.db", cwd=tmp_path),
        load(url.replace("/rides.csv", "/gone.csv"), tmp_path),
        load(url.replace("http:", "ftp:"), tmp_path),
        load(url.replace(f":{web.port}", ":99999999"), tmp_path),
    ]
    assert "complete URL again" in runs[2].stdout + runs[2].stderr
    assert "part=1" in runs[3].stdout
    told = everything(tmp_path, *runs)
    assert not [secret for secret in SECRETS if secret in told]
    done = resume(tmp_path, SNAPSHOTS_URL=url)
    assert done.returncode == 0, done.stderr
    assert in_table(tmp_path) == whole(ROWS)
    assert not [secret for secret in SECRETS if secret in everything(tmp_path, done)]


ODD = [
    "?day=2024%2001&until=2024+02", "?a=1;b=2", "?a=%3B&b=%26c=%3D", "?q=a%2Bb&q=&q",
    "?where=x>1&to=%C3%A9", "?list=1,2|3&at=10:00/11", "?%61=%7e~", "?a==b&&c=",
]  # fmt: skip


@pytest.mark.parametrize("query", ODD)
def test_a_resume_asks_for_exactly_the_url_that_was_imported(web, tmp_path, query):
    _, url = web.put("/a%20b;c.csv", make(200))
    assert load(url + query, tmp_path, "--limit", "10", "--table", "rides").returncode == 0
    asked = {request.path for request in web.requests}
    web.requests.clear()
    assert resume(tmp_path).returncode == 0
    assert {request.path for request in web.requests} == asked
    assert len(asked) == 1
    assert in_table(tmp_path) == whole(200)


def test_a_secret_is_kept_out_whatever_stands_between_parameters(web, tmp_path):
    _, url = web.put("/rides.csv", DATA)
    for query in ("?part=1;token=hunter2", "?a=1&sig%6Eature=hunter2&b=2", "?0b1c2d3e4f0b1c2d3e4f"):
        done = load(url + query, tmp_path, "--limit", "10", "--again")
        assert not [secret for secret in SECRETS if secret in everything(tmp_path, done)], query


def test_another_url_is_not_the_input(web, tmp_path):
    _, url = web.put("/rides.csv", DATA)
    load(url, tmp_path, "--limit", "10")
    done = resume(tmp_path, "--url", url + "?other=1")
    assert done.returncode == 2
    assert "has another URL" in done.stdout
