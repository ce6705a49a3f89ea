"""What a page of rows takes does not grow with the values in the table."""

import json
import socket
import threading
import time
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import uvicorn

from snapshots import locations
from snapshots.engine.history import table_rows
from snapshots.web.gate import protocol
from snapshots.web.server import QuietServer, listen
from tests.support.processes import wait_for
from tests.support.service_process import served

LONG = 1 << 20
MAKE = {
    "postgres": ("text", "repeat('é', {0})"),
    "mysql": ("longtext", "repeat('é', {0})"),
    "sqlite": ("text", "CAST(replace(hex(zeroblob({0})), '00', 'é') AS TEXT)"),
}


def run(database, *statements):
    with closing(locations.target(database).connect()) as session:
        return [session.execute(statement) for statement in statements][-1]


@pytest.fixture
def kind(database):
    return locations.target(database).name


def table_of(database, key, rows):
    """Rows of so many characters of two bytes each; None: NULL."""
    text, make = MAKE[locations.target(database).name]
    run(
        database,
        f"CREATE TABLE big (id int{' PRIMARY KEY' if key else ''}, v {text}, n int)",
        *(
            f"INSERT INTO big (id, v, n) VALUES ({number},"
            f" {'NULL' if size is None else make.format(size)}, {number % 3})"
            for number, size in enumerate(rows)
        ),
    )


def pages(client, path):
    while path:
        answer = client.get(path)
        assert answer.status == 200, answer.data[:500]
        yield answer
        path = answer.json["next"]


@pytest.mark.parametrize("key", [True, False])
def test_a_page_ends_before_it_is_too_large(database, tmp_path, key):
    sizes = [LONG] * 20 + [None, 3, 0] + [LONG // 64] * 300 + [8 * LONG] + [5] * 50
    table_of(database, key, sizes)
    with served(database, tmp_path, "--rate-limit", "0", "--tables", "big") as client:
        found, largest = [], 0
        for page in pages(client, "/v1/tables/big/rows?limit=500"):
            rows = page.json["rows"]
            found += rows
            bytes_of = [2 * len(row["v"] or "") for row in rows]
            assert sum(bytes_of) <= table_rows.BYTES or len(rows) == 1
            largest = max(largest, len(page.data))
        if not key:
            # As they lie, which is each of them once.
            found.sort(key=lambda row: row["id"])
        assert [row["id"] for row in found] == list(range(len(sizes)))
        for row, size in zip(found, sizes, strict=True):
            assert row["v"] == (None if size is None else "é" * size)
        # The one that is larger than a page stands alone.
        assert largest > 16 * LONG
        # A filter and an order of one's own know it, too.
        query = "/v1/tables/big/rows?where=v:notnull&where=n:eq:1&limit=500"
        wanted = [at for at, size in enumerate(sizes) if at % 3 == 1 and size is not None]
        got = [row["id"] for page in pages(client, query) for row in page.json["rows"]]
        assert (got if key else sorted(got)) == wanted
        if key:
            path = "/v1/tables/big/rows?sort=-n&limit=500"
            assert [row["id"] for page in pages(client, path) for row in page.json["rows"]] == (
                sorted(range(len(sizes)), key=lambda number: (-(number % 3), -number))
            )


def test_memory_is_that_of_a_page(database, tmp_path):
    table_of(database, True, [2 * LONG] * 40)
    with served(database, tmp_path, "--rate-limit", "0", "--tables", "big") as client:
        client.get("/v1/tables/big/rows?limit=1")
        before = peak(client)
        answer = client.get("/v1/tables/big/rows?limit=1000")
        assert answer.status == 200
        assert answer.json["next"]
        assert peak(client) - before < 150 << 20


def peak(client):
    lines = Path(f"/proc/{client.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM"))


def test_names_and_cells_of_a_wide_table_count(database, tmp_path):
    columns = [f"a_column_with_a_name_{number}" for number in range(900)]
    typed = ", ".join(f"{name} smallint" for name in columns)
    run(
        database,
        f"CREATE TABLE big (id int PRIMARY KEY, {typed})",
        *(f"INSERT INTO big (id) VALUES ({number})" for number in range(300)),
    )
    with served(database, tmp_path, "--rate-limit", "0", "--tables", "big") as client:
        found = []
        for page in pages(client, "/v1/tables/big/rows?limit=1000"):
            assert len(page.data) < 2 * table_rows.BYTES
            found += [row["id"] for row in page.json["rows"]]
        assert found == list(range(300))


