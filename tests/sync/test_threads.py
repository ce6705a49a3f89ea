"""A thread of the service that meets an error nobody has foreseen goes on, and says so; where it
cannot go on, the process ends."""

import os
import subprocess
import sys
import urllib.request

import pytest

from tests.support.database_servers import free_port
from tests.support.sync_process import Service, check, put
from tests.telemetry.account import samples


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "data"
    path.mkdir()
    return path


def failures(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        told = samples(answer.read().decode())
    return {
        dict(labels)["thread"]: value
        for (name, labels), value in told.items()
        if name == "snapshots_thread_failures_total"
    }


class Rough(Service):
    tracebacks = True


def test_an_importer_goes_on_with_the_next_file_and_tries_this_one_again(database, folder):
    port = free_port()
    put(folder / "a.csv", 0, 10)
    fault = {"SNAPSHOTS_FAULT": "before-claim:1:error"}
    watched = ("--table", "t", "--metrics-port", str(port))
    with Rough(database, folder, *watched, **fault) as service:
        service.wait_for(lambda: service.said("broken"))
        put(folder / "b.csv", 10, 10)
        service.wait_ended("a.csv", "b.csv")
        (broken,) = service.said("broken")
        assert (broken["thread"], broken["path"]) == ("importer", str(folder / "a.csv"))
        assert "as a test wants it" in broken["error"]["message"]
        assert failures(port) == {"importer": 1, "mover": 0}
        assert service.terminate() == 0
    check(database, range(20))


def test_each_importer_may_meet_one(sqlite_url, folder):
    for number in range(6):
        put(folder / f"{number}.csv", number * 10, 10)
    fault = {"SNAPSHOTS_FAULT": "after-claim:2:error"}
    with Rough(sqlite_url, folder, "--table", "t", **fault) as service:
        service.wait_ended(*(f"{number}.csv" for number in range(6)))
        assert service.terminate() == 0
    check(sqlite_url, range(60))


def test_a_mover_goes_on(sqlite_url, folder, tmp_path):
    done = tmp_path / "done"
    put(folder / "a.csv", 0, 10)
    put(folder / "b.csv", 10, 10)
    with Service(sqlite_url, folder, "--table", "t") as service:
        service.wait_ended("a.csv", "b.csv")
        assert service.terminate() == 0
    moved = ("--table", "t", "--after-import", f"move {done}", "--log-format", "json")
    with Rough(sqlite_url, folder, *moved, SNAPSHOTS_FAULT="settling:1:error") as service:
        service.wait_for(lambda: len(list(done.glob("*.csv"))) == 1)
        service.wait_for(lambda: "thread_broken" in service.log.read_text())
        put(folder / "c.csv", 20, 10)
        service.wait_for((done / "c.csv").exists)
        assert service.terminate() == 0
    check(sqlite_url, range(30))


def test_a_service_that_nobody_listens_to_ends(sqlite_url, folder):
    """Not: goes on without its importers, or takes the broken pipe for the file's fault."""
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "snapshots", "sync", "--database", sqlite_url, "--json"]
    process = subprocess.Popen(
        [*command, "--table", "t", "--settle", "0.1", "--data-dir", str(folder)],
        stdout=writing,
        stderr=subprocess.PIPE,
        env={**os.environ, "SNAPSHOTS_STATE_DIR": str(folder.parent / "state")},
    )
    os.close(writing)
    os.close(reading)
    try:
        put(folder / "a.csv", 0, 10)
        process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    with Service(sqlite_url, folder, "--table", "t") as service:
        service.wait_ended("a.csv")
        assert not service.said("refused")
        assert service.terminate() == 0
    check(sqlite_url, range(10))
