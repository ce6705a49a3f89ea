"""What sync says at its end, however it ends."""

import signal

import pytest

from tests.support.command import snapshots as command
from tests.support.processes import go_on, held
from tests.support.sync_process import Service, once, put, query, rows


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "data"
    path.mkdir()
    return path


def summary(said):
    (last,) = [one for one in said if one["event"] == "summary"]
    assert said[-1] == last, "nothing comes after it"
    assert last["records"] == last["loaded"] + last["rejected"] + last["skipped"]
    assert last.pop("seconds") > 0
    assert not last.pop("dry_run")
    del last["event"]
    return {name: number for name, number in last.items() if number}


def test_a_single_pass(database, folder):
    put(folder / "a.csv", 0, 3)
    (folder / "bad.csv").write_text(rows(10, 3) + "x\n\n")
    (folder / "copy.csv").write_text(rows(0, 3))
    (folder / "empty.csv").touch()
    (folder / "other.md").touch()
    code, said = once(database, folder, "--table", "t")
    assert code == 1
    assert summary(said) == {
        "imported": 2, "with_rejects": 1, "already_imported": 1, "failed": 1, "ignored": 1,
        "records": 8, "loaded": 6, "rejected": 1, "skipped": 1,
    }  # fmt: skip
    assert query(database, "SELECT COUNT(*) FROM t") in ([(6,)], [[6]])
    code, said = once(database, folder, "--table", "t")
    assert summary(said) == {"already_imported": 3, "failed_before": 1, "ignored": 1}


def test_for_people(sqlite_url, folder, tmp_path):
    put(folder / "a.csv", 0, 1000)
    (folder / "notes.md").touch()
    sync = ("sync", "data", "--once", "--settle", "0.1", "--database", sqlite_url)
    done = command(*sync, cwd=tmp_path)
    assert "notes.md: ignored: its name does not match *.csv, *.tsv, *.txt, " in done.stderr
    last = done.stdout.splitlines()[-1]
    assert last.startswith(
        "sync: 1 file imported, 1 ignored; 1,000 records = 1,000 loaded + 0 rejected + 0 skipped, "
    )
    again = command(*sync, cwd=tmp_path)
    assert again.stdout.startswith("sync: 0 files imported, 1 already imported, 1 ignored; ")
    logged = command(*sync, "--log-format", "json", cwd=tmp_path)
    assert logged.stdout == ""
    assert '"event": "sync_ended"' in logged.stderr
    assert '"event": "file_ignored"' in logged.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_after_a_signal(database, folder, number, code):
    put(folder / "a.csv", 0, 3)
    with Service(database, folder, "--table", "t") as service:
        service.wait_ended("a.csv")
        service.process.send_signal(number)
        assert service.process.wait(60) == code
        assert summary(service.said()) == {"imported": 1, "records": 3, "loaded": 3}


def test_a_signal_in_the_middle_of_a_file(database, folder):
    """It is not finished then; the next run says that it is imported."""
    put(folder / "a.csv", 0, 50_000)
    options = ("--table", "t", "--chunk-size", "16KB")
    fault = {"SNAPSHOTS_FAULT": "after-commit:3:stop"}
    with Service(database, folder, *options, **fault) as service:
        held(service.process)
        service.process.send_signal(signal.SIGTERM)
        go_on(service.process)
        assert service.process.wait(60) == 0
        assert summary(service.said()) == {"unfinished": 1}
    _, said = once(database, folder, *options)
    assert summary(said) == {"imported": 1, "records": 50_000, "loaded": 50_000}


def test_the_folder_may_be_named_like_that_of_an_import(sqlite_url, folder, tmp_path):
    put(folder / "a.csv", 0, 3)
    twice = command("sync", "data", "--data-dir", "data", "--once", cwd=tmp_path)
    assert twice.returncode == 2
    assert "twice" in twice.stderr
    named = command(
        "sync", "data", "--once", "--settle", "0.1", "--database", sqlite_url, cwd=tmp_path,
        SNAPSHOTS_DATA_DIR="elsewhere",
    )  # fmt: skip
    assert named.returncode == 0, named.stderr
    file = command("sync", "data/a.csv", "--once", "--database", sqlite_url, cwd=tmp_path)
    assert file.returncode == 1
    assert "snapshots import data/a.csv" in file.stderr


def test_a_limit_holds_for_each_file(database, folder):
    put(folder / "a.csv", 0, 30)
    put(folder / "b.csv", 100, 30)
    for _ in range(2):
        code, said = once(database, folder, "--table", "t", "--limit", "10")
        assert code == 0
        assert [one["outcome"] for one in said if one["event"] == "ended"] == ["limited"] * 2
    assert [tuple(row) for row in query(database, "SELECT COUNT(*) FROM t")] == [(20,)]
    _, said = once(database, folder, "--table", "t")
    assert summary(said)["loaded"] == 60


def test_a_dry_run_writes_nothing(folder, tmp_path):
    put(folder / "a.csv", 0, 3)
    (folder / "empty.csv").touch()
    database = tmp_path / "none.db"
    sync = ("sync", "data", "--settle", "0.1", "--database", f"sqlite:///{database}", "--dry-run",
            "--after-import", "delete")  # fmt: skip
    done = command(*sync, "--once", cwd=tmp_path)
    assert done.returncode == 1
    assert "sync: 1 file checked, nothing written, 1 failed; 3 records = 3 loaded" in done.stdout
    assert not database.exists()
    assert (folder / "a.csv").exists()
    endless = command(*sync, cwd=tmp_path)
    assert endless.returncode == 2
    assert "--once" in endless.stderr
