"""Sending the rejects of a delivery by key again: the API gets each change once, and the ledger
knows what it has."""

import csv
import os
import signal

import pytest

import snapshots
from tests.repair.files import balanced, edited, entry, exported, written
from tests.support import snapshots_process
from tests.support.command import snapshots as command
from tests.support.http_server import serving
from tests.support.processes import PATIENCE
from tests.support.row_store import RowStore

SCHEMA = {"fields": [{"name": "id", "type": "integer"}, {"name": "name"}]}


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def sent(database, folder, running, rows, **more):
    path = folder / "a.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("id", "name"), *rows])
    options = {"contract": SCHEMA, "key": ("id",), "max_rejects": "100%", "batch": 2, **more}
    result = snapshots.send(str(path), f"{running.url}/rows", database=database, **options)
    assert result.outcome == "finished", result
    return result


FIRST = [(1, "a"), (2, "b"), (3, "c")]
SECOND = [(1, "A"), (2, "b"), ("x", "d"), (4, "e"), (5, "f"), (1, "twin")]
"""Line 2 changes, line 4 breaks the contract, 5 and 6 are new, and 7 has the key of line 2."""


def test_what_was_refused_is_new_or_has_changed(database, tmp_path):
    api = RowStore()
    run = ("--database", database)
    with serving(api) as running:
        sent(database, tmp_path, running, FIRST)
        api.refuses = lambda row: row["name"] in ("A", "e")
        second = sent(database, tmp_path, running, SECOND)
        assert second.rejects_by_code == {
            "refused_by_target": 2, "not_an_integer": 1, "duplicate_key": 1,
        }  # fmt: skip
        api.taken()
        api.refuses = lambda row: False
        done = command("resend", "2", *run, cwd=tmp_path)
        assert done.returncode == 3, done.stdout + done.stderr
        assert sorted(api.taken()) == [("POST", 4), ("PUT", 1)]
        path = written(tmp_path, edited(exported(database, tmp_path, 2), {4: {"id": "6"}}))
        done = command("resend", "2", str(path), *run, cwd=tmp_path)
        assert done.returncode == 3, done.stdout + done.stderr
        assert api.taken() == [("POST", 6)]
        balanced(database)
        assert entry(database, 2).open == 1
        # The ledger knows all of it: the corrected file holds nothing new.
        rows = [(1, "A"), (2, "b"), (6, "d"), (4, "e"), (5, "f")]
        third = sent(database, tmp_path, running, rows, deletes=True)
        assert (third.skipped_by_code, api.taken()) == ({"unchanged": 5}, [("DELETE", 3)])
        for number, why in ((2, "Delivery 3 has sent later rows"), (4, "has sent deletes")):
            done = command("resend", number, *run, cwd=tmp_path)
            assert (done.returncode, why in done.stderr) == (1, True), done.stderr


def test_a_correction_to_what_the_api_has_is_not_sent(sqlite_url, tmp_path):
    with serving(RowStore()) as running:
        sent(sqlite_url, tmp_path, running, [(1, "a"), ("x", "a")])
        running.handler.taken()
        rows = edited(exported(sqlite_url, tmp_path), {3: {"id": "1"}})
        done = command("resend", "1", str(written(tmp_path, rows)), "--database", sqlite_url,
                       cwd=tmp_path)  # fmt: skip
        assert "Line 2 has the same key" in done.stdout, done.stdout
        assert running.handler.taken() == []


def test_what_the_api_refuses_again_gets_another_key(sqlite_url, tmp_path):
    keys = []
    api = RowStore()

    def refuses(row):
        return row["id"] == 2

    api.refuses = refuses
    with serving(api) as running:
        noted = api.on_request

        def on_request(request, connection):
            keys.append(request.key)
            return noted(request, connection)

        api.on_request = on_request
        sent(sqlite_url, tmp_path, running, [(2, "b")])
        for _ in range(2):
            command("resend", "1", "--database", sqlite_url, cwd=tmp_path)
        api.refuses = lambda row: False
        done = command("resend", "1", "--database", sqlite_url, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
    assert len(set(keys)) == len(keys) == 4
    assert api.rows == {2: {"id": 2, "name": "b"}}


@pytest.mark.parametrize(
    "step", ["compared", "resend-sent", "replay-begun", "replay-before-commit", "replay-committed"]
)
@pytest.mark.parametrize("next_", ["resend", "send"])
def test_killed_whoever_sends_next_uses_the_same_keys(sqlite_url, tmp_path, step, next_):
    api = RowStore()
    with serving(api) as running:
        api.refuses = lambda row: row["id"] in (2, 4)
        sent(sqlite_url, tmp_path, running, [(1, "a"), (2, "b"), (4, "d")])
        api.refuses = lambda row: False
        api.requests.clear()
        clean = {k: v for k, v in os.environ.items() if not k.startswith("SNAPSHOTS_")}
        state = {"SNAPSHOTS_STATE_DIR": str(tmp_path / "state")}
        run = ["resend", "1", "--database", sqlite_url]
        killed = snapshots_process.run(
            run, env={**clean, **state, "SNAPSHOTS_FAULT": f"{step}:1"}, timeout=PATIENCE
        )
        assert killed.returncode == -signal.SIGKILL
        balanced(sqlite_url)
        if next_ == "resend":
            done = snapshots_process.run(run, env={**clean, **state}, timeout=PATIENCE)
            assert done.returncode == 0, done.stderr
        else:
            sent(sqlite_url, tmp_path, running, [(1, "a"), (2, "b"), (4, "d"), (5, "e")], batch=1)
        assert all(len(keys) == 1 for keys in api.keys().values()), api.keys()
        assert {2, 4} <= set(api.rows)
