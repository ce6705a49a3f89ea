"""No room on a disk, or no right to write on it: waited for, said, and gone on with afterwards."""

import json
import shutil
import signal
import time
from contextlib import contextmanager

import psycopg
import pytest

from snapshots import locations
from tests.support import killed_deliveries
from tests.support import sync_process as sync
from tests.support.database_servers import MariaServer, PostgresServer
from tests.support.http_server import serving
from tests.support.killed_imports import check, committed_chunks, make_file, schema_file, start
from tests.support.processes import finish, go_on, held, wait_for
from tests.support.small_disk import Disk, may_mount
from tests.support.worker_process import entry, submit, worker

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


def load(database, made, tmp_path, state=None, fault=""):
    state = state or tmp_path / "state"
    return start(database, made, schema_file(tmp_path), state, fault, progress="json")


def wait_until_full(process):
    """Until the loader says that it waits for room."""
    for line in process.stderr:
        event = json.loads(line)
        if event["event"] == "notice" and "retrying for up to 60 s" in event["message"]:
            return event["message"]
    raise AssertionError(process.communicate())


def stands_still(number, seconds=1.5):
    """Until it has not changed for so long: nothing goes on."""
    seen, since = number(), time.monotonic()
    while time.monotonic() < since + seconds:
        time.sleep(0.1)
        if (now := number()) != seen:
            seen, since = now, time.monotonic()


def begun(database, made, tmp_path):
    """A loader that has stopped itself: it cannot come to its end before the disk is full."""
    process = load(database, made, tmp_path, fault="after-commit:2:stop")
    held(process)
    return process


def fill_in_the_middle(disk, process):
    disk.fill()
    go_on(process)
    return wait_until_full(process)


def test_the_disk_of_a_sqlite_file(disk, made, tmp_path):
    database = f"sqlite:///{disk.folder}/t.db"
    locations.target(database).connect().close()
    disk.fill()
    code, result, err = finish(load(database, made, tmp_path))
    assert code == 6, (err, result)
    assert "have free space" in result["error"]["hint"]
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


def test_the_account_of_a_delivery_has_no_room(disk, tmp_path):
    """What the API has said and the ledger could not keep is asked again, with the same keys."""
    database = f"sqlite:///{disk.folder}/account.db"
    rows = killed_deliveries.make_rows(tmp_path / "rows.csv", 6000)
    with serving(killed_deliveries.Api()) as running:
        api = running.handler
        api.most = 200
        process = killed_deliveries.start(database, rows, running.url + "/rows", tmp_path)
        wait_for(lambda: api.total >= 200)
        process.send_signal(signal.SIGSTOP)
        disk.fill()
        process.send_signal(signal.SIGCONT)
        api.go_on()
        stands_still(lambda: api.total)
        assert process.poll() is None
        assert len(api.taken) < len(rows.good)
        disk.free()
        code, result, err = finish(process)
        assert code == 3, (err, result)
        assert killed_deliveries.check(rows, api, result, kills=1) == 0


def test_a_worker_of_the_service_has_no_room(disk, made, tmp_path):
    database = f"sqlite:///{disk.folder}/t.db"
    submit(database, file=made.path.name, contract=json.loads(schema_file(tmp_path).read_text()))
    with worker(database, tmp_path, "after-commit:1:stop") as process:
        held(process)
        disk.fill()
        go_on(process)
        stands_still(lambda: committed_chunks(database))
        assert committed_chunks(database) < made.path.stat().st_size // (8 << 20) + 1
        disk.free()
        wait_for(lambda: entry(database, 1).state == "finished")
    check(database, made)


def test_a_folder_that_is_kept_in_step_has_no_room(disk, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    database = f"sqlite:///{disk.folder}/t.db"
    sync.put(folder / "a.csv", 0, 10)
    with sync.Service(database, folder, "--table", "t") as service:
        service.wait_ended("a.csv")
        disk.fill()
        sync.put(folder / "b.csv", 100, 300_000)
        service.wait_for(lambda: service.said("waiting") or service.said("deferred"))
        disk.free()
        service.wait_ended("b.csv")
        assert service.terminate() == 0
    sync.check(database, {*range(10), *range(100, 300_100)})
