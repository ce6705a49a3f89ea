"""The same bytes asked for again: finished with nothing done, once whoever loads them has ended."""

import re
import signal

import pytest

import snapshots
from snapshots.engine.queue import commands
from tests.ledger.older import execute
from tests.service.test_queue import FIELDS, in_the_middle, is_in
from tests.support.command import objects
from tests.support.command import snapshots as command
from tests.support.input_files import rows
from tests.support.killed_imports import make_file
from tests.support.processes import PATIENCE, go_on, held, wait_for
from tests.support.service_process import served
from tests.support.web_server import serving
from tests.support.worker_process import books, entry, submit, worker

ZERO = {"records": 0, "loaded": 0, "rejected": 0, "skipped": 0}


@pytest.fixture
def made(tmp_path):
    return make_file(tmp_path / "t.csv", 3000)


def is_loaded_once(database, made):
    lines = [line for (line,) in rows(database, "SELECT _line FROM t WHERE _import_id = 1")]
    assert sorted(lines) == sorted(made.good)
    assert rows(database, "SELECT COUNT(*) FROM t") == [(len(made.good),)]


def held_for_long(database, process):
    """In the middle of import 1, and nobody takes it over meanwhile."""
    held(process)
    later = "UPDATE snapshots_imports SET heartbeat_at = '2999-01-01T00:00:00.000Z' WHERE id = 1"
    execute(database, later)


def is_duplicate(shown, of):
    assert (shown["state"], shown["outcome"], shown["same_as"]) == (
        "finished", "already_imported", of,
    ), shown  # fmt: skip
    assert (shown["error"], shown["damage"], shown["waits_for"]) == (None, None, None)
    assert shown | ZERO | {"content_hash": None, "bytes": None} == shown
    assert (shown["progress"]["done"], shown["rejects_by_code"]) == (0, {})


def numbers(client):
    """What Prometheus is told, without that of this process's chunks and ends."""
    text = client.get("/metrics").data.decode()
    found = re.findall(r"^(snapshots_\w+)\{database=[^,}]*,?([^}]*)\} (.*)$", text, re.MULTILINE)
    return {(name, labels): float(value) for name, labels, value in found}


def test_a_duplicate_is_finished_and_stands_for_nothing(database, tmp_path, made):
    (tmp_path / "u.csv").write_bytes(made.path.read_bytes())
    with served(database, tmp_path, "--rate-limit", "0") as client:
        first = client.wait(client.submit(file="t.csv", contract=FIELDS))
        assert (first["outcome"], first["same_as"], first["note"]) == ("finished", None, None)
        before = numbers(client)
        for n, name in enumerate(["t.csv", "u.csv", "t.csv"]):
            second = client.wait(client.submit(file=name, contract=FIELDS))
            is_duplicate(second, 1)
            assert second["import_id"] == n + 2
            assert "Import 1 has already loaded the same bytes (t.csv)." in second["note"]
        after = numbers(client)
        changed = {one for one in after if after[one] != before.get(one)}
        assert changed == {("snapshots_import_ends_total", 'outcome="already_imported"')}
        assert after["snapshots_imports", 'state="finished"'] == 1
        for path, answer in (
            ("/v1/imports/2/resume", (409, "conflict")),
            ("/v1/imports/2/cancel", (200, None)),
        ):
            said = client.ask("POST", path)
            assert (said.status, said.json.get("code")) == answer
        said = client.ask("DELETE", "/v1/imports/2?rows=undo")
        assert (said.status, said.json["code"]) == (409, "conflict")
        for page in ("/", "/imports/2"):
            text = client.get(page).data.decode()
            assert "already imported" in text
            assert '<a href="/imports/1">import 1</a>' in text
            assert '<div class="notice bad">' not in text
            assert 'class="error"' not in text
        is_duplicate(client.get("/v1/imports/2").json, 1)
        (shown,) = [i for i in client.get("/v1/imports").json["imports"] if i["import_id"] == 2]
        assert (shown["outcome"], shown["same_as"]) == ("already_imported", 1)
    is_loaded_once(database, made)
    marks = "SELECT id FROM snapshots_imports WHERE fingerprint IS NULL AND content_hash IS NULL"
    assert rows(database, f"{marks} ORDER BY id") == [(2,), (3,), (4,)]


