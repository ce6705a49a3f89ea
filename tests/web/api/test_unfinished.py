"""Uploads that do not end: of services that are killed, and of clients that send no more."""

import asyncio
import resource
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest
from starlette.exceptions import HTTPException

from snapshots.web.gate import guard
from snapshots.web.gate.concurrency import ReadSlots
from snapshots.web.uploads.store import Upload, sweep
from tests.support import snapshots_process
from tests.support.processes import PATIENCE, wait_for
from tests.support.service_process import database_beside, served


def begin(client, name, host="127.0.0.1"):
    """An upload that has begun and does not go on."""
    connection = socket.create_connection((host, client.port), PATIENCE)
    head = f"PUT /v1/files/{name} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100000\r\n\r\nid"
    connection.sendall(head.encode())
    return connection


def parts(folder):
    return sorted(path.name for path in folder.glob(".*.part"))


def test_what_a_killed_service_has_left_goes_and_what_a_living_one_receives_stays(tmp_path):
    database = database_beside(tmp_path)
    (tmp_path / ".notes.part").write_text("mine")
    (tmp_path / "b.csv").write_text("id\n1\n")
    with served(database, tmp_path) as living, ExitStack() as stack:
        stack.enter_context(begin(living, "living.csv"))
        with served(database, tmp_path) as killed:
            stack.enter_context(begin(killed, "killed.csv"))
            wait_for(lambda: len(parts(tmp_path)) == 3)
            killed.stop(signal.SIGKILL)
        assert len(parts(tmp_path)) == 3
        with served(database, tmp_path) as third:
            names = parts(tmp_path)
            assert [name.split(".csv")[0] for name in names] == [".living", ".notes.part"], names
            assert third.get("/v1/files").json == {"files": [{"name": "b.csv", "bytes": 5}]}
            # The one that lives can be finished.
            whole = stack.enter_context(begin(living, "whole.csv"))
            whole.sendall(b"x" * (100_000 - 2))
            assert b" 201 " in whole.recv(1000)
            assert (tmp_path / "whole.csv").stat().st_size == 100_000


def test_a_part_is_locked_as_long_as_it_is_written(tmp_path):
    for end in (Upload.keep, Upload.abandon):
        upload = Upload(tmp_path, "a.csv", 0)
        upload.write(b"x")
        assert (sweep(tmp_path), len(parts(tmp_path))) == (0, 1)
        end(upload)
        assert (sweep(tmp_path), parts(tmp_path)) == (0, [])
    assert (tmp_path / "a.csv").read_bytes() == b"x"
    # Whatever is called so.
    left = f".a.csv.{16 * 'a'}.part"
    (tmp_path / left).mkdir()
    assert sweep(tmp_path) == 0
    (tmp_path / left).rmdir()
    (tmp_path / left).symlink_to(tmp_path / "a.csv")
    assert sweep(tmp_path) == 0
    (tmp_path / left).unlink()
    (tmp_path / left).write_bytes(b"")
    assert sweep(tmp_path) == 1
    assert sweep(tmp_path / "none") == 0


@pytest.mark.parametrize(
    ("waits", "size", "ends"),
    [
        ([0, 99], 1, True),
        ([0.2] * 20, 1, True),
        ([0.2] * 20, 2000, False),
        ([0] * 20, 1, False),
    ],
)
def test_a_body_without_progress_ends(monkeypatch, waits, size, ends):
    monkeypatch.setattr(guard, "PROGRESS_SECONDS", 0.8)
    left = list(waits)

    async def receive():
        await asyncio.sleep(left.pop(0))
        return {"type": "http.request", "body": b"x" * size, "more_body": bool(left)}

    async def read():
        counted = guard._counted(receive, 1 << 20)
        while (await counted())["more_body"]:
            pass

    begun = time.monotonic()
    if not ends:
        asyncio.run(read())
        return
    with pytest.raises(HTTPException) as caught:
        asyncio.run(read())
    assert caught.value.status_code == 408
    assert time.monotonic() - begun < 30


def test_what_is_done_with_a_body_is_not_the_clients_time(monkeypatch):
    monkeypatch.setattr(guard, "PROGRESS_SECONDS", 0.3)
    pieces = [b"x", b"x", b"x"]

    async def receive():
        body = pieces.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(pieces)}

    async def read():
        counted = guard._counted(receive, 100)
        while (await counted())["more_body"]:
            await asyncio.sleep(0.5)

    asyncio.run(read())


def test_uploads_have_a_number(tmp_path):
    with served(database_beside(tmp_path), tmp_path) as client, ExitStack() as stack:
        for n in range(4):
            stack.enter_context(begin(client, f"a{n}.csv"))
        wait_for(lambda: len(parts(tmp_path)) == 4)
        answer = client.ask("PUT", "/v1/files/b.csv", b"id\n1\n")
        assert (answer.status, answer.json["code"]) == (429, "too_many_requests")
        assert answer.headers["retry-after"] == "1"
        assert client.get("/v1/files").status == 200
        stack.close()
        wait_for(lambda: parts(tmp_path) == [])
        wait_for(lambda: client.ask("PUT", "/v1/files/b.csv", b"id\n1\n").status == 201)


def test_turns_are_counted_for_all_clients():
    turns = ReadSlots("wait", each=2, most=3)
    with turns.turn("a"), turns.turn("a"), turns.turn("b"):
        for client, status in (("a", 429), ("b", 503), ("c", 503)):
            with pytest.raises(HTTPException) as caught, turns.turn(client):
                pass
            assert caught.value.status_code == status
    with turns.turn("c"):
        assert turns._of_client == {"c": 1}


def test_connections_leave_descriptors_for_everything_else(tmp_path, monkeypatch):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)

    def few(arguments, **given):
        script = (
            "import resource, sys, runpy; resource.setrlimit(resource.RLIMIT_NOFILE, (120, 120));"
            "sys.argv[0:1] = []; runpy.run_module('snapshots', run_name='__main__')"
        )
        command = [sys.executable, "-c", script, "snapshots", *map(str, arguments)]
        return subprocess.Popen(command, **given)

    monkeypatch.setattr(snapshots_process, "start", few)
    with served(database_beside(tmp_path), tmp_path) as client, ExitStack() as stack:
        assert client.get("/readyz").status == 200
        for _ in range(100):
            stack.enter_context(socket.create_connection(("127.0.0.1", client.port), PATIENCE))
        wait_for(lambda: b" 503 " in ask(client))
        stack.close()
        wait_for(lambda: client.get("/readyz").status == 200)
        assert client.ask("PUT", "/v1/files/b.csv", b"id\n1\n").status == 201
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (soft, hard)


def ask(client):
    with socket.create_connection(("127.0.0.1", client.port), PATIENCE) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return connection.recv(1000)
