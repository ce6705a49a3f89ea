"""No room on a disk, or no right to write on it: waited for, said, and gone on with afterwards."""

import json
import shutil
import signal
from contextlib import contextmanager

import psycopg
import pytest

from snapshots import locations
from tests.faults.disk import Disk, may_mount
from tests.faults.harness import check, finish, make_file, schema_file, start, wait_for
from tests.servers import MariaServer, PostgresServer
from tests.test_resume import committed_chunks

pytestmark = pytest.mark.skipif(not may_mount(), reason="needs the right to mount a file system")


@pytest.fixture
def made(tmp_path):
    return make_file(tmp_path / "t.csv", 300_000)


@pytest.fixture
def disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    with Disk(folder, 64) as disk:
        yield disk


def load(database, made, tmp_path, state=None):
    state = state or tmp_path / "state"
    return start(database, made, schema_file(tmp_path), state, progress="json")


def wait_until_full(process):
    """Until the loader says that it waits for room."""
    for line in process.stderr:
        event = json.loads(line)
        if event["event"] == "notice" and "waiting for up to 60 s" in event["text"]:
            return event["text"]
    raise AssertionError(process.communicate())


def begun(database, made, tmp_path):
    process = load(database, made, tmp_path)
    wait_for(lambda: committed_chunks(database) > 1, 60)
    return process


def fill_in_the_middle(disk, process):
    """Stopped meanwhile, it cannot come to its end before."""
    process.send_signal(signal.SIGSTOP)
    disk.fill()
    process.send_signal(signal.SIGCONT)
    return wait_until_full(process)


def test_the_disk_of_a_sqlite_file(disk, made, tmp_path):
    database = f"sqlite:///{disk.folder}/t.db"
    locations.target(database).connect().close()
    disk.fill()
    code, result, err = finish(load(database, made, tmp_path))
    assert code == 6, (err, result)
    assert "have room" in result["error"]["hint"]
    disk.free()
    fill_and_go_on(database, disk, made, tmp_path)


@contextmanager
def on_a_disk(server, part=""):
    """A running server whose folder, or a part of it, is on a disk of its own."""
    folder = server.folder / part
    folder.mkdir(exist_ok=True)
    with Disk(folder, 600) as disk, server:
        yield disk
    shutil.rmtree(server.folder)


def test_the_disk_of_mariadb(made, tmp_path):
    server = MariaServer()
    with on_a_disk(server) as disk:
        fill_and_go_on(server.url("full"), disk, made, tmp_path)


def test_the_disk_of_a_postgres_tablespace(made, tmp_path):
    server = PostgresServer()
    with on_a_disk(server, "disk") as disk:
        space = disk.folder / "space"
        space.mkdir()
        server.own(space)
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(f"CREATE TABLESPACE small LOCATION '{space}'")
            connection.execute("CREATE DATABASE t TABLESPACE small")
        fill_and_go_on(server.url("t"), disk, made, tmp_path)


def fill_and_go_on(database, disk, made, tmp_path):
    process = begun(database, made, tmp_path)
    fill_in_the_middle(disk, process)
    disk.free()
    code, result, err = finish(process)
    assert code == 3, (err, result)
    check(database, made)


def test_the_disk_of_the_log_of_postgres(made, tmp_path):
    """Without room for it the server ends, and does not start again before there is some."""
    server = PostgresServer()
    with on_a_disk(server) as disk:
        database = server.url("t")
        process = begun(database, made, tmp_path)
        fill_in_the_middle(disk, process)
        disk.free()
        server.kill()
        server.start()
        code, result, err = finish(process)
        assert code == 3, (err, result)
        check(database, made)


def test_stopped_while_it_waits_for_room(disk, made, tmp_path):
    database = f"sqlite:///{disk.folder}/t.db"
    process = begun(database, made, tmp_path)
    fill_in_the_middle(disk, process)
    process.send_signal(signal.SIGTERM)
    code, result, err = finish(process)
    assert code == 143, (err, result)
    disk.free()
    code, result, err = finish(load(database, made, tmp_path))
    assert (code, result["import_id"]) == (3, 1), err
    check(database, made)


def test_the_state_folder_has_no_room(disk, made, tmp_path, sqlite_url):
    """It holds a convenience; the import does not depend on it, and leaves nothing there."""
    disk.fill()
    code, result, err = finish(load(sqlite_url, made, tmp_path, state=disk.folder / "state"))
    assert code == 3, (err, result)
    assert [path.name for path in disk.folder.rglob("*") if path.is_file()] == ["filler"]
    check(sqlite_url, made)


def test_a_disk_that_has_become_read_only(disk, made, tmp_path):
    database = f"sqlite:///{disk.folder}/t.db"
    process = begun(database, made, tmp_path)
    process.kill()
    process.communicate()
    disk.forbid_writing()
    code, result, err = finish(load(database, made, tmp_path))
    assert code == 1, (err, result)
    assert "permissions" in result["error"]["hint"], result
    disk.allow_writing()
    code, result, err = finish(load(database, made, tmp_path))
    assert (code, result["import_id"]) == (3, 1), err
    check(database, made)
