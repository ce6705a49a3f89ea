"""Logs: one line for each event that matters, with the import's number, and nothing unasked."""

import json
import shlex

import pytest

from tests.support.command import snapshots


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "good.csv").write_text("id,name\n1,Ann\n2,Bob\n")
    (tmp_path / "some.csv").write_text("id,name\n1,Ann\n2,Bob,3\n" + "4,Cy\n" * 20)
    (tmp_path / "empty.csv").write_text("")
    return tmp_path


def logged(done):
    return [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]


def test_each_import_has_its_lines(folder):
    done = snapshots(
        "import", "good.csv", "some.csv", "empty.csv", "--log-format", "json", cwd=folder
    )
    lines = logged(done)
    assert [(line["event"], line["level"], line["import_id"]) for line in lines] == [
        ("import_started", "info", 1),
        ("import_finished", "info", 1),
        ("import_started", "info", 2),
        ("import_finished", "warning", 2),
        ("import_failed", "error", None),
    ]
    finished = lines[3]
    assert (finished["records"], finished["loaded"], finished["rejected"]) == (22, 21, 1)
    assert lines[4]["input"] == "empty.csv"
    assert lines[4]["code"] == "input"
    assert all(line["time"].endswith("Z") for line in lines)


def test_going_on_and_what_is_imported_already(folder):
    snapshots("import", "some.csv", "--limit", 3, cwd=folder)
    done = snapshots("import", "some.csv", "--log-format", "json", cwd=folder)
    assert [line["event"] for line in logged(done)] == ["import_resumed", "import_finished"]
    done = snapshots("import", "some.csv", "--log-format", "json", cwd=folder)
    assert [line["event"] for line in logged(done)] == ["already_imported"]


def test_a_file_under_another_name_is_named_and_so_is_the_one_that_was_imported(folder):
    snapshots("import", "good.csv", cwd=folder)
    (folder / "good.csv").rename(folder / "renamed.csv")
    done = snapshots("import", "renamed.csv", "--log-format", "json", "--json", cwd=folder)
    (line,) = logged(done)
    assert line["event"] == "already_imported"
    assert (line["input"], line["imported_as"]) == ("renamed.csv", "good.csv")
    assert line["import_id"] == 1
    (result,) = [json.loads(text) for text in done.stdout.splitlines()]
    assert (result["given"], result["input"]) == ("renamed.csv", "good.csv")


def test_text_can_be_split_again(folder):
    (folder / "a file = b.csv").write_text("id\n1\n")
    done = snapshots("import", "a file = b.csv", "--log-format", "text", cwd=folder)
    started = next(line for line in done.stderr.splitlines() if "import_started" in line)
    _, level, event, *fields = shlex.split(started)
    assert (level, event) == ("INFO", "import_started")
    assert dict(field.split("=", 1) for field in fields)["input"] == "a file = b.csv"


def test_a_log_stands_for_the_plain_lines(folder):
    done = snapshots("import", "good.csv", "--log-format", "json", cwd=folder)
    assert len(logged(done)) == len(done.stderr.splitlines()) == 2


def test_nothing_is_logged_unasked(folder):
    done = snapshots("import", "good.csv", "--progress", "none", cwd=folder)
    assert done.stderr == ""


def test_no_password_is_logged(folder, postgres_url):
    done = snapshots(
        "import", "good.csv", "--database", postgres_url, "--log-format", "json", cwd=folder
    )
    assert logged(done)[0]["database"].startswith("postgresql://")
    assert "s3cret" not in done.stderr
