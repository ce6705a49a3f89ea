"""A large Parquet file behind a URL: begun without a hash, known by its content in the end."""

import json
import os
import signal
import subprocess
from collections import deque

import pytest

import snapshots as api
from snapshots.errors import InputChanged
from tests.data_makers.parquet_files import large
from tests.support import snapshots_process
from tests.support.command import snapshots as command
from tests.support.input_files import rows as rows_of
from tests.support.killed_imports import committed_chunks
from tests.support.processes import PATIENCE, wait_for
from tests.support.web_server import serving

ROWS = 90_000
MIB = 1 << 20
WALL = 6 * MIB
"""Where a server stops: two row groups are there by then."""
SUMS = "SELECT COUNT(*), COUNT(DISTINCT _line), SUM(id) FROM t"
ALL = [(ROWS, ROWS, ROWS * (ROWS - 1) // 2)]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return large(tmp_path_factory.mktemp("large") / "t.parquet", ROWS)


@pytest.fixture
def web():
    with serving() as server:
        yield server


def sums(database):
    return [tuple(map(int, row)) for row in rows_of(database, SUMS)]


def load(name, database, **options):
    return api.load(str(name), database=database, table="t", **options)


@pytest.mark.parametrize("first", ["url", "file"])
def test_the_same_bytes_elsewhere_are_known(sqlite_url, web, path, first):
    data = path.read_bytes()
    _, url = web.put("/t.parquet", data)
    _, other = web.put("/other.parquet", data, etag='"other"')
    names = [url, path] if first == "url" else [path, url]
    done = load(names[0], sqlite_url)
    assert (done.outcome, done.counts.loaded) == ("finished", ROWS)
    web.sent = 0
    assert load(names[0], sqlite_url).outcome == "already_imported"
    assert web.sent <= 2 * MIB, "the server gives its word that these are the same bytes"
    assert load(names[1], sqlite_url).outcome == "already_imported"
    assert load(other, sqlite_url).outcome == "already_imported"
    assert sums(sqlite_url) == ALL


@pytest.mark.parametrize("then", ["the same URL", "another URL", "the file"])
def test_what_was_begun_by_url_is_resumed_from_anywhere(sqlite_url, web, path, then):
    data = path.read_bytes()
    _, url = web.put("/t.parquet", data)
    _, other = web.put("/other.parquet", data, etag='"other"')
    begun = load(url, sqlite_url, limit=25_000, chunk_size=1 << 18)
    assert begun.counts.loaded == 25_000
    name = {"the same URL": url, "another URL": other, "the file": path}[then]
    done = load(name, sqlite_url)
    assert (done.outcome, done.record.import_id) == ("finished", begun.record.import_id)
    assert sums(sqlite_url) == ALL
    assert load(path, sqlite_url).outcome == "already_imported"


def test_another_file_at_the_url_is_another_input(sqlite_url, web, path, tmp_path):
    _, url = web.put("/t.parquet", path.read_bytes())
    begun = load(url, sqlite_url, limit=25_000)
    web.put("/t.parquet", large(tmp_path / "t.parquet", ROWS + 1).read_bytes(), etag='"v2"')
    with pytest.raises(InputChanged, match="has changed since import"):
        api.resume(begun.record.import_id, database=sqlite_url)
    done = load(url, sqlite_url)
    assert done.record.import_id != begun.record.import_id
    assert done.counts.loaded == ROWS + 1


def loading(url, database, folder):
    """An import in a process of its own, some of whose chunks are committed."""
    process = snapshots_process.start(
        ["import", url, "--table", "t", "--database", database, "--chunk-size", "256000"],
        env={**os.environ, "SNAPSHOTS_STATE_DIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: committed_chunks(database) > 5)
    return process


def go_on(thing):
    thing.stops_at = None
    thing.go.set()


def test_what_changes_under_way_is_not_mixed(sqlite_url, web, path, tmp_path):
    """What is loaded by then is of the first version, and accounted for."""
    cuts = deque([None] * 3 + [5 * MIB] * 3)
    thing, url = web.put("/t.parquet", path.read_bytes(), stops_at=WALL, cuts=cuts)
    process = loading(url, sqlite_url, tmp_path)
    web.put("/t.parquet", large(tmp_path / "t.parquet", ROWS + 1).read_bytes(), etag='"v2"')
    go_on(thing)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, said
    assert "changed while it was read" in said
    ((loaded,),) = rows_of(sqlite_url, "SELECT loaded FROM snapshots_imports")
    assert sums(sqlite_url) == [(loaded, loaded, loaded * (loaded - 1) // 2)]
    assert loaded < ROWS
    web.put("/t.parquet", path.read_bytes())
    assert api.resume(1, database=sqlite_url).outcome == "finished"
    assert sums(sqlite_url) == ALL


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_stopped_or_killed_while_bytes_are_awaited(sqlite_url, web, path, tmp_path, number):
    thing, url = web.put("/t.parquet", path.read_bytes(), stops_at=WALL)
    process = loading(url, sqlite_url, tmp_path)
    process.send_signal(number)
    # Before the server is given up, which takes a minute of silence.
    _, said = process.communicate(timeout=50)
    assert process.returncode == (130 if number == signal.SIGINT else -number), said
    go_on(thing)
    assert api.resume(1, database=sqlite_url).outcome == "finished"
    assert sums(sqlite_url) == ALL


def test_commands_that_read_a_part_do_not_wait_for_the_rest(sqlite_url, web, path, tmp_path):
    _, url = web.put("/t.parquet", path.read_bytes(), stops_at=14 * MIB)
    told = command("describe", url, "--limit", "100", "--json", cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    fields = json.loads(told.stdout)["contract"]["fields"]
    assert [one["name"] for one in fields] == ["id", "text"]
    dry = load(url, sqlite_url, limit=100, chunk_size=1 << 18, dry_run=True)
    assert dry.counts.records == 100
    assert load(url, sqlite_url, limit=100, chunk_size=1 << 18).counts.loaded == 100


def test_dry_runs_and_verifications(sqlite_url, web, path, tmp_path):
    _, url = web.put("/t.parquet", path.read_bytes())
    assert load(url, sqlite_url, dry_run=True).counts.records == ROWS
    load(url, sqlite_url)
    database = ("--database", sqlite_url)
    assert command("verify", 1, *database, cwd=tmp_path).returncode == 0
    listed = command("list", url, path, "--json", *database, cwd=tmp_path)
    assert [json.loads(one)["presence"] for one in listed.stdout.splitlines()] == ["imported"] * 2
