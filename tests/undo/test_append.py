"""Undoing an import that has added its rows to a table."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import snapshots
from snapshots.errors import (
    AlreadyUndone,
    Forbids,
    ImportBusy,
    NoSuchImport,
    SnapshotsError,
    UnaccountedRows,
)
from tests.support.command import objects
from tests.support.command import snapshots as command
from tests.support.processes import wait_for
from tests.verify.loaded import execute, load, numbers


def undo(database, import_id, **options):
    return snapshots.undo(import_id, database=database, **options)


def entry(database, import_id):
    return next(one for one in snapshots.history(database) if one.import_id == import_id)


def test_the_rows_of_one_import_leave_and_no_others(database, tmp_path):
    first = load(database, numbers(tmp_path, 1000, "a.csv"), chunk_size=2000)
    path = tmp_path / "b.csv"
    path.write_text("id,name\n" + "".join(f"{n},b{n}\n" for n in range(2000, 2300)) + "x,bad,9\n")
    second = load(database, path)
    execute(database, "INSERT INTO t (id, name, _import_id, _line) VALUES (9999, 'by hand', 0, 0)")
    execute(database, "DELETE FROM t WHERE id < 10")
    before = entry(database, first)

    report = undo(database, first, dry_run=True)
    assert (report.removed, report.loaded, report.dry_run, report.table) == (990, 1000, True, "t")
    assert entry(database, first) == before

    report = undo(database, first)
    assert (report.removed, report.dry_run) == (990, False)
    numbered = "SELECT _import_id, COUNT(*) FROM t GROUP BY _import_id ORDER BY COUNT(*)"
    assert execute(database, numbered) == [(0, 1), (second, 300)]
    after = entry(database, first)
    assert (after.state, after.removed) == ("undone", 990)
    assert after.undone_at > after.started_at
    counts = (after.records, after.loaded, after.rejected, after.skipped)
    assert counts == (before.records, before.loaded, before.rejected, before.skipped)
    assert after.content_hash == before.content_hash
    assert len(list(snapshots.rejects(second, database=database))) == 1
    chunks = "SELECT COUNT(*) > 1 FROM snapshots_chunks WHERE import_id = " + str(first)
    assert bool(execute(database, chunks)[0][0])

    with pytest.raises(AlreadyUndone) as raised:
        undo(database, first)
    assert raised.value.exit_code == 5


def test_its_input_is_loaded_again(database, tmp_path):
    path = numbers(tmp_path)
    first = load(database, path)
    assert snapshots.load(path, database=database, table="t").outcome == "already_imported"
    undo(database, first)
    second = load(database, path)
    assert second != first
    assert execute(database, "SELECT COUNT(*), COUNT(DISTINCT _import_id) FROM t") == [(1000, 1)]
    assert snapshots.load(path, database=database, table="t").outcome == "already_imported"
    with pytest.raises(SnapshotsError, match=f"mport {first} was undone"):
        snapshots.resume(first, database=database)


def test_an_import_that_was_stopped(database, tmp_path):
    path = numbers(tmp_path, 3000)
    assert process(database, path, "before-commit:3").wait(60) == -signal.SIGKILL
    ((import_id,),) = execute(database, "SELECT id FROM snapshots_imports")
    kept = execute(database, "SELECT COUNT(*) FROM t")[0][0]
    assert 0 < kept < 3000
    assert undo(database, import_id).removed == kept
    assert execute(database, "SELECT COUNT(*) FROM t") == [(0,)]
    assert entry(database, import_id).state == "undone"
    again = load(database, path)
    assert again != import_id
    assert execute(database, "SELECT COUNT(*) FROM t") == [(3000,)]


def test_an_import_that_runs_is_not_undone(database, tmp_path):
    path = numbers(tmp_path, 3000)
    running = process(database, path, "before-commit:3:stop")
    try:
        wait_for(lambda: stopped(running.pid))
        with pytest.raises(ImportBusy):
            undo(database, 1)
    finally:
        running.kill()
        running.wait()


def process(database, path, fault):
    """An import into `t`, with small chunks."""
    arguments = ("import", "--table", "t", "--chunk-size", "4000", "--database", database, path)
    return subprocess.Popen(
        [sys.executable, "-m", "snapshots", *map(str, arguments)],
        env={**os.environ, "SNAPSHOTS_FAULT": fault},
        stderr=subprocess.DEVNULL,
    )


def stopped(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "Tt"


def test_what_cannot_be_undone_is_refused_and_changes_nothing(database, tmp_path):
    path = numbers(tmp_path)
    with pytest.raises(NoSuchImport):
        undo(database, load(database, path) + 100)
    unmarked = snapshots.load(path, database=database, table="unmarked", lineage=False, again=True)
    with pytest.raises(Forbids, match="_import_id"):
        undo(database, unmarked.record.import_id)
    assert execute(database, "SELECT COUNT(*) FROM unmarked") == [(1000,)]
    gone = snapshots.load(path, database=database, table="gone", again=True)
    execute(database, "DROP TABLE gone")
    with pytest.raises(Forbids, match="gone"):
        undo(database, gone.record.import_id)
    # Rows that another ledger has loaded under the same number.
    execute(database, "INSERT INTO t (id, name, _import_id, _line) VALUES (1, 'x', 1, 99999)")
    with pytest.raises(UnaccountedRows):
        undo(database, 1)
    assert execute(database, "SELECT COUNT(*) FROM t") == [(1001,)]
    assert entry(database, 1).state == "finished"


def test_the_command(database, tmp_path):
    load(database, numbers(tmp_path))
    path = tmp_path / "numbers.csv"

    def run(*arguments):
        return command(*arguments, "--database", database, cwd=tmp_path)

    would = run("undo", "1", "--dry-run")
    assert (would.returncode, would.stderr) == (0, "")
    assert "import 1: 1,000 rows would be removed from t" in would.stdout
    done = run("undo", "1", "--json")
    assert done.returncode == 0, done.stderr
    (report,) = objects(done)
    assert (report["import_id"], report["removed"], report["dry_run"]) == (1, 1000, False)
    again = run("undo", "1")
    assert again.returncode == 5
    assert "mport 1 was undone" in again.stderr
    (listed,) = objects(run("list", "--json"))
    assert (listed["state"], listed["removed"], listed["loaded"]) == ("undone", 1000, 1000)
    assert "undone" in run("list").stdout
    assert objects(run("list", "--state", "undone", "--json")) == [listed]
    assert "undone" in run("show", "1").stdout
    file = run("list", str(path))
    assert ": imported" not in file.stdout
    assert run("verify", "1").returncode == 1
    assert run("resume", "1").returncode == 1


def test_the_head_of_a_file_that_has_grown_comes_last(database, tmp_path):
    path = numbers(tmp_path, 10)
    head = load(database, path)
    with path.open("a") as file:
        file.write("10,name 10\n11,name 11\n")
    tail = load(database, path)
    assert entry(database, tail).continues == head
    with pytest.raises(Forbids, match=f"mport {tail} loaded what its input gained"):
        undo(database, head)
    assert execute(database, "SELECT COUNT(*) FROM t") == [(12,)]
    assert undo(database, tail).removed == 2
    # The new part is loaded again, and no more of it.
    again = load(database, path)
    assert entry(database, again).continues == head
    assert execute(database, "SELECT COUNT(*), COUNT(DISTINCT id) FROM t") == [(12, 12)]
    assert (undo(database, again).removed, undo(database, head).removed) == (2, 10)
    assert execute(database, "SELECT COUNT(*) FROM t") == [(0,)]
    load(database, path)
    assert execute(database, "SELECT COUNT(*) FROM t") == [(12,)]
