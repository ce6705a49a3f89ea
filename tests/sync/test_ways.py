"""Every way in which a file may come into a folder, on every target."""

import gzip
import shutil

import pytest

from tests.support.sync_process import Service, check, once, put, query, rows


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "data"
    path.mkdir()
    return path


def test_every_way_in(database, folder, tmp_path):
    (folder / "there.csv").write_text(rows(0, 10))
    with Service(database, folder, "--recursive", "--table", "t") as service:
        service.wait_ended("there.csv")
        (folder / "created.csv").write_text(rows(100, 10))
        put(folder / "moved.csv", 200, 10)
        (tmp_path / "elsewhere.csv").write_text(rows(300, 10))
        (tmp_path / "elsewhere.csv").rename(folder / "in.csv")
        (folder / "packed.csv.gz").write_bytes(gzip.compress(rows(400, 10).encode()))
        (folder / "sub" / "deeper").mkdir(parents=True)
        (folder / "sub" / "deeper" / "below.csv").write_text(rows(500, 10))
        with (folder / "slow.csv").open("w") as slow:
            slow.write(rows(600, 5))
            slow.flush()
            service.wait_ended("created.csv", "moved.csv", "in.csv", "packed.csv.gz", "below.csv")
            slow.write("".join(f"{n},late\n" for n in range(605, 610)))
        service.wait_ended("slow.csv")
        put(folder / "created.csv", 700, 10)
        service.wait_for(lambda: len(ended(service, "created.csv")) == 2)
        (folder / "moved.csv").rename(folder / "renamed.csv")
        shutil.copy(folder / "in.csv", folder / "copy.csv")
        service.wait_ended("renamed.csv", "copy.csv")
        for name in ("x.csv.part", ".hidden.csv", "~x.csv", "x.md", "x.csv~"):
            (folder / name).write_text(rows(9000, 1))
        (folder / "last.csv").write_text(rows(800, 10))
        service.wait_ended("last.csv")
        assert service.terminate() == 0
        slow_ones = ended(service, "slow.csv")
        assert [one["records"] for one in slow_ones] == [10], "it was read while it was written"
        edited = ended(service, "created.csv")
        assert edited[1]["replaces"] == edited[0]["import_id"]
        outcomes = {one["path"].rpartition("/")[2]: one["outcome"] for one in service.said("ended")}
    expected = {n + first for first in range(0, 900, 100) for n in range(10)}
    check(database, expected)
    assert outcomes["renamed.csv"] == outcomes["copy.csv"] == "already_imported"
    code, said = once(database, folder, "--recursive", "--table", "t")
    assert code == 0
    again = [one for one in said if one["event"] == "ended" and one["outcome"] == "finished"]
    assert again == []
    check(database, expected)


def ended(service, name):
    return [
        one
        for one in service.said("ended")
        if one["path"].endswith(f"/{name}") and one["outcome"] == "finished"
    ]


def test_bad_files_are_kept_in_the_history_and_tried_again(database, folder):
    (folder / "good.csv").write_text(rows(0, 10))
    (folder / "empty.csv").write_text("")
    (folder / "binary.csv").write_bytes(bytes(range(256)) * 10)
    with Service(database, folder, "--table", "t") as service:
        service.wait_ended("good.csv")
        (folder / "columns.csv").write_text("other,columns\n1,2\n")
        many = "".join(f"x{n},bad\n" for n in range(1100))
        (folder / "rejects.csv").write_text(f"id,name\n{many}")
        service.wait_refused("empty.csv", "binary.csv", "columns.csv", "rejects.csv")
        put(folder / "empty.csv", 100, 10)
        service.wait_ended("empty.csv")
        assert service.terminate() == 0
    failed = query(
        database, "SELECT input, error FROM snapshots_imports WHERE state = 'failed' ORDER BY input"
    )
    names = [name.rpartition("/")[2] for name, _ in failed]
    assert names == ["binary.csv", "columns.csv", "empty.csv", "rejects.csv"]
    assert all(error for _, error in failed)
    check(database, {*range(10), *range(100, 110)})
    code, said = once(database, folder, "--table", "t")
    assert (code, [one for one in said if one["event"] not in ("watching", "summary")]) == (0, [])


