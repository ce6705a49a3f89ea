"""Asking for imports over HTTP, watching, stopping and resuming them."""

import gzip
import json
import signal
import time
from contextlib import closing, contextmanager

import pytest

from snapshots.errors import InputError
from snapshots.sources import open_source
from snapshots.sources.base import STREAM_BYTES
from snapshots.sources.remote.access import RemoteAccess
from snapshots.sources.unpacked_limit import UnpackedLimit
from tests.ledger.older import execute
from tests.service.test_queue import FIELDS
from tests.support.input_files import rows
from tests.support.killed_imports import check, make_file
from tests.support.processes import BUSY, wait_for
from tests.support.service_process import OVER, database_beside, served
from tests.support.web_server import serving
from tests.support.worker_process import entry

SLOW = {"contract": FIELDS, "chunk_size": 1 << 14}
"""So small chunks that an import of a few MB takes seconds."""


NOW = "2026-01-02T03:04:05.678Z"


def events(answer):
    """The name and the data of each event, as they come."""
    name = None
    for line in answer:
        field, _, value = line.decode().rstrip("\n").partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)


def test_from_the_request_to_the_account(database, tmp_path):
    made = make_file(tmp_path / "t.csv", 3000)
    with served(database, tmp_path) as client:
        number = client.submit(file="t.csv", contract=FIELDS)
        done = client.wait(number)
        size = made.path.stat().st_size
        assert (done["state"], done["bytes"], done["error"]) == ("finished", size, None)
        assert done["progress"] == {"done": size, "total": size, "percent": 100.0, "why": None}
        counts = {
            "records": made.records,
            "loaded": len(made.good),
            "rejected": len(made.bad),
            "skipped": made.blank,
        }
        assert done | counts == done
        assert done["rejects_by_code"] == {"not_a_number": len(made.bad)}
        assert done["request"]["contract"] == FIELDS
        (chunk,) = client.get("/v1/imports/1/chunks").json["chunks"]
        assert chunk | counts | {"start": 0, "end": size} == chunk
        (listed,) = client.get("/v1/imports").json["imports"]
        assert listed == {name: done[name] for name in listed}
        assert client.stop() == 0
    check(database, made)


