"""A hint fits what is really there."""

import pytest

from snapshots.file_hints import advice, blocking_file, missing_folder
from tests.support.command import snapshots


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.csv").write_text("id\n1\n")
    (tmp_path / "a_file").write_text("text")
    return tmp_path


@pytest.mark.parametrize("below", ["a_file/x.db", "a_file/deeper/x.db"])
def test_no_folder_is_made_where_a_file_is(folder, below):
    done = snapshots("import", "a.csv", "--database", f"sqlite:///{below}", cwd=folder)
    assert done.returncode == 6
    assert "mkdir" not in done.stderr
    assert f"{folder}/a_file is a file: name a folder instead." in done.stderr


def test_a_folder_that_is_missing_can_be_made(folder):
    done = snapshots("import", "a.csv", "--database", "sqlite:///my data/x.db", cwd=folder)
    assert done.returncode == 6
    assert f"mkdir -p '{folder}/my data'" in done.stderr


def test_a_watched_folder_that_is_a_file(folder):
    done = snapshots("sync", "--data-dir", "a_file", "--once", cwd=folder)
    assert done.returncode == 1
    assert "mkdir" not in done.stderr
    assert "a_file: This is a file, and sync watches a folder." in done.stderr


def test_a_project_that_is_a_file(folder):
    done = snapshots("run", "a_file", cwd=folder)
    assert done.returncode == 6
    assert "a_file is a file, and no folder." in done.stderr


def test_tokens_below_a_file_or_in_a_folder(folder):
    done = snapshots("token", "ana", "--tokens", "a_file/tokens", cwd=folder)
    assert done.returncode == 2
    assert "a_file is a file: name a folder instead." in done.stderr
    (folder / "there").mkdir()
    done = snapshots("token", "ana", "--tokens", "none/tokens", cwd=folder)
    assert "mkdir -p none" in done.stderr


def test_a_host_that_nobody_knows_is_no_matter_of_urls(folder):
    done = snapshots("import", "a.csv", "--database", "no-such-host.invalid:5432", cwd=folder)
    assert done.returncode == 6
    assert "Check the name of the host." in done.stderr
    assert "sqlite:///" not in done.stderr
    assert "://" not in done.stderr.replace("no-such-host.invalid:5432", "")


def test_an_unknown_scheme_is(folder):
    done = snapshots("import", "a.csv", "--database", "oracle://x/y", cwd=folder)
    assert done.returncode == 2
    assert "postgresql://" in done.stderr


@pytest.mark.parametrize(
    ("option", "value", "hint"),
    [
        ("--contract", "none.json", "Check its name."),
        ("--contract", ".", "It is a folder: name a file in it."),
        ("--contract", "a_file/c.json", "a part of the path is a file"),
        ("--env-file", "none", "Check its name."),
        ("--env-file", ".", "It is a folder: name a file in it."),
    ],
)
def test_a_file_that_cannot_be_read(folder, option, value, hint):
    done = snapshots("import", "a.csv", option, value, cwd=folder)
    assert done.returncode in (1, 2)
    assert hint in done.stderr


def test_the_file_in_the_way(tmp_path):
    (tmp_path / "a_file").touch()
    assert blocking_file(tmp_path / "a_file" / "b" / "c") == str(tmp_path / "a_file")
    assert blocking_file(tmp_path / "b" / "c") is None
    assert missing_folder(tmp_path / "b") == f"Create it: mkdir -p {tmp_path}/b"
    assert "permission" not in advice(OSError(2, "x"))
    assert advice(OSError(13, "x")) == "Let this user read it."
