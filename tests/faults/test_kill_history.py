"""kill -9 at every step of publishing a version of a table with history: the table is that of
before or that of after, and who goes on publishes once."""

import os
import signal

import pytest

import snapshots
from snapshots import locations
from tests.faults.test_kill_publishing import FRESH, KINDS, loading
from tests.imports.history_tables import intervals, published, written
from tests.imports.test_replace import nothing_left
from tests.ledger.older import execute
from tests.support import snapshots_process
from tests.support.command import snapshots as command
from tests.support.processes import PATIENCE

NEWEST = ["publishing:1", "ended:1", "changed:1", "published:1", "finishing:1", "finished:1"]
BETWEEN = ["cut:1", "joined:1", "published:1", "finishing:1"]
CREATING = ["creating:1", "created:1", "history-table:1", "stage-marked:1"]
CASES = [
    *((step, "2024-01-01", []) for step in NEWEST),
    *((step, "2023-03-01", ["--out-of-order"]) for step in BETWEEN),
]


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def turn(number, request):
    return request.getfixturevalue(FRESH[KINDS[number % len(KINDS)]])


@pytest.mark.parametrize("number", range(len(CASES)))
def test_killed_while_it_publishes(number, request, tmp_path):
    database = turn(number, request)
    step, date, options = CASES[number]
    published(written(tmp_path / "1.csv", {1: "a", 2: "b", 3: "c"}), database, "2023-01-01")
    published(written(tmp_path / "2.csv", {1: "a", 2: "bb", 4: "d"}), database, "2023-06-03")
    path = written(tmp_path / "3.csv", {1: "x", 3: "c", 4: "d"})
    before = intervals(database)
    words = [
        "--mode", "history", "--as-of", date, "--max-deletes", "100%", *options,
    ]  # fmt: skip
    killed = loading(database, path, tmp_path / "state", words, step)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    between = intervals(database)
    done = loading(database, path, tmp_path / "state", words)
    after = intervals(database)
    assert done.returncode == (5 if step == "finished:1" else 0), done.stderr.decode()
    assert between == (after if step == "finished:1" else before)
    assert after != before
    record = snapshots.history(database)[-1]
    assert (record.state, record.inserted + record.updated + record.unchanged) == ("finished", 3)
    command("prune", "--database", database, cwd=tmp_path)
    nothing_left(database)


@pytest.mark.parametrize("number", range(len(CREATING)))
def test_killed_while_the_table_is_made(number, request, tmp_path):
    database = turn(number, request)
    path = written(tmp_path / "1.csv", {1: "a", 2: "b"})
    words = ["--mode", "history", "--primary-key", "id", "--as-of", "2023-01-01"]
    killed = loading(database, path, tmp_path / "state", words, CREATING[number])
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    done = loading(database, path, tmp_path / "state", words)
    assert done.returncode == 0, done.stderr.decode()
    assert [one[:2] for one in intervals(database)] == [(1, "a"), (2, "b")]
    last = written(tmp_path / "2.csv", {1: "a", 2: "bb"})
    assert published(last, database, "2023-06-03", contract=None).record.updated == 1


ADOPTING = ["adopting:1", "adopted:1", "history-table:1", "stage-marked:1", "published:1"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", ADOPTING)
def test_killed_while_an_empty_table_begins_its_history(kind, step, request, tmp_path):
    database = request.getfixturevalue(FRESH[kind])
    locations.target(database).connect().close()
    execute(database, "CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(20))")
    path = written(tmp_path / "1.csv", {1: "a", 2: "b"})
    words = ["--mode", "history", "--as-of", "2023-01-01"]
    killed = loading(database, path, tmp_path / "state", words, step)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    other = step == "adopted:1"
    if other:
        # Another file than the one that was killed goes on as well.
        path = written(tmp_path / "other.csv", {1: "a", 2: "b"})
    done = loading(database, path, tmp_path / "state", words)
    assert done.returncode == 0, done.stderr.decode()
    assert [one[:2] for one in intervals(database)] == [(1, "a"), (2, "b")]
    last = written(tmp_path / "2.csv", {1: "a", 2: "bb"})
    assert published(last, database, "2023-06-03", contract=None).record.updated == 1


@pytest.mark.parametrize("number", range(4))
def test_killed_while_it_is_undone(number, request, tmp_path):
    database = turn(number, request)
    step = ["undo-removed:1", "undo-restored:1", "undo-before-commit:1", "undone:1"][number]
    date = ["2024-01-01", "2023-03-01", "2023-06-03", "2023-03-01"][number]
    published(written(tmp_path / "1.csv", {1: "a", 2: "b", 3: "c"}), database, "2023-01-01")
    published(written(tmp_path / "2.csv", {1: "a", 2: "bb", 4: "d"}), database, "2023-06-03")
    before = intervals(database)
    last = written(tmp_path / "3.csv", {1: "x", 3: "c", 4: "d"})
    published(last, database, date, out_of_order=True)
    after = intervals(database)
    words = ["undo", "3", "--database", database]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SNAPSHOTS_")}
    state = {**clean, "SNAPSHOTS_STATE_DIR": str(tmp_path / "state")}
    killed = snapshots_process.run(words, env={**state, "SNAPSHOTS_FAULT": step}, timeout=PATIENCE)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert intervals(database) == (before if step == "undone:1" else after)
    done = snapshots_process.run(words, env=state, timeout=PATIENCE)
    assert (done.returncode == 0) == (step != "undone:1"), done.stderr.decode()
    assert intervals(database) == before
    command("prune", "--database", database, cwd=tmp_path)
    nothing_left(database)
