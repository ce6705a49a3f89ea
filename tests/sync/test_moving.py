"""A file is moved whole and once, whoever else moves it, whoever was killed, wherever it goes."""

import fcntl
import os
import shutil
import tempfile
import threading
from pathlib import Path

import pytest

from snapshots.errors import UsageError
from snapshots.sync.after_policy import AfterPolicy
from snapshots.sync.folder import WatchedFolder, look_at, within
from snapshots.sync.moving import move
from tests.support.command import snapshots
from tests.support.http_server import serving
from tests.support.recording_api import Api
from tests.support.sync_process import Service, check, once, put, rows

MOVERS = 4


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "data"
    path.mkdir()
    return path


@pytest.fixture
def elsewhere(tmp_path):
    """A folder on another file system."""
    shm = Path("/dev/shm")
    if not shm.is_dir() or shm.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("this machine has no second file system that may be written")
    path = Path(tempfile.mkdtemp(dir=shm))
    yield path
    shutil.rmtree(path)


@pytest.fixture(params=["here", "elsewhere"])
def done(request, tmp_path):
    return (
        request.getfixturevalue("elsewhere") if request.param == "elsewhere" else tmp_path
    ) / "x"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_name_that_is_taken_gets_a_number(folder, done):
    done.mkdir()
    (done / "a.csv.gz").write_text("another")
    (folder / "a.csv.gz").write_text("this one")
    os.utime(folder / "a.csv.gz", (1, 1))
    assert move(look_at(str(folder / "a.csv.gz")), done / "a.csv.gz") == str(done / "a.1.csv.gz")
    assert (done / "a.1.csv.gz").read_text() == "this one"
    assert (done / "a.1.csv.gz").stat().st_mtime == 1
    assert names(done) == ["a.1.csv.gz", "a.csv.gz"]
    assert not names(folder)


def test_several_that_move_one_file_move_it_once(folder, done):
    """As two services do that share a folder."""
    (folder / "a.csv").write_bytes(os.urandom(8 << 20))
    content = (folder / "a.csv").read_bytes()
    after, file = AfterPolicy(to=done), look_at(str(folder / "a.csv"))
    threads = [
        threading.Thread(target=after.apply, args=(file, WatchedFolder(str(folder))))
        for _ in range(MOVERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names(done) == ["a.csv"]
    assert (done / "a.csv").read_bytes() == content
    assert not names(folder)


def test_a_move_that_was_killed_before_the_old_name_went(folder, tmp_path):
    (folder / "a.csv").write_text("id\n")
    (tmp_path / "done").mkdir()
    (tmp_path / "done" / "a.csv").hardlink_to(folder / "a.csv")
    move(look_at(str(folder / "a.csv")), tmp_path / "done" / "a.csv")
    assert names(tmp_path / "done") == ["a.csv"]
    assert not names(folder)


def test_a_copy_that_was_killed_is_begun_anew(folder, elsewhere):
    (folder / "a.csv").write_text("id\n")
    (elsewhere / "a.csv.part").write_text("something longer than that")
    move(look_at(str(folder / "a.csv")), elsewhere / "a.csv")
    assert names(elsewhere) == ["a.csv"]
    assert (elsewhere / "a.csv").read_text() == "id\n"


def test_a_copy_that_another_makes_is_left_to_him(folder, elsewhere):
    (folder / "a.csv").write_text("id\n")
    with (elsewhere / "a.csv.part").open("w") as part:
        fcntl.flock(part, fcntl.LOCK_EX)
        assert move(look_at(str(folder / "a.csv")), elsewhere / "a.csv") is None
    assert names(folder) == ["a.csv"]


def test_a_move_that_takes_long_keeps_no_other_file_waiting(sqlite_url, folder, elsewhere):
    """It waits at a pipe that nobody reads, as at a slow disk."""
    put(folder / "a.csv", 0, 10)
    once(sqlite_url, folder, "--table", "t")
    os.mkfifo(elsewhere / "a.csv.part")
    options = ("--table", "t", "--after-import", f"move {elsewhere}")
    with Service(sqlite_url, folder, *options) as service:
        service.wait_for(lambda: service.said("watching"))
        put(folder / "b.csv", 100, 10)
        service.wait_ended("b.csv")
        assert names(folder) == ["a.csv"], "the pipe has held nothing up"
        assert service.terminate() == 0
    (elsewhere / "a.csv.part").unlink()
    assert once(sqlite_url, folder, *options)[0] == 0
    assert names(elsewhere) == ["a.csv", "b.csv"]
    assert not names(folder)
    check(sqlite_url, {*range(10), *range(100, 110)})


@pytest.mark.parametrize("way", ["move", "delete"])
def test_what_an_earlier_pass_imported_goes_too_and_that_is_said(sqlite_url, folder, tmp_path, way):
    put(folder / "a.csv", 0, 10)
    _, said = once(sqlite_url, folder)
    (number,) = [one["import_id"] for one in said if one["event"] == "ended"]
    done = tmp_path / "done"
    after = ("--after-import", f"move {done}" if way == "move" else way)
    code, said = once(sqlite_url, folder, *after, "--log-format", "json")
    assert (code, names(folder)) == (0, [])
    told = {"import_id": number, "then": str(done / "a.csv") if way == "move" else "deleted"}
    (event,) = [one for one in said if one["event"] == "settled"]
    assert event == {"event": "settled", "path": str(folder / "a.csv"), **told}
    (line,) = [one for one in said if one["event"] == "file_settled"]
    assert line.items() >= {"level": "info", "input": str(folder / "a.csv"), **told}.items()


def test_what_was_only_sent_to_an_api_is_imported_before_it_goes(sqlite_url, folder):
    put(folder / "a.csv", 0, 3)
    with serving(Api()) as api:
        to = ("--to", f"{api.url}/rows", "--database", sqlite_url)
        assert snapshots("send", folder / "a.csv", *to, cwd=folder.parent).returncode == 0
    code, said = once(sqlite_url, folder, "--table", "t", "--after-import", "delete")
    assert [one["outcome"] for one in said if one["event"] == "ended"] == ["finished"]
    assert (code, names(folder)) == (0, [])
    check(sqlite_url, set(range(3)))


def test_a_folder_to_move_to_is_known_by_any_name(sqlite_url, folder, tmp_path):
    """What is moved there is not found again."""
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "other").mkdir()
    put(folder / "a.csv", 0, 3)
    watched = folder.parent / "other" / ".." / "data"
    to = f"move {tmp_path / 'link' / 'done'}"
    for _ in range(2):
        code, said = once(sqlite_url, watched, "--recursive", "--after-import", to)
        assert code == 0
    assert names(folder / "done") == ["a.csv"]
    assert [one["event"] for one in said] == ["watching", "summary"]
    assert said[0]["folder"] == str(folder)


def test_where_the_folder_to_move_to_may_lie(folder):
    assert within(folder / "sub" / "done", str(folder)) == str(folder / "sub" / "done")
    assert within(folder.parent, str(folder)) is None
    with pytest.raises(UsageError):
        within(folder / "sub" / "..", str(folder))


def test_files_may_be_moved_to_the_folder_above(sqlite_url, folder):
    (folder / "a.csv").write_text(rows(0, 3))
    assert once(sqlite_url, folder, "--after-import", f"move {folder.parent}")[0] == 0
    assert (folder.parent / "a.csv").read_text() == rows(0, 3)
    assert not names(folder)