def test_polling_finds_them_too(sqlite_url, folder):
    with Service(sqlite_url, folder, "--poll", "0.2", "--table", "t") as service:
        service.wait_for(lambda: service.said("watching"))
        assert service.said("watching")[0]["by"] == "polling"
        (folder / "a.csv").write_text(rows(0, 10))
        service.wait_ended("a.csv")
        put(folder / "a.csv", 100, 10)
        service.wait_for(lambda: len(ended(service, "a.csv")) == 2)
        assert service.terminate() == 0
    check(sqlite_url, {*range(10), *range(100, 110)})


def test_two_services_share_a_folder(database, folder):
    for n in range(60):
        (folder / f"f{n}.csv").write_text(rows(100 * n, 5))
    options = ("--table", "t", "--after-import", "delete")
    with Service(database, folder, *options) as one, Service(database, folder, *options) as other:
        one.wait_for(lambda: not list(folder.glob("*.csv")))
        assert (one.terminate(), other.terminate()) == (0, 0)
    check(database, {100 * n + k for n in range(60) for k in range(5)})


def test_files_are_moved_or_deleted_once_they_are_accounted_for(sqlite_url, folder, tmp_path):
    (folder / "sub").mkdir()
    (folder / "a.csv").write_text(rows(0, 3))
    (folder / "sub" / "b.csv").write_text(rows(10, 3))
    (folder / "bad.csv").write_text("")
    done = tmp_path / "done"
    options = ("--recursive", "--table", "t", "--after-import")
    code, _ = once(sqlite_url, folder, *options, f"move {done}")
    assert code == 1
    assert sorted(str(path.relative_to(done)) for path in done.rglob("*.csv")) == [
        "a.csv",
        "sub/b.csv",
    ]
    (folder / "a.csv").write_text(rows(20, 3))
    once(sqlite_url, folder, *options, f"move {done}")
    assert (done / "a.1.csv").read_text() == rows(20, 3)
    (folder / "c.csv").write_text(rows(30, 3))
    once(sqlite_url, folder, *options, "delete")
    assert [path.name for path in folder.glob("*.csv")] == ["bad.csv"]
    check(sqlite_url, {base + n for base in (0, 10, 20, 30) for n in range(3)})


def test_a_folder_that_is_removed_and_made_again_is_watched_again(sqlite_url, folder):
    """By its events: a look at all of it would come too late for this test."""
    with Service(sqlite_url, folder, "--table", "t", "--rescan", "1000") as service:
        service.wait_for(lambda: service.said("watching"))
        for n in range(2):
            put(folder / f"a{n}.csv", 100 * n, 3)
            service.wait_ended(f"a{n}.csv")
            shutil.rmtree(folder)
            service.wait_for(lambda n=n: len(service.said("problem")) == n + 1)
            folder.mkdir()
            service.wait_for(lambda n=n: len(service.said("watching")) == n + 2)
        put(folder / "last.csv", 1000, 3)
        service.wait_ended("last.csv")
        assert service.terminate() == 0
    check(sqlite_url, {first + n for first in (0, 100, 1000) for n in range(3)})


def test_a_folder_that_is_moved_away_is_missed_and_the_next_is_watched(sqlite_url, folder):
    """No event tells of it, and the look at all of it would come too late for this test."""
    with Service(sqlite_url, folder, "--table", "t", "--rescan", "1000") as service:
        service.wait_for(lambda: service.said("watching"))
        folder.rename(folder.with_name("old"))
        service.wait_for(lambda: service.said("problem"))
        folder.mkdir()
        service.wait_for(lambda: len(service.said("watching")) == 2)
        put(folder / "a.csv", 0, 3)
        service.wait_ended("a.csv")
        folder.rename(folder.with_name("older"))
        folder.mkdir()
        put(folder / "b.csv", 100, 3)
        service.wait_ended("b.csv")
        assert service.terminate() == 0
    check(sqlite_url, {first + n for first in (0, 100) for n in range(3)})
