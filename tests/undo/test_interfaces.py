"""Undoing over REST, and what sync and metrics make of it."""

import os

from tests.support.command import objects
from tests.support.command import snapshots as command
from tests.support.service_process import served
from tests.support.web_server import serving
from tests.verify.loaded import execute, load, numbers


def test_over_rest(database, tmp_path):
    with serving() as web:
        _, url = web.put("/numbers.csv", numbers(tmp_path).read_bytes())
        allowed = ("--allow-host", f"127.0.0.1:{web.port}")
        with served(database, tmp_path / "files", *allowed) as client:
            number = client.submit(url=url, table="t")
            assert client.wait(number)["state"] == "finished"
            would = client.ask("POST", f"/v1/imports/{number}/undo", {"dry_run": True})
            assert (would.status, would.json["removed"], would.json["dry_run"]) == (200, 1000, True)
            assert client.state(number) == "finished"
            finished = metric(client, "snapshots_records_total", 'bucket="loaded"')
            done = client.ask("POST", f"/v1/imports/{number}/undo")
            assert (done.status, done.json["removed"]) == (200, 1000)
            shown = client.get(f"/v1/imports/{number}").json
            assert (shown["state"], shown["loaded"]) == ("undone", 1000)
            again = client.ask("POST", f"/v1/imports/{number}/undo")
            assert (again.status, again.json["code"]) == (409, "already_undone")
            assert metric(client, "snapshots_records_total", 'bucket="loaded"') == finished
            assert client.ask("POST", f"/v1/imports/{number}/resume").status == 409
            second = client.submit(url=url, table="t")
            assert client.wait(second)["outcome"] == "finished"
            assert execute(database, "SELECT COUNT(*) FROM t") == [(1000,)]
            page = client.get(f"/imports/{number}", Accept="text/html")
            assert b"1,000 rows removed" in client.get("/", Accept="text/html").data
            assert b"Undone" in page.data


def metric(client, name, label):
    lines = client.get("/metrics").data.decode().splitlines()
    return [line for line in lines if line.startswith(name) and label in line]


def test_sync_leaves_an_undone_file_alone_until_it_is_touched(database, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    path = numbers(folder)

    def sync():
        done = command(
            "sync", "--once", "--database", database, "--data-dir", folder, "--json", cwd=tmp_path
        )
        return objects(done)

    assert any(event["event"] == "ended" for event in sync())
    assert command("undo", "1", "--database", database, cwd=tmp_path).returncode == 0
    (event,) = [event for event in sync() if event["event"] in {"ended", "missing"}]
    assert (event["event"], event["what"], event["import_id"]) == ("missing", "undone", 1)
    assert execute(database, "SELECT COUNT(*) FROM numbers") == [(0,)]
    os.utime(path, (1_700_000_000, 1_700_000_000))
    assert any(event["event"] == "ended" for event in sync())
    assert execute(database, "SELECT COUNT(*) FROM numbers") == [(1000,)]


def test_counters_of_a_ledger_count_what_was_undone(database, tmp_path):
    from contextlib import closing

    from snapshots import locations
    from snapshots.ledger.history import History
    from snapshots.ledger.totals import states, totals

    load(database, numbers(tmp_path))
    target = locations.target(database)
    with closing(target.connect()) as session:
        before = totals(History(target, session))
        assert command("undo", "1", "--database", database, cwd=tmp_path).returncode == 0
        assert totals(History(target, session)) == before
        now = states(History(target, session))
    assert (now.imports, now.finished) == ({"undone": 1}, 1)
