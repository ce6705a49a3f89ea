"""Sending the rejects of a delivery again: as they are, corrected, with the same keys if killed."""

import os
import signal

import pytest

import snapshots
from tests.repair.files import balanced, edited, entry, exported, written
from tests.support import snapshots_process
from tests.support.command import snapshots as command
from tests.support.http_server import serving
from tests.support.processes import PATIENCE
from tests.support.recording_api import Api


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def refusing(*ids):
    return lambda row: 422 if row["id"] in ids else 201


def sent(database, folder, running, text="id,name\n1,a\n2,b\n3\n4,d\n"):
    path = folder / "a.csv"
    path.write_text(text)
    result = snapshots.send(
        str(path), f"{running.url}/rows", database=database, max_rejects=100, all_text=True
    )
    assert result.outcome == "finished", result
    return result


def test_after_the_api_was_mended(database, tmp_path):
    api = Api(refusing("2", "4"))
    with serving(api) as running:
        assert sent(database, tmp_path, running).counts.rejected == 3
        before = {one.headers["idempotency-key"] for one, _ in api.requests}
        run = ("--database", database)
        done = command("replay", "1", *run, cwd=tmp_path)
        assert (done.returncode, "snapshots resend 1" in done.stderr) == (1, True)
        api.status = refusing("4")
        done = command("resend", "1", *run, cwd=tmp_path)
        assert done.returncode == 3, done.stderr
        assert "delivery 1: 1 reject sent to" in done.stdout
        assert [row["id"] for row in api.rows] == ["1", "2"]
        balanced(database)
        one = entry(database)
        assert (one.loaded, one.rejected, one.corrected, one.open) == (2, 2, 1, 2)
        rows = exported(database, tmp_path)
        changes = {4: {"id": "3", "name": "c", "_record": ""}, 5: {"id": "44"}}
        path = written(tmp_path, edited(rows, changes))
        done = command("resend", "1", str(path), *run, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        assert [row["id"] for row in api.rows] == ["1", "2", "3", "44"]
        keys = [one.headers["idempotency-key"] for one, _ in api.requests]
        # After a refusal a record gets another key, and so does an edited one.
        assert len(set(keys)) == len(keys) == 7
        assert before < set(keys)
        done = command("resend", "1", str(path), *run, cwd=tmp_path)
        assert (done.returncode, "2  loaded before" in done.stdout) == (0, True), done.stdout
        assert len(api.rows) == 4
    balanced(database)


@pytest.mark.parametrize(
    "step", ["resend-sent", "replay-begun", "replay-before-commit", "replay-committed"]
)
def test_killed_and_given_again(sqlite_url, tmp_path, step):
    api = Api(refusing("2", "4"))
    with serving(api) as running:
        sent(sqlite_url, tmp_path, running)
        api.status = refusing()
        api.requests.clear()
        clean = {k: v for k, v in os.environ.items() if not k.startswith("SNAPSHOTS_")}
        state = {"SNAPSHOTS_STATE_DIR": str(tmp_path / "state")}
        run = ["resend", "1", "--code", "refused_by_target", "--database", sqlite_url]
        killed = snapshots_process.run(
            run, env={**clean, **state, "SNAPSHOTS_FAULT": f"{step}:1"}, timeout=PATIENCE
        )
        assert killed.returncode == -signal.SIGKILL
        balanced(sqlite_url)
        done = snapshots_process.run(run, env={**clean, **state}, timeout=PATIENCE)
        assert done.returncode == 3, done.stderr
        # Sent twice at most, and then with the same keys.
        assert len({one.headers["idempotency-key"] for one, _ in api.requests}) == 2
        assert {row["id"] for row in api.rows} == {"2", "4"}
    one = entry(sqlite_url)
    assert (one.loaded, one.rejected, one.open) == (3, 1, 1)


def test_an_api_that_gives_no_answer(sqlite_url, tmp_path):
    with serving(Api(refusing("2", "4"))) as running:
        sent(sqlite_url, tmp_path, running)
    done = command(
        "resend", "1", "--to", "http://127.0.0.1:9/", "--retry-seconds", "0", "--database",
        sqlite_url, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 6, done.stderr
    assert entry(sqlite_url).open == 3
    with serving(Api()) as running:
        done = command(
            "resend", "1", "--to", f"{running.url}/x", "--database", sqlite_url, cwd=tmp_path
        )
        assert done.returncode == 3
    assert entry(sqlite_url).open == 1
    balanced(sqlite_url)
