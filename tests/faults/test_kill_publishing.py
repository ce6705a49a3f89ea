"""kill -9 at every step of staging and publishing, while readers look on: they see the rows of
before or those of after, and who goes on publishes once."""

import os
import signal
import subprocess
import threading
import time
from contextlib import closing

import pytest

import snapshots
from snapshots import locations
from tests.ledger.older import execute
from tests.support import snapshots_process
from tests.support.command import snapshots as command
from tests.support.processes import PATIENCE, go_on, held

ROWS = 3000
CHUNK = 4000
CHUNK_STEPS = [
    "before-claim:2",
    "after-claim:3",
    "mid-write:2",
    "before-commit:3",
    "after-commit:2",
]
STEPS = [
    "staging:1", "stage-marked:1", "staged:1", *CHUNK_STEPS,
    "before-finish:1", "publishing:1", "published:1", "finishing:1", "finished:1", "cleaning:1",
    "cleaned:1",
]  # fmt: skip
COPY_STEPS = ["undo-table-marked:1", "undo-table-made:1", "former-rows-kept:1", "deleted:1"]
RENAME_STEPS = [
    "stage-marked:1", "staged:1", "before-commit:3", "publishing:1", "renaming:1", "renamed:1",
    "published:1", "finishing:1", "finished:1", "cleaned:1",
]  # fmt: skip
REFUSED_STEPS = ["refused:1", "before-finish:2", "publishing:2"]
KINDS = ["postgres", "mysql", "sqlite"]
FRESH = {"postgres": "postgres_url", "mysql": "mysql_url", "sqlite": "sqlite_url"}


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


class Reader:
    """Looks at the table all the while, in transactions of its own."""

    def __init__(self, database):
        self.seen = set()
        self.first = None
        self._over = threading.Event()
        self._error = None
        self._target = locations.target(database)
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()
        assert self._error is None, self._error

    def _look(self):
        try:
            with closing(self._target.connect(create=False)) as session:
                while not self._over.is_set():
                    ((rows, total),) = session.execute(LOOK)
                    self.seen.add((int(rows), int(total)))
                    time.sleep(0.002)
        except BaseException as error:
            self._error = error


LOOK = "SELECT COUNT(*), SUM(id) FROM t"


def numbered(path, numbers):
    path.write_text("id,name\n" + "".join(f"{n},row {n}\n" for n in numbers))
    return path


def sums(database):
    ((rows, total),) = execute(database, LOOK)
    return int(rows), int(total)


def loading(database, path, state, options, fault=""):
    environment = {"SNAPSHOTS_STATE_DIR": str(state)}
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SNAPSHOTS_")}
    return snapshots_process.run(
        ["import", path, "--database", database, "--table", "t", "--chunk-size", CHUNK, *options],
        env={**clean, **environment, **({"SNAPSHOTS_FAULT": fault} if fault else {})},
        timeout=PATIENCE,
    )


def killed_and_gone_on(database, tmp_path, step, options, expected, after):
    """Kills an import at a step, and gives the same command again."""
    path, state = tmp_path / "new.csv", tmp_path / "state"
    before = sums(database)
    with Reader(database) as reader:
        killed = loading(database, path, state, options, step)
        assert killed.returncode == -signal.SIGKILL, (step, killed.stderr.decode())
        assert sums(database) in (before, after)
        done = loading(database, path, state, options)
        said = done.stdout.decode() + done.stderr.decode()
        published = step in ("finished:1", "cleaning:1", "cleaned:1")
        assert done.returncode == (5 if published else expected), said
    assert sums(database) == after
    assert reader.seen <= {before, after}, reader.seen
    (record,) = [one for one in snapshots.history(database) if one.import_id == 2]
    assert record.state == "finished"
    assert record.inserted == record.loaded
    assert record.records == record.loaded + record.rejected + record.skipped
    command("prune", "--database", database, cwd=tmp_path)
    nothing_left(database)
    return record


def nothing_left(database):
    target = locations.target(database)
    with closing(target.connect(create=False)) as session:
        assert [one.name for one in target.tables(session) if "stage" in one.name] == []
    assert execute(database, "SELECT id FROM snapshots_imports WHERE stage IS NOT NULL") == []


def database_of(request, number):
    return request.getfixturevalue(FRESH[KINDS[number % len(KINDS)]])


