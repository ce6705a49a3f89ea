"""The same bytes again, in modes with versions: already imported, or another version."""

import os
import time

import pytest

import snapshots
from tests.ledger.older import execute
from tests.support.command import snapshots as command


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def file_of(folder, name, *ids):
    path = folder / name
    path.write_text("id\n" + "".join(f"{n}\n" for n in ids))
    return path


def replace(database, path, **options):
    return snapshots.load(
        path, database=database, table="t", mode="replace", max_deletes="100%", **options
    )


def held(database):
    return [row[0] for row in execute(database, "SELECT id FROM t ORDER BY 1")]


def test_undated_files(database, tmp_path):
    a, b = file_of(tmp_path, "a.csv", 1, 2), file_of(tmp_path, "b.csv", 3)
    assert replace(database, a).exit_code == 0
    again = replace(database, a)
    assert (again.exit_code, again.outcome) == (5, "already_imported")
    assert "superseded" not in again.message
    assert replace(database, b).exit_code == 0
    late = replace(database, a)
    assert late.exit_code == 5
    assert "It is superseded by import 2." in late.message
    assert held(database) == [3]
    assert replace(database, a, again=True).exit_code == 0
    assert held(database) == [1, 2]
    assert "superseded by import 3" in replace(database, b).message
    assert replace(database, b, as_of="2099-01-01").exit_code == 0
    assert held(database) == [3]


def test_dated_files(database, tmp_path):
    first = file_of(tmp_path, "a_20240101.csv", 1, 2)
    assert replace(database, first).exit_code == 0
    assert replace(database, first, as_of="2024-03-01").exit_code == 0
    # The first date is that of an earlier publish, even if a later one had the same bytes.
    known = replace(database, first)
    assert known.exit_code == 5
    assert "imported as 1 " in known.message
    assert "superseded by import 2" in known.message
    assert replace(database, first, as_of="2024-03-01").exit_code == 5
    assert replace(database, first, as_of="2024-02-01").exit_code == 1
    moved = file_of(tmp_path, "a_20240401.csv", 1, 2)
    assert replace(database, moved).exit_code == 0


def test_a_version_that_was_undone_is_loaded_again(database, tmp_path):
    a, b = file_of(tmp_path, "a.csv", 1, 2), file_of(tmp_path, "b.csv", 3)
    assert replace(database, a).exit_code == 0
    assert replace(database, b).exit_code == 0
    snapshots.undo(2, database=database)
    assert held(database) == [1, 2]
    assert "superseded" not in replace(database, a).message
    done = replace(database, b)
    assert (done.exit_code, done.record.import_id) == (0, 3)
    assert held(database) == [3]


def test_sync_takes_an_undated_file_again_once_it_is_touched(database, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    a = file_of(folder, "t.csv", 1, 2)

    def synced():
        done = command(
            "sync", "--once", "--data-dir", "data", "--database", database, "--mode", "replace",
            "--settle", "0", "--max-deletes", "100%", cwd=tmp_path,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    past = time.time() - 10_000
    os.utime(a, (past, past))
    synced()
    file_of(folder, "t.csv", 3)
    os.utime(a, (past + 10, past + 10))
    synced()
    assert held(database) == [3]
    file_of(folder, "t.csv", 1, 2)
    os.utime(a, (past + 20, past + 20))
    assert "superseded by import 2" in synced()
    assert held(database) == [3]
    later = time.time() + 10
    os.utime(a, (later, later))
    synced()
    assert held(database) == [1, 2]
