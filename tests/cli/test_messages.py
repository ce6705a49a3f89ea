"""What is said of mistakes names the thing that is wrong, and what to write instead."""

import pytest

from snapshots.engine.lease import owner
from tests.support.command import snapshots


@pytest.mark.parametrize(
    "words",
    [
        ["import", "a.csv", "-q"],
        ["import", "-q", "a.csv"],
        ["import", "-q", "--progress", "none", "a.csv"],
        ["-q", "a.csv"],
        ["replay", "1", "-q"],
    ],
)
def test_who_writes_q_for_quiet_is_told_what_it_is(tmp_path, words):
    (tmp_path / "a.csv").write_text("id\n1\n")
    done = snapshots(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert "-q is --quotechar here and needs a character; to show only errors: --quiet." in (
        done.stderr
    )
    assert not (tmp_path / "snapshots.db").exists()


@pytest.mark.parametrize("words", [["-q", ";"], ["-q", "none"], ["-q", "^A"], ["--", "-q"]])
def test_q_with_a_character_is_a_quote(tmp_path, words):
    (tmp_path / "a.csv").write_text("id\n1\n")
    (tmp_path / "-q").write_text("id\n1\n")
    done = snapshots("import", "--table", "t", "a.csv", *words, cwd=tmp_path)
    assert "needs a character" not in done.stderr
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["import", "a.csv", "--table"], "import"),
        (["a.csv", "--table"], "import"),
        (["list", "--json=yes"], "list"),
        (["rejects"], "rejects"),
    ],
)
def test_help_of_the_command_is_named(tmp_path, words, command):
    done = snapshots(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert f"See snapshots {command} --help." in done.stderr


@pytest.mark.parametrize(
    ("words", "variables", "said"),
    [
        (["import", "a.csv"], {"SNAPSHOTS_WORKERS": "many"}, "a whole number from 1 to 64"),
        (["import", "a.csv", "--workers", "65"], {}, "'65' is not a whole number from 1 to 64"),
        (["import", "a.csv", "--limit", "-1"], {}, "'-1' is not a whole number of 1 or more"),
        (["import", "a.csv", "--limit", "9" * 30], {}, "is not a number up to 9223372036854775807"),
        (["sync", "--settle", "x"], {}, "'x' is not a number of 0 or more"),
        (["sync", "--settle", "-1"], {}, "'-1' is not a number of 0 or more"),
        (["send", "a.csv", "--rate", "fast"], {}, "'fast' is not a number"),
        (["show", "abc"], {}, "'abc' is not the number of an import"),
        (["undo", "1.5"], {}, "'1.5' is not the number of an import"),
    ],
)
def test_a_wrong_number_is_told_which_numbers_are_right(tmp_path, words, variables, said):
    done = snapshots(*words, cwd=tmp_path, **variables)
    assert done.returncode == 2
    assert said in done.stderr
    assert "range" not in done.stderr


def test_a_file_that_cannot_be_written_is_named_with_the_reason(tmp_path):
    (tmp_path / "a.csv").write_text("id,n\n1,1\n2\n")
    snapshots("import", "a.csv", "--max-rejects", "9", cwd=tmp_path)
    for words in (
        ["rejects", "1", "--export", "nowhere/fix.csv"],
        ["token", "ana", "--tokens", "nowhere/fix.csv"],
    ):
        done = snapshots(*words, cwd=tmp_path)
        assert done.returncode == 2, done.stderr
        assert "nowhere/fix.csv: It cannot be written: the folder nowhere does not exist." in (
            done.stderr
        )
        assert "Create it: mkdir -p nowhere" in done.stderr
    (tmp_path / "file").touch()
    done = snapshots("rejects", "1", "--export", "file/fix.csv", cwd=tmp_path)
    assert "error: file/fix.csv: It cannot be written: " in done.stderr


def test_a_value_that_is_none_of_its_columns_type(tmp_path):
    (tmp_path / "a.csv").write_text("id,name\n1,x\n")
    snapshots("import", "a.csv", cwd=tmp_path)
    done = snapshots("rows", "a", "--where", "id=x", cwd=tmp_path)
    assert done.returncode == 2
    assert "'x' does not fit column id, whose type is integer." in done.stderr


def test_a_process_is_named_by_its_number_and_host():
    _, pid, _ = owner.this_process().rsplit(":", 2)
    words = owner.in_words(owner.this_process())
    assert words.startswith(f"process {pid} on ")
    assert ":" not in words
    assert "/" not in words


def test_an_undone_import_names_its_table_and_database(tmp_path):
    (tmp_path / "a.csv").write_text("id\n1\n")
    (tmp_path / "b.csv").write_text("id\n1\n2\n")
    for number, (name, said) in enumerate({"a": "1 row was", "b": "2 rows were"}.items(), 1):
        snapshots("import", f"{name}.csv", cwd=tmp_path)
        snapshots("undo", number, cwd=tmp_path)
        done = snapshots("undo", number, cwd=tmp_path)
        assert done.returncode == 5
        assert f"{said} removed from {name}, sqlite:///{tmp_path}/snapshots.db." in done.stderr


def test_a_count_of_one_is_singular(tmp_path):
    (tmp_path / "a.csv").write_text("id\n1\n")
    done = snapshots("import", "a.csv", cwd=tmp_path)
    assert "1 record = 1 loaded + 0 rejected + 0 skipped" in done.stdout