@pytest.mark.parametrize("step", STEPS)
def test_replacing(request, tmp_path, step):
    database = database_of(request, STEPS.index(step))
    old = numbered(tmp_path / "old.csv", range(1000, 4000))
    snapshots.load(old, database=database, table="t", lineage=STEPS.index(step) % 2 == 0)
    numbered(tmp_path / "new.csv", range(ROWS))
    after = (ROWS, sum(range(ROWS)))
    record = killed_and_gone_on(database, tmp_path, step, ["--mode", "replace"], 0, after)
    assert (record.inserted, record.deleted, record.kept) == (ROWS, 3000, 0)


def undone_again(database, before):
    """What the replacement has kept is still there, whatever step it was killed at."""
    assert snapshots.undo(2, database=database).restored == before[0]
    assert sums(database) == before


@pytest.mark.parametrize("step", COPY_STEPS)
def test_replacing_by_copying(request, tmp_path, step):
    database = database_of(request, COPY_STEPS.index(step))
    old = numbered(tmp_path / "old.csv", range(1000, 4000))
    snapshots.load(old, database=database, table="t")
    before = sums(database)
    numbered(tmp_path / "new.csv", range(ROWS))
    options = ["--mode", "replace", "--publish", "copy"]
    after = (ROWS, sum(range(ROWS)))
    record = killed_and_gone_on(database, tmp_path, step, options, 0, after)
    assert (record.deleted, record.publish) == (3000, "copy")
    undone_again(database, before)


@pytest.mark.parametrize(
    ("step", "kind"),
    [(step, kind) for step in RENAME_STEPS for kind in ("postgres", "mysql")]
    + [(step, "sqlite") for step in ("staged:1", "renaming:1", "renamed:1", "finishing:1")],
)
def test_replacing_by_renaming(request, tmp_path, step, kind):
    database = request.getfixturevalue(FRESH[kind])
    old = numbered(tmp_path / "old.csv", range(1000, 4000))
    snapshots.load(old, database=database, table="t", primary_key=("id",))
    before = sums(database)
    numbered(tmp_path / "new.csv", range(ROWS))
    options = ["--mode", "replace", "--publish", "rename"]
    after = (ROWS, sum(range(ROWS)))
    record = killed_and_gone_on(database, tmp_path, step, options, 0, after)
    assert (record.deleted, record.publish) == (3000, "rename")
    undone_again(database, before)


@pytest.mark.parametrize("step", STEPS)
def test_appending_at_once(request, tmp_path, step):
    database = database_of(request, STEPS.index(step) + 1)
    old = numbered(tmp_path / "old.csv", range(5))
    snapshots.load(old, database=database, table="t")
    numbered(tmp_path / "new.csv", range(ROWS))
    after = (ROWS + 5, sum(range(ROWS)) + 10)
    killed_and_gone_on(database, tmp_path, step, ["--atomic"], 0, after)


@pytest.mark.parametrize("step", REFUSED_STEPS)
def test_rows_that_the_table_refuses(request, tmp_path, step):
    database = database_of(request, REFUSED_STEPS.index(step))
    old = numbered(tmp_path / "old.csv", range(5))
    snapshots.load(old, database=database, table="t", primary_key=("id",))
    numbered(tmp_path / "new.csv", range(3, ROWS))
    after = (ROWS, sum(range(ROWS)))
    record = killed_and_gone_on(database, tmp_path, step, ["--atomic"], 3, after)
    assert (record.loaded, record.rejected) == (ROWS - 5, 2)
    lines = [one.line for one in snapshots.rejects(2, database=database)]
    assert lines == [2, 3]


@pytest.mark.parametrize(
    "step", ["renaming:1:stop", "renamed:1:stop", "finishing:1:stop", "finished:1:stop"]
)
def test_the_server_is_killed_while_it_publishes(own_server, tmp_path, step):
    database = own_server.url("away")
    snapshots.load(numbered(tmp_path / "old.csv", range(1000, 4000)), database=database, table="t")
    new = numbered(tmp_path / "new.csv", range(ROWS))
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SNAPSHOTS_")}
    process = snapshots_process.start(
        ["import", new, "--database", database, "--table", "t", "--mode", "replace"],
        env={**clean, "SNAPSHOTS_STATE_DIR": str(tmp_path / "state"), "SNAPSHOTS_FAULT": step},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    held(process)
    own_server.kill()
    own_server.start()
    go_on(process)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    assert sums(database) == (ROWS, sum(range(ROWS)))
    (record,) = [one for one in snapshots.history(database) if one.import_id == 2]
    assert (record.state, record.inserted, record.deleted) == ("finished", ROWS, 3000)
    command("prune", "--database", database, cwd=tmp_path)
    nothing_left(database)
