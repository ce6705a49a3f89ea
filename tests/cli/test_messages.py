"""What is said of mistakes names the thing that is wrong, and what to write instead."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from snapshots import locations
from snapshots.engine.history.asking import Unasked
from snapshots.engine.history.locate import _unclear
from snapshots.engine.lease import owner
from snapshots.errors import CannotConnect
from tests.support.command import snapshots
from tests.support.http_server import Handler, as_json, serving


class Api(Handler):
    def on_request(self, request, connection):
        return as_json(200, {})


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


@pytest.mark.parametrize(
    "words", [["-q", ";"], ["-q", "none"], ["-q", "^A"], ["--", "-q"], ["--null-value", "-q"]]
)
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


def test_a_mirror_with_a_key_that_occurs_twice(tmp_path):
    (tmp_path / "a.csv").write_text("id,n\n1,1\n1,2\n")
    options = ("--mode", "mirror", "--primary-key", "id")
    done = snapshots("import", "a.csv", *options, cwd=tmp_path)
    assert done.returncode == 4
    assert "Nothing was published. Add --again --duplicates first, or last, to" in done.stderr
    again = ("--again", "--duplicates", "first")
    assert snapshots("import", "a.csv", *options, *again, cwd=tmp_path).returncode == 0
    (tmp_path / "b.csv").write_text("id,n\n1,1\n1\n")
    done = snapshots("import", "b.csv", *options, cwd=tmp_path)
    assert "Nothing was published.\n" in done.stderr
    assert "--duplicates" not in done.stderr
    done = snapshots("import", "b.csv", "--table", "c", cwd=tmp_path)
    assert "published" not in done.stderr


def test_an_older_version_is_loaded_again_by_what_the_message_says(tmp_path):
    for name in ("p_20240101.csv", "p_20240201.csv"):
        (tmp_path / name).write_text(f"id\n{len(name)}\n{name[6:8]}\n")
        snapshots("import", name, "--mode", "replace", "--table", "p", cwd=tmp_path)
    words = ("import", "p_20240101.csv", "--mode", "replace", "--table", "p")
    done = snapshots(*words, cwd=tmp_path)
    assert done.returncode == 5
    assert "add --again and a later --as-of" in done.stdout
    done = snapshots(*words, "--again", "--as-of", "2024-03-01", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", ["import", "send"])
def test_a_contract_that_cannot_be_read_is_an_error_of_a_known_input_too(tmp_path, command):
    (tmp_path / "a.csv").write_text("id\n1\n")
    with serving(Api()) as api:
        words = [command, "a.csv", *(["--to", f"{api.url}/rows"] if command == "send" else [])]
        assert snapshots(*words, cwd=tmp_path).returncode == 0
        assert snapshots(*words, cwd=tmp_path).returncode == 5
        done = snapshots(*words, "--contract", "none.json", cwd=tmp_path)
    assert done.returncode == 1
    assert "none.json" in done.stderr


@pytest.mark.parametrize(
    ("silent", "said"),
    [
        (False, "error: 1 database could not be opened and may have it: sqlite:////x (No password"),
        (True, "error: 1 database did not answer and may have it: sqlite:////x."),
    ],
)
def test_a_database_that_cannot_be_asked_is_not_called_silent(silent, said):
    one = Unasked("sqlite:////x", CannotConnect("no password", hint="Set it."), silent=silent)
    error = _unclear("import 1", [], [one])
    assert f"error: {error}".startswith(said)
    assert error.hint.startswith("Say which" if silent else "Set it. Say which")


@pytest.fixture
def entered():
    """A folder that other users may enter; those of pytest are for its user alone."""
    with TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture
def nobody():
    """Root may do everything, so for a while this is not root."""
    own = os.geteuid()
    if own == 0:
        os.seteuid(65534)
    yield
    os.seteuid(own)


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_sqlite_file_that_is_forbidden(request, kind, entered):
    path = entered / "a.db"
    if kind == "file":
        path.touch(0)
        path.chmod(0)
    entered.chmod(0o555)
    target = locations.target(str(path))
    request.getfixturevalue("nobody")
    with pytest.raises(CannotConnect) as caught:
        target.connect()
    what = "read or write the file" if kind == "file" else "create the file in its folder"
    assert str(caught.value) == f"{path}: This user may not {what}."


def test_a_folder_is_no_database(tmp_path):
    done = snapshots("list", "--database", ".", cwd=tmp_path)
    assert done.returncode == 2
    assert "The database is a folder.\n  Name a file in it: snapshots.db" in done.stderr


def test_a_name_that_is_no_host_may_be_that_of_a_file(tmp_path):
    done = snapshots("list", "--database", "nowhere.txt", cwd=tmp_path)
    assert done.returncode == 6
    assert "The name of a SQLite file ends in .db." in done.stderr
    done = snapshots("list", "--database", "nowhere.invalid:5432", cwd=tmp_path)
    assert "SQLite" not in done.stderr


def test_a_folder_is_only_to_be_created_for_what_writes_there(tmp_path):
    (tmp_path / "a.csv").write_text("id\n1\n")
    for command, made in ((["list"], False), (["import", "a.csv"], True)):
        done = snapshots(*command, "--database", "no/x.db", cwd=tmp_path)
        assert done.returncode == 6
        assert ("mkdir -p" in done.stderr) == made


def test_a_folder_without_inputs(tmp_path):
    (tmp_path / "d").mkdir()
    done = snapshots("import", "d", cwd=tmp_path)
    assert "Parquet files, archives and workbooks." in done.stderr
    assert ".json are" not in done.stderr
    (tmp_path / "d" / "a.json").write_text("[]")
    assert "end in .json are none of them" in snapshots("import", "d", cwd=tmp_path).stderr


def test_fields_without_a_header_are_said_to_be_taken_in_order(tmp_path):
    (tmp_path / "t.csv").write_text("id,name,city\n1,x,y\n")
    (tmp_path / "u.csv").write_text("5,Cem,1\n6,Ada,2\n")
    snapshots("import", "t.csv", cwd=tmp_path)
    done = snapshots("import", "u.csv", "--table", "t", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "fields are taken in the table's order: id, name, city" in done.stderr


def test_a_spreadsheet_of_corrections_is_told_what_is_read(tmp_path):
    (tmp_path / "a.csv").write_text("id,n\n1,1\n2\n")
    snapshots("import", "a.csv", "--max-rejects", "9", cwd=tmp_path)
    snapshots("rejects", "1", "--export", "fix.xlsx", cwd=tmp_path)
    done = snapshots("replay", "1", "fix.xlsx", cwd=tmp_path)
    assert "Replay reads CSV and JSON Lines" in done.stderr