def test_an_order_whose_values_are_too_long_to_go_on_at_is_refused(database, tmp_path):
    table_of(database, True, [LONG, LONG, 10])
    with served(database, tmp_path, "--rate-limit", "0", "--tables", "big") as client:
        answer = client.get("/v1/tables/big/rows?sort=-v&limit=1")
        assert answer.status == 422
        assert "too long" in answer.json["detail"]
        assert len(client.get("/v1/tables/big/rows?sort=v&limit=1").json["rows"]) == 1


def test_long_values_of_every_type_are_whole(database, kind, tmp_path):
    """Those that are no text for the kernel, too."""
    long = json.dumps({"a": "x" * 9000})
    types = {
        "postgres": (
            "j json, b bytea, a text[], c char(3), n numeric",
            f"'{long}', decode(repeat('ab', 9000), 'hex'), ARRAY[repeat('y', 9000)], 'z',"
            " repeat('9', 9000)::numeric",
        ),
        "mysql": (
            "j json, b longblob, a mediumtext, c enum('z'), n bit(3)",
            f"'{long}', unhex(repeat('ab', 9000)), repeat('y', 9000), 'z', b'101'",
        ),
        "sqlite": (
            "j json, b blob, a int, c, n real",
            f"'{long}', randomblob(9000), replace(hex(zeroblob(9000)), '00', 'y'), 'z', 1.5",
        ),
    }
    columns, values = types[kind]
    run(
        database,
        f"CREATE TABLE big (id int PRIMARY KEY, {columns})",
        *(f"INSERT INTO big VALUES ({number}, {values})" for number in range(2)),
    )
    with served(database, tmp_path, "--rate-limit", "0", "--tables", "big") as client:
        whole = client.get("/v1/tables/big/rows?limit=1").json["rows"][0]
        # With room for 100 bytes of a value they are asked for once more.
        asked = client.get("/v1/tables/big/rows?limit=1000").json["rows"][0]
        assert asked == whole
        assert {name: value is None for name, value in asked.items()} == dict.fromkeys(whole, False)
        assert len(json.dumps(asked)) > 18_000


def narrow(port):
    """A connection that takes little before it is read."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", port))
    return connection


def test_whoever_takes_no_answers_has_few_that_wait(database, tmp_path):
    table_of(database, True, [LONG] * 8)
    path = "/v1/tables/big/rows"
    with served(database, tmp_path, "--rate-limit", "0", "--tables", "big") as client:
        with ExitStack() as connections:
            refused = 0
            for _ in range(10):
                connection = connections.enter_context(narrow(client.port))
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                refused += b" 429 " in connection.recv(20)
            assert refused == 8
            assert client.get("/readyz").status == 200
        wait_for(lambda: client.get(path).status == 200)
        assert len(client.get(path).json["rows"]) >= 3


def test_an_answer_that_nobody_takes_is_let_go(monkeypatch):
    """In a process of its own time is short; here it is made shorter."""
    monkeypatch.setattr(protocol, "ANSWER_STALL_SECONDS", 0.5)
    ended = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(1000):
            await send({"type": "http.response.body", "body": bytes(65536), "more_body": True})
        ended.append(time.monotonic())
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    config = uvicorn.Config(
        app, http=protocol.Protocol, lifespan="off", log_config=None, timeout_keep_alive=1
    )
    server = QuietServer(config)
    listening = listen("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        port = listening.getsockname()[1]
        request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
        with narrow(port) as slow:
            slow.sendall(request)
            # Who takes it slowly is waited for...
            for _ in range(10):
                time.sleep(0.1)
                assert slow.recv(1 << 20)
            assert not ended
            # ...and who takes nothing is not.
            wait_for(lambda: ended)
        with socket.create_connection(("127.0.0.1", port)) as quick:
            quick.sendall(request)
            taken = 0
            while taken < 1000 * 65536:
                taken += len(quick.recv(1 << 20))
    finally:
        server.should_exit = True
        thread.join()
