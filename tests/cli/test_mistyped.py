"""A mistyped word gets a suggestion, although a command line without a command imports files."""

import pytest

from tests.support.command import snapshots


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["improt", "a.csv"], "import"),
        (["lsit"], "list"),
        (["LIST"], "list"),
        (["rej", "1"], "rejects"),
        (["serv"], "serve"),
        (["verfiy", "1"], "verify"),
        (["--database", "sqlite:///x.db", "lsit"], "list"),
        (["--json", "shwo", "1"], "show"),
        (["helpp"], "help"),
    ],
)
def test_a_mistyped_command(tmp_path, words, meant):
    (tmp_path / "a.csv").write_text("id\n1\n")
    done = snapshots(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert f"Did you mean snapshots {meant}?" in done.stderr
    assert not (tmp_path / "snapshots.db").exists()


@pytest.mark.parametrize("name", ["lists", "./lists", "lists.csv", "lists*", "sub/lists", "data"])
def test_what_may_be_a_file_is_one(tmp_path, name):
    (tmp_path / "sub").mkdir()
    for path in ("lists", "lists.csv", "sub/lists", "data"):
        (tmp_path / path).write_text(f"id\n{len(path)}\n")
    done = snapshots(name, "--table", "t", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 loaded" in done.stdout


@pytest.mark.parametrize("name", ["list.csv", "./list_", "sub/show", "s3://improt/a", "imp*rt"])
def test_what_looks_like_a_file_and_is_none_is_not_taken_for_a_command(tmp_path, name):
    done = snapshots(name, cwd=tmp_path)
    assert done.returncode != 0
    assert "Did you mean snapshots" not in done.stderr


def test_a_word_that_is_like_no_command_is_a_file_that_is_missing(tmp_path):
    done = snapshots("rides", cwd=tmp_path)
    assert done.returncode == 1
    assert "rides: The file does not exist." in done.stderr


def test_a_mistyped_option(tmp_path):
    done = snapshots("import", "a.csv", "--tabel", "t", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "error: No such option '--tabel'. Did you mean --table?\n  See snapshots import --help.\n"
    )
    done = snapshots("--databse", "sqlite:///x.db", "a.csv", cwd=tmp_path)
    assert "Did you mean --database?" in done.stderr
    done = snapshots("list", "--xyz", cwd=tmp_path)
    assert done.returncode == 2
    assert "Did you mean" not in done.stderr


def test_a_mistyped_choice(tmp_path):
    done = snapshots("import", "a.csv", "--progress", "plian", cwd=tmp_path)
    assert done.returncode == 2
    assert "'plian' is not auto, plain, json or none. Did you mean plain?" in done.stderr
    done = snapshots("list", "--state", "FINISHD", cwd=tmp_path)
    assert "Did you mean finished?" in done.stderr
    done = snapshots("import", "a.csv", "--progress", "zzz", cwd=tmp_path)
    assert "Did you mean" not in done.stderr


def test_a_mistyped_choice_of_a_variable(tmp_path):
    done = snapshots("import", "a.csv", cwd=tmp_path, SNAPSHOTS_PROGRESS="plian")
    assert done.returncode == 2
    assert "'--progress' (variable SNAPSHOTS_PROGRESS): 'plian' is not" in done.stderr
    assert "Did you mean plain?" in done.stderr
    (tmp_path / "env").write_text("SNAPSHOTS_PROGRESS=jsn\n")
    done = snapshots("import", "a.csv", "--env-file", "env", cwd=tmp_path)
    assert "(variable SNAPSHOTS_PROGRESS): 'jsn' is not" in done.stderr


def test_a_secret_in_a_wrong_word_is_not_repeated(tmp_path):
    done = snapshots("list", "--databse", "postgresql://ana:hidden@host/x", cwd=tmp_path)
    assert done.returncode == 2
    assert "hidden" not in done.stderr
