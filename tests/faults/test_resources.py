"""No room, rights or descriptors: said in a sentence, and gone on with afterwards."""

import asyncio
import resource
import signal

import pytest

from tests.support import killed_deliveries
from tests.support.http_server import serving
from tests.support.killed_imports import check, make_file, schema_file, start
from tests.support.processes import finish

MIB = 1 << 20


@pytest.fixture
def made(tmp_path):
    return make_file(tmp_path / "t.csv", 60_000)


def _load(database, made, tmp_path, **more):
    return finish(start(database, made, schema_file(tmp_path), tmp_path / "state", **more))


@pytest.mark.parametrize("state", ["read-only", "a file"])
def test_the_state_folder_cannot_be_written(made, tmp_path, sqlite_url, state):
    """It holds a convenience; the import does not depend on it."""
    folder = tmp_path / "state"
    if state == "read-only":
        folder.symlink_to("/proc")
    else:
        folder.write_text("")
    code, result, err = _load(sqlite_url, made, tmp_path)
    assert code == 3, (err, result)
    check(sqlite_url, made)


def test_a_folder_that_cannot_be_written(made, tmp_path):
    code, result, err = _load("sqlite:////proc/t.db", made, tmp_path)
    assert code == 6, (err, result)
    assert result["error"]["hint"], result


@pytest.mark.parametrize("descriptors", [12, 20])
def test_out_of_descriptors(database, made, tmp_path, descriptors):
    limits = {resource.RLIMIT_NOFILE: descriptors}
    code, result, err = _load(database, made, tmp_path, limits=limits)
    assert code in (1, 3, 6), (err, result)
    code, result, err = _load(database, made, tmp_path)
    assert code in (3, 5), (err, result)
    check(database, made)


@pytest.mark.parametrize("descriptors", [12, pytest.param(20, marks=pytest.mark.soak)])
def test_a_delivery_out_of_descriptors(database, tmp_path, descriptors):
    rows = killed_deliveries.make_rows(tmp_path / "rows.csv", 600)
    limits = {resource.RLIMIT_NOFILE: descriptors}
    with serving(killed_deliveries.Api()) as running:
        url = running.url + "/rows"
        code, result, err = finish(
            killed_deliveries.start(database, rows, url, tmp_path, limits=limits)
        )
        assert code in (1, 3, 6), (err, result)
        if code != 3:
            code, result, err = finish(killed_deliveries.start(database, rows, url, tmp_path))
            assert code == 3, (err, result)
        killed_deliveries.check(rows, running.handler, result, kills=1)


class Crowd(killed_deliveries.Api):
    """Takes its time, and knows how many were there at once."""

    def __init__(self):
        super().__init__(trouble=0)
        self.there = set()

    def on_request(self, request, connection):
        self.there.add(connection)
        answer = super().on_request(request, connection)
        asyncio.get_running_loop().call_later(0.1, connection.transport.write, answer)


def test_what_is_only_faster_takes_no_descriptor_from_a_connection(sqlite_url, tmp_path):
    """Three hundred are enough for two hundred at once; not if each took two."""
    rows = killed_deliveries.make_rows(tmp_path / "rows.csv", 2000)
    limits = {resource.RLIMIT_NOFILE: 300}
    with serving(Crowd()) as running:
        url, api = running.url + "/rows", running.handler
        process = killed_deliveries.start(
            sqlite_url, rows, url, tmp_path, limits=limits, concurrency=200
        )
        code, result, err = finish(process)
        assert code == 3, (err, result)
        assert len(api.there) == 200
        killed_deliveries.check(rows, api, result, kills=0)


@pytest.mark.parametrize("megabytes", [56, 86])
def test_out_of_memory(database, made, tmp_path, megabytes):
    """The kernel asks for what it needs before it begins; where a small allocation fails all the
    same, the process ends as by kill -9."""
    limits = {resource.RLIMIT_AS: megabytes * MIB}
    code, result, err = _load(database, made, tmp_path, limits=limits)
    assert code in (1, 3, 6, -signal.SIGABRT), (err, result)
    if code in (1, 6):
        assert "memory" in err + str(result), (err, result)
    code, result, err = _load(database, made, tmp_path)
    assert code in (3, 5), (err, result)
    check(database, made)


def test_a_quota(made, tmp_path, sqlite_url):
    """A file that may not grow: waited for as for a disk that is full."""
    contract, state = schema_file(tmp_path), tmp_path / "state"
    limits = {resource.RLIMIT_FSIZE: MIB}
    process = start(sqlite_url, made, contract, state, progress="json", limits=limits)
    for line in process.stderr:
        if "retrying for up to" in line:
            break
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (unlimited, unlimited))
    code, result, err = finish(process)
    assert code == 3, (err, result)
    check(sqlite_url, made)