def test_on_the_command_line(database, tmp_path, made):
    for _ in range(2):
        submit(database, file="t.csv", contract=FIELDS)
    with worker(database, tmp_path):
        wait_for(is_in(database, 2, "finished"))

    def run(*arguments):
        return command(*arguments, "--database", database, cwd=tmp_path)

    listed = objects(run("list", "--json"))
    assert {one["import_id"]: one["same_as"] for one in listed} == {1: None, 2: 1}
    assert "imported: import 1 " in run("list", "t.csv").stdout
    (shown,) = objects(run("show", "2", "--json"))
    assert (shown["same_as"], shown["records"]) == (1, 0)
    resumed = run("resume", "2")
    assert (resumed.returncode, "Already imported as 1" in resumed.stdout) == (5, True)
    again = run("import", "t.csv")
    assert (again.returncode, "Already imported as 1" in again.stdout) == (5, True)


def test_it_waits_unopened_while_the_earlier_one_is_worked_on(database, tmp_path, made):
    (tmp_path / "other.csv").write_text("id\n1\n")
    with serving() as web:
        thing, url = web.put("/t.csv", made.path.read_bytes(), stops_at=1 << 14)
        allow = f"127.0.0.1:{web.port}"
        submit(database, url=url, contract=FIELDS)
        with worker(database, tmp_path, allow=allow), worker(database, tmp_path, allow=allow):
            wait_for(lambda: web.sent >= 1 << 14)
            asked = len(web.requests)
            for table in (None, "t"):
                assert submit(database, url=url, table=table, contract=FIELDS).entry.same_as == 1
            submit(database, file="other.csv")
            wait_for(is_in(database, 4, "finished"))
            assert [entry(database, n).state for n in (1, 2, 3)] == ["running", "queued", "queued"]
            assert len(web.requests) == asked, "nobody opens it while it waits"
            thing.stops_at = None
            thing.go.set()
            for number in (2, 3):
                wait_for(is_in(database, number, "finished", "failed"))
                found = entry(database, number)
                assert (found.state, found.same_as, found.error) == ("finished", 1, None)
    is_loaded_once(database, made)


def test_it_waits_for_the_same_bytes_of_another_name(database, tmp_path):
    made = make_file(tmp_path / "t.csv", 20_000)
    (tmp_path / "u.csv").write_bytes(made.path.read_bytes())
    (tmp_path / "other.csv").write_text("id\n1\n")
    submit(database, file="t.csv", contract=FIELDS, chunk_size=1 << 14)
    with in_the_middle(database, tmp_path) as first:
        held_for_long(database, first)
        submit(database, file="u.csv", contract=FIELDS, table="t")
        submit(database, file="other.csv")
        with worker(database, tmp_path):
            wait_for(is_in(database, 3, "finished"))
            waiting = entry(database, 2)
            assert (waiting.state, waiting.same_as, waiting.error) == ("queued", 1, None)
            assert (waiting.fingerprint, waiting.plan) == (None, "")
            assert entry(database, 1).state == "running"
            go_on(first)
            wait_for(is_in(database, 1, "finished"))
            wait_for(is_in(database, 2, "finished", "failed"))
    found = entry(database, 2)
    assert (found.state, found.same_as, found.error) == ("finished", 1, None)
    is_loaded_once(database, made)


def test_where_the_earlier_one_has_stopped_the_resume_is_named(database, tmp_path):
    made = make_file(tmp_path / "t.csv", 200_000)
    submit(database, file="t.csv", contract=FIELDS, chunk_size=1 << 14)
    with in_the_middle(database, tmp_path) as process, books(database) as opened:
        held(process)
        assert submit(database, file="t.csv", contract=FIELDS).entry.same_as == 1
        commands.cancel(opened.ledger, 1, "cancel")
        go_on(process)
        wait_for(is_in(database, 2, "finished", "failed"))
        found = entry(database, 2)
        assert (found.state, found.error_code, found.same_as) == (
            "failed",
            "already_imported",
            None,
        )
        assert "is cancelled; resume it with POST /v1/imports/1/resume" in found.error
        commands.resume(opened.ledger, 1, "100%", 10)
        commands.resume(opened.ledger, 2, None, 10)
        wait_for(is_in(database, 1, "finished"))
        wait_for(is_in(database, 2, "finished", "failed"))
        assert entry(database, 2).same_as == 1
    is_loaded_once(database, made)