@contextmanager
def held_up(database, folder, *options):
    """A service, an object whose server keeps silent in its middle, and its file. So no import of
    it comes to its end before the server goes on."""
    made = make_file(folder / "t.csv", 30_000, padding="x" * 900)
    data = made.path.read_bytes()
    assert len(data) > STREAM_BYTES, "it is read as a whole before it is loaded"
    with serving() as web:
        thing, url = web.put("/t.csv", data, stops_at=len(data) * 3 // 4)
        allowed = ("--allow-host", f"127.0.0.1:{web.port}", *options)
        with served(database, folder, *allowed) as client:
            client.submit(url=url, **SLOW)
            yield client, thing, made


def and_goes_on(thing):
    thing.stops_at = None
    thing.go.set()


def test_a_url_is_watched_cancelled_and_resumed(postgres_url, tmp_path):
    with held_up(postgres_url, tmp_path, "--rate-limit", "0") as (client, thing, made):
        number = 1
        connection, stream = client.open("GET", f"/v1/imports/{number}/events")
        with connection:
            for name, told in events(stream):
                assert name == "import"
                if told["eta"] and told["progress"]["percent"] > 0:
                    break
        assert 0 < told["progress"]["percent"] < 100
        assert told["progress"]["total"] == made.path.stat().st_size
        assert told["records_per_second"] > 0
        assert told["eta"]["basis"].startswith("the last ")
        answer = client.ask("POST", f"/v1/imports/{number}/cancel", {"rows": "keep"})
        asked = time.monotonic()
        assert answer.status == 202
        seen = {client.state(number)}
        while not seen & OVER:
            seen.add(client.state(number))
        assert seen <= {"running", "cancelled"}, "an import that is cancelled is not interrupted"
        stopped = client.wait(number)
        assert stopped["state"] == "cancelled"
        assert time.monotonic() - asked < 2 * BUSY
        kept = rows(postgres_url, "SELECT COUNT(*) FROM t")
        assert kept == [(stopped["loaded"],)]
        assert client.ask("POST", f"/v1/imports/{number}/cancel").status == 200
        and_goes_on(thing)
        assert client.ask("POST", f"/v1/imports/{number}/resume").status == 202
        connection, stream = client.open("GET", f"/v1/imports/{number}/events")
        with connection:
            *_, (_, last), (end, _) = events(stream)
        assert (end, last["state"]) == ("end", "finished")
    check(postgres_url, made)


@pytest.mark.parametrize("stops_at", [100, 1_500_000], ids=["at once", "while it is planned"])
def test_the_size_is_known_with_the_first_answer(database, tmp_path, stops_at):
    """Long before there is a plan; and to cancel it then is no error."""
    data = b"id,name\n" + b"".join(b"%d,name %d\n" % (n, n) for n in range(150_000))
    with serving() as web, served(database, tmp_path, "--allow-host", f"127.0.0.1:{web.port}") as s:
        thing, url = web.put("/t.csv", data, stops_at=stops_at)
        number = s.submit(url=url)
        wait_for(lambda: s.get(f"/v1/imports/{number}").json["progress"]["total"] == len(data))
        told = s.get(f"/v1/imports/{number}").json
        assert told["state"] == "running"
        assert (told["progress"]["percent"], told["progress"]["why"]) == (0.0, None)
        assert told["bytes"] == len(data)
        assert s.ask("POST", f"/v1/imports/{number}/cancel").status == 202
        told = s.wait(number, "cancelled")
        assert told["error"] is None
        thing.stops_at = None
        thing.go.set()
        assert s.ask("POST", f"/v1/imports/{number}/resume").status == 202
        assert s.wait(number)["loaded"] == 150_000


def test_what_ended_without_a_plan_is_not_waited_for(sqlite_url, tmp_path):
    with (
        serving() as web,
        served(sqlite_url, tmp_path, "--allow-host", f"127.0.0.1:{web.port}") as s,
    ):
        _, url = web.put("/t.csv", b"PK\x03\x04" + bytes(3000))
        told = s.wait(s.submit(url=url))
        assert (told["state"], told["progress"]["total"]) == ("failed", 3004)
        told = s.wait(s.submit(url=web.url("/none.csv")))
        assert told["state"] == "failed"
        assert "ended before" in told["progress"]["why"]


def test_delete_takes_the_rows_out_again(sqlite_url, tmp_path):
    with held_up(sqlite_url, tmp_path) as (client, _, _):
        wait_for(lambda: client.get("/v1/imports/1").json["records"])
        assert client.ask("DELETE", "/v1/imports/1?rows=undo").status == 202
        undone = client.wait(1)
        assert undone["state"] == "undone"
        assert undone["removed"] == undone["loaded"] > 0
        assert rows(sqlite_url, "SELECT COUNT(*) FROM t") == [(0,)]


def test_what_runs_is_queued_again_when_the_service_ends(sqlite_url, tmp_path):
    with held_up(sqlite_url, tmp_path) as (client, thing, made):
        wait_for(lambda: client.get("/v1/imports/1").json["records"])
        connection, stream = client.open("GET", "/v1/events")
        with connection:
            assert stream.readline() == b"retry: 2000\n"
            assert client.stop() == 0
        left = entry(sqlite_url, 1)
        assert left.state == "queued"
        assert 0 < left.counts.loaded < len(made.good)
        and_goes_on(thing)
        host = left.input.split("/")[2]
        with served(sqlite_url, tmp_path, "--allow-host", host) as other:
            assert other.wait(1)["state"] == "finished"
            assert other.stop(signal.SIGINT) == 130
    check(sqlite_url, made)


@pytest.fixture(scope="module")
def idle(tmp_path_factory):
    """A service that works on nothing, with five imports that wait."""
    folder = tmp_path_factory.mktemp("idle")
    options = ("--workers", "0", "--queue", "6")
    with served(database_beside(folder), folder, *options) as client:
        for n in range(5):
            client.submit(key=f"k{n}", file=f"f{n}.csv", table="even" if n % 2 == 0 else "odd")
        yield client


def test_a_key_is_one_import(idle):
    assert idle.submit(key="k1", file="f1.csv", table="odd") == 2
    other = idle.ask("POST", "/v1/imports", {"file": "g.csv"}, Idempotency_Key="k1")
    assert (other.status, other.json["code"]) == (409, "key_reused")
    assert len(idle.get("/v1/imports").json["imports"]) == 5


def test_no_more_may_wait_than_is_said(idle):
    number = idle.submit(file="last.csv")
    full = idle.ask("POST", "/v1/imports", {"file": "more.csv"})
    assert (full.status, full.json["code"]) == (429, "queue_full")
    assert int(full.headers["retry-after"]) > 0
    assert idle.ask("DELETE", f"/v1/imports/{number}").status == 200
    assert idle.submit(file="more.csv") == number + 1
    assert idle.ask("DELETE", f"/v1/imports/{number + 1}").status == 200


def test_pages_and_filters(idle):
    seen, path = [], "/v1/imports?limit=2&state=queued&table=even"
    while path:
        page = idle.get(path).json
        seen += [one["import_id"] for one in page["imports"]]
        path = page["next"]
    assert seen == [5, 3, 1]
    middle = idle.get("/v1/imports/3").json["queued_at"]
    later = idle.get(f"/v1/imports?since={middle}&state=queued").json["imports"]
    assert [one["import_id"] for one in later] == [5, 4, 3]
    earlier = idle.get(f"/v1/imports?until={middle}").json["imports"]
    assert [one["import_id"] for one in earlier] == [2, 1]


def test_all_changes_are_told(idle):
    connection, stream = idle.open("GET", "/v1/events")
    with connection:
        assert stream.readline() == b"retry: 2000\n"
        assert idle.ask("DELETE", "/v1/imports/4").status == 200
        assert idle.ask("POST", "/v1/imports/4/resume").status == 202
        told = (one for _, one in events(stream) if one["import_id"] == 4)
        assert next(told)["url"] == "/v1/imports/4"


def test_imports_are_told_in_whichever_order_they_are_committed(tmp_path):
    """One that is begun first may be committed last; the numbers of a new ledger may be large."""
    database = database_beside(tmp_path)

    def finished(number):
        execute(
            database,
            "INSERT INTO snapshots_imports (id, kind, input, table_name, state, plan, started_at,"
            " heartbeat_at) VALUES (?, 'import', 'a.csv', 'a', 'finished', '', ?, ?)",
            *(number, NOW, NOW),
        )

    with served(database, tmp_path, "--workers", "0") as client:
        connection, stream = client.open("GET", "/v1/events")
        with connection:
            assert stream.readline() == b"retry: 2000\n"
            told = (one["import_id"] for _, one in events(stream))
            for number in (1_800_000_002, 1_800_000_001, 1_800_000_003):
                finished(number)
                assert next(told) == number


def test_who_listens_is_told_of_changes_after_an_error_that_nobody_has_foreseen(tmp_path):
    (tmp_path / "a.csv").write_text("id\n1\n")
    database = database_beside(tmp_path)
    with served(database, tmp_path, SNAPSHOTS_FAULT="telling:2:error") as client:
        connection, stream = client.open("GET", "/v1/events")
        with connection:
            assert stream.readline() == b"retry: 2000\n"
            number = client.submit(file="a.csv")
            assert (
                next(one for _, one in events(stream) if one["state"] in OVER)["import_id"]
                == number
            )


def test_nothing_is_said_that_is_not_known(idle):
    waiting = idle.get("/v1/imports/1").json
    assert waiting["progress"]["percent"] is None
    assert "waiting for a worker" in waiting["progress"]["why"]
    assert (waiting["eta"], waiting["plan"], waiting["bytes"]) == (None, None, None)


def test_a_bomb_is_refused_and_no_percent_is_made_up(sqlite_url, tmp_path):
    line = b"0" * 99 + b"\n"
    (tmp_path / "bomb.csv.gz").write_bytes(gzip.compress(b"zeros\n" + line * 700_000))
    text = b"id,name\n" + b"".join(b"%d,name %d\n" % (n, n) for n in range(20_000))
    (tmp_path / "good.csv.gz").write_bytes(gzip.compress(text))
    with served(sqlite_url, tmp_path) as client:
        bomb, good = (client.submit(file=f"{name}.csv.gz") for name in ("bomb", "good"))
        refused = client.wait(bomb)
        assert (refused["state"], refused["error"]["code"]) == ("failed", "input")
        said = (
            "bomb.csv.gz: Uncompressed, the input is larger than allowed: more than 250 times its"
            " compressed size."
        )
        assert refused["error"]["message"] == said, "and nothing of where it lies"
        page = client.get(f"/imports/{bomb}").data.decode()
        assert said in page
        assert str(tmp_path) not in page
        assert refused["progress"]["percent"] is None
        assert "compressed" in refused["progress"]["why"]
        assert client.wait(good)["progress"]["percent"] == 100
    access = RemoteAccess(unpacking=UnpackedLimit(most=len(text) - 1))
    with (
        closing(open_source(str(tmp_path / "good.csv.gz"), access)) as source,
        pytest.raises(InputError, match="Uncompressed"),
    ):
        list(source.read())
