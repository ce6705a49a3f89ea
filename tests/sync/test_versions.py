"""A folder whose files are versions of tables."""

import os

import snapshots
from tests.ledger.older import execute
from tests.support.command import snapshots as command


def put(folder, name, ids, changed):
    path = folder / name
    path.write_text("id\n" + "".join(f"{n}\n" for n in ids))
    os.utime(path, (changed, changed))


def synced(database, tmp_path, mode="replace", *options):
    return command(
        "sync", "--once", "--data-dir", "data", "--database", database, "--mode", mode,
        "--settle", "0", *options, cwd=tmp_path,
    )  # fmt: skip


def test_files_go_by_their_dates_and_a_late_one_replaces_nothing(database, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    put(folder, "t_20240301.csv", [3, 33, 333], 1_700_000_000)
    put(folder, "t_20240101.csv", [1, 11, 111], 1_700_000_200)
    put(folder, "t_20240201.csv", [2, 22, 222], 1_700_000_100)
    done = synced(database, tmp_path)
    assert done.returncode == 0, done.stderr
    dates = [one.as_of[:10] for one in snapshots.history(database)]
    assert dates == ["2024-01-01", "2024-02-01", "2024-03-01"]
    assert execute(database, "SELECT id FROM t ORDER BY 1") == [(3,), (33,), (333,)]
    put(folder, "t_20240215.csv", [4, 44, 444], 1_700_000_300)
    put(folder, "u.csv", [9], 1_700_000_400)
    late = synced(database, tmp_path)
    assert late.returncode == 1, late.stderr
    assert "has a newer version, of 2024-03-01" in late.stderr + late.stdout
    assert execute(database, "SELECT id FROM t ORDER BY 1") == [(3,), (33,), (333,)]
    assert execute(database, "SELECT id FROM u") == [(9,)]
    assert synced(database, tmp_path).returncode == 0


def test_nobody_is_told_that_rows_stay_which_were_replaced(database, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    put(folder, "t.csv", [1, 2], 1_700_000_000)
    assert synced(database, tmp_path).returncode == 0
    put(folder, "t.csv", [2, 3, 4], 1_700_000_100)
    done = synced(database, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2  deleted" in done.stdout
    assert " stay" not in done.stdout + done.stderr
    newest = max(snapshots.history(database), key=lambda one: one.import_id)
    assert (newest.replaces, newest.replaced_rows, newest.deleted) == (1, None, 2)


def test_old_rows_are_told_once(database, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    append = ("sync", "--once", "--data-dir", "data", "--database", database, "--settle", "0")
    put(folder, "t.csv", [1, 2], 1_700_000_000)
    assert command(*append, cwd=tmp_path).returncode == 0
    put(folder, "t.csv", [2, 3, 4], 1_700_000_100)
    done = command(*append, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2  rows of import 1 stay: an earlier version of this input" in done.stdout
    assert (done.stdout + done.stderr).count(" stay") == 1


def put_named(folder, name, rows, changed):
    path = folder / name
    path.write_text("id,name\n" + "".join(f"{n},{text}\n" for n, text in rows))
    os.utime(path, (changed, changed))


def test_files_are_merged_by_key_in_the_order_of_their_dates(database, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    put_named(folder, "t_20240201.csv", [(2, "bb"), (3, "c"), (3, "cc")], 1_700_000_000)
    put_named(folder, "t_20240101.csv", [(1, "a"), (2, "b")], 1_700_000_200)
    options = ("--primary-key", "id", "--duplicates", "last")
    done = synced(database, tmp_path, "upsert", *options)
    assert done.returncode == 0, done.stderr
    found = "SELECT id, name FROM t ORDER BY 1"
    assert execute(database, found) == [(1, "a"), (2, "bb"), (3, "cc")]
    assert "1  skipped: duplicate_key" in done.stdout
    assert "1  updated" in done.stdout
    # Nothing is to do, and an undone file is left alone.
    newest = max(one.import_id for one in snapshots.history(database))
    assert snapshots.undo(newest, database=database).removed == 1
    assert synced(database, tmp_path, "upsert", *options).returncode == 0
    assert execute(database, found) == [(1, "a"), (2, "b")]


def test_a_mirrored_folder_deletes_what_the_newest_file_lacks(database, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    put_named(folder, "t_20240101.csv", [(1, "a"), (2, "b"), (3, "c")], 1_700_000_000)
    assert synced(database, tmp_path, "mirror", "--primary-key", "id").returncode == 0
    put_named(folder, "t_20240201.csv", [(2, "bb"), (3, "c"), (4, "d")], 1_700_000_100)
    done = synced(database, tmp_path, "mirror", "--primary-key", "id")
    assert done.returncode == 0, done.stderr
    newest = max(snapshots.history(database), key=lambda one: one.import_id)
    counted = (newest.inserted, newest.updated, newest.unchanged, newest.deleted, newest.kept)
    assert counted == (1, 1, 1, 1, 0)
    put_named(folder, "t_20240115.csv", [(9, "late")], 1_700_000_300)
    late = synced(database, tmp_path, "mirror", "--primary-key", "id")
    assert late.returncode == 1, late.stderr
    assert "has a newer version, of 2024-02-01" in late.stderr + late.stdout
    found = execute(database, "SELECT id, name FROM t ORDER BY 1")
    assert found == [(2, "bb"), (3, "c"), (4, "d")]