def test_where_the_earlier_one_has_loaded_nothing_it_loads(database, tmp_path, made):
    submit(database, file="t.csv", table="t", contract={"fields": [{"name": "no", "type": "date"}]})
    assert submit(database, file="t.csv", table="t", contract=FIELDS).entry.same_as == 1
    assert submit(database, file="t.csv", table="other", contract=FIELDS).entry.same_as is None
    assert submit(database, file="t.csv", contract=FIELDS, again=True).entry.same_as is None
    with worker(database, tmp_path):
        wait_for(is_in(database, 2, "finished", "failed"))
        for number, state in ((1, "failed"), (2, "finished"), (3, "finished"), (4, "finished")):
            wait_for(is_in(database, number, "finished", "failed"))
            assert (entry(database, number).state, entry(database, number).same_as) == (state, None)


def test_many_that_wait_keep_nobody_else_waiting(database, tmp_path, made):
    (tmp_path / "other.csv").write_text("id\n1\n")
    submit(database, file="t.csv", contract=FIELDS)
    with in_the_middle_of_one(database, tmp_path) as process:
        held_for_long(database, process)
        for _ in range(40):
            submit(database, file="t.csv", contract=FIELDS)
        submit(database, file="other.csv")
        with worker(database, tmp_path):
            wait_for(is_in(database, 42, "finished"))
            assert {entry(database, n).state for n in range(2, 42)} == {"queued"}
            with books(database) as opened:
                assert commands.cancel(opened.ledger, 41, "cancel").state == "cancelled"
            go_on(process)
            for number in range(1, 41):
                wait_for(is_in(database, number, "finished", "failed"))
    assert {entry(database, n).same_as for n in range(2, 41)} == {1}
    assert entry(database, 41).same_as is None
    is_loaded_once(database, made)


def in_the_middle_of_one(database, folder):
    """Its plan is made, and nothing is loaded."""
    return worker(database, folder, "planned:1:stop", SNAPSHOTS_LOADERS="1")


@pytest.mark.parametrize("point", ["duplicate", "waiting"])
def test_a_worker_that_is_killed_as_it_decides(database, tmp_path, made, point):
    (tmp_path / "u.csv").write_bytes(made.path.read_bytes())
    submit(database, file="t.csv", contract=FIELDS)
    if point == "duplicate":
        with worker(database, tmp_path):
            wait_for(is_in(database, 1, "finished"))
        submit(database, file="u.csv", contract=FIELDS, table="t")
        with worker(database, tmp_path, fault="duplicate:1") as killed:
            assert killed.wait(PATIENCE) == -signal.SIGKILL
    else:
        with worker(database, tmp_path, "created:1:stop", SNAPSHOTS_LOADERS="1") as first:
            held_for_long(database, first)
            submit(database, file="u.csv", contract=FIELDS, table="t")
            with worker(database, tmp_path, fault="waiting:1") as killed:
                assert killed.wait(PATIENCE) == -signal.SIGKILL
            first.kill()
            first.wait()
    assert entry(database, 2).state == "running"
    with worker(database, tmp_path):
        wait_for(is_in(database, 1, "finished"))
        wait_for(is_in(database, 2, "finished", "failed"))
    found = entry(database, 2)
    assert (found.state, found.same_as, found.error) == ("finished", 1, None)
    is_loaded_once(database, made)


def test_it_waits_for_a_command_and_not_for_one_that_is_gone(database, tmp_path, made):
    snapshots.load(
        made.path, database=database, table="t", contract=FIELDS, limit=500, chunk_size=1 << 12
    )
    owned = "UPDATE snapshots_imports SET state = 'running', owner = 'elsewhere:1:1' WHERE id = 1"
    execute(database, owned)
    with books(database) as opened:
        ledger = opened.ledger
        now = ledger.target.dialect.now
        ledger.session.execute(f"UPDATE snapshots_imports SET heartbeat_at = {now} WHERE id = 1")
        submit(database, file="t.csv", contract=FIELDS, table="t")
        with worker(database, tmp_path):
            wait_for(lambda: entry(database, 2).same_as == 1)
            # Eight seconds later it is gone.
            wait_for(is_in(database, 2, "failed", "finished"))
    found = entry(database, 2)
    assert (found.state, found.error_code) == ("failed", "already_imported")
    assert "is interrupted; resume it with snapshots resume 1" in found.error
