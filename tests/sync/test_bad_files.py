"""Files that cannot be imported, and what becomes of files under every outcome."""

import gzip
import json
import os

import pytest

from tests.support.command import snapshots
from tests.support.sync_process import Service, WithoutRights, check, once, put, rows


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "data"
    path.mkdir()
    return path


def failed(database, cwd):
    """What the history says, by name."""
    done = snapshots("list", "--state", "failed", "--json", "--database", database, cwd=cwd)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {one["input"].rpartition("/")[2]: one["error"]["message"] for one in found}


def test_every_kind_of_bad_file(sqlite_url, folder, tmp_path):
    packed = gzip.compress(rows(0, 1000).encode())
    bad = {
        "empty.csv": b"",
        "blank.csv": b"\n\n\n",
        "binary.csv": bytes(range(256)) * 10,
        "image.csv": b"\x89PNG\r\n\x1a\n" + bytes(100),
        "latin.csv": "id,name\n1,Ma\u00f1ana\n".encode("latin-1"),
        "rejects.csv": b"id,name\n" + b"x,y,z\n" * 2000,
        "damaged.csv.gz": packed[:20] + bytes(100),
        "cut_off.csv.gz": packed[: len(packed) // 2],
        "secret.csv": rows(0, 1).encode(),
    }
    for name, data in bad.items():
        (folder / name).write_bytes(data)
    (folder / "secret.csv").chmod(0)
    (folder / "folder.csv").mkdir()
    os.mkfifo(folder / "pipe.csv")
    (folder / "gone.csv").symlink_to(tmp_path / "nowhere")
    with WithoutRights(sqlite_url, folder) as service:
        service.wait_refused(*bad)
        put(folder / "good.csv", 0, 10)
        service.wait_ended("good.csv")
        reasons = failed(sqlite_url, tmp_path)
        assert set(reasons) == set(bad)
        assert all(reasons.values())
        assert reasons["secret.csv"].endswith("This user may not read the file.")
        (folder / "secret.csv").chmod(0o600)
        os.utime(folder / "secret.csv")
        put(folder / "empty.csv", 100, 10)
        service.wait_ended("secret.csv", "empty.csv")
        assert service.terminate() == 0
    check(sqlite_url, set(range(10)), table="good")
    check(sqlite_url, set(range(100, 110)), table="empty")


def test_a_file_that_may_not_be_read_is_tried_again_when_it_may(sqlite_url, folder, tmp_path):
    """Neither its content nor its time changes by that."""
    (folder / "secret.csv").write_text(rows(0, 3))
    (folder / "secret.csv").chmod(0)
    with WithoutRights(sqlite_url, folder, "--table", "t") as service:
        service.wait_refused("secret.csv")
        (folder / "secret.csv").chmod(0o600)
        service.wait_ended("secret.csv")
        (folder / "secret.csv").chmod(0)
        (folder / "other.csv").write_text(rows(10, 3))
        (folder / "other.csv").chmod(0)
        service.wait_refused("other.csv")
        assert service.terminate() == 0
    assert set(failed(sqlite_url, tmp_path)) == {"secret.csv", "other.csv"}
    with WithoutRights(sqlite_url, folder, "--table", "t") as service:
        service.wait_refused("other.csv")
        (folder / "other.csv").chmod(0o600)
        service.wait_ended("other.csv")
        assert service.terminate() == 0
    history = snapshots("list", "--json", "--database", sqlite_url, cwd=tmp_path).stdout
    assert len(history.splitlines()) == 4, "two refusals, two imports"
    check(sqlite_url, {0, 1, 2, 10, 11, 12})


OUTCOMES = {
    "finished.csv": rows(0, 3),
    "with_rejects.csv": rows(10, 3) + "x,y,z\n",
    "the_same.csv": rows(0, 3),
    "failed.csv": "",
    "too_many.csv": rows(20, 1) + "x,y,z\n" * 2000,
}
STAY = ["failed.csv", "too_many.csv"]


@pytest.mark.parametrize("after", ["delete", "move"])
def test_only_what_is_accounted_for_goes(sqlite_url, folder, tmp_path, after):
    for name, text in OUTCOMES.items():
        (folder / name).write_text(text)
    way = f"move {tmp_path / 'done'}" if after == "move" else after
    code, said = once(sqlite_url, folder, "--after-import", way)
    assert code != 0
    outcomes = {
        one["path"].rpartition("/")[2]: one["outcome"] for one in said if one["event"] == "ended"
    }
    assert sorted(outcomes.values()) == ["already_imported", "finished", "finished"]
    assert sorted(path.name for path in folder.iterdir()) == STAY
    if after == "move":
        moved = sorted(path.name for path in (tmp_path / "done").iterdir())
        assert moved == sorted(set(OUTCOMES) - set(STAY))
        for name in moved:
            assert (tmp_path / "done" / name).read_text() == OUTCOMES[name]


def test_kept_files_all_stay(sqlite_url, folder):
    for name, text in OUTCOMES.items():
        (folder / name).write_text(text)
    once(sqlite_url, folder, "--after-import", "keep")
    assert {path.name: path.read_text() for path in folder.iterdir()} == OUTCOMES


@pytest.mark.parametrize("fault", ["before-commit:1", "after-commit:1"])
def test_killed_around_the_commit_a_file_goes_once_it_is_in(sqlite_url, folder, fault):
    options = ("--table", "t", "--after-import", "delete")
    (folder / "first.csv").write_text(rows(0, 3))
    once(sqlite_url, folder, *options)
    (folder / "second.csv").write_text(rows(10, 3))
    with Service(sqlite_url, folder, *options, SNAPSHOTS_FAULT=fault) as service:
        assert service.process.wait(timeout=300) == -9
    assert [path.name for path in folder.iterdir()] == ["second.csv"]
    assert once(sqlite_url, folder, *options)[0] == 0
    assert not list(folder.iterdir())
    check(sqlite_url, {0, 1, 2, 10, 11, 12})
