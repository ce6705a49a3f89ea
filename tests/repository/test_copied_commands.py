"""A command that a sentence names can be copied into a shell, whatever names it holds."""

import re
import subprocess
import sys

import pytest

RECORDS = "id,name\n1,a\n2,b\n3,c,d\n"


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def run(folder, command):
    """The command, in a real shell."""
    line = re.sub(r"^snapshots ", f"{sys.executable} -m snapshots ", command)
    return subprocess.run(
        ["bash", "-c", line], cwd=folder, capture_output=True, text=True, check=False
    )


def named(text):
    """The last command that is named."""
    return re.findall(r"snapshots (?:rejects|resume|import) .*", text)[-1]


@pytest.mark.parametrize("extra", ["connect_timeout=5", "connect_timeout=5&application_name=a"])
def test_a_database_with_parameters_is_copied_whole(postgres_url, tmp_path, extra):
    (tmp_path / "a.csv").write_text(RECORDS)
    url = f"{postgres_url}?{extra}"
    first = run(tmp_path, f"snapshots import a.csv --max-rejects 9 --database '{url}'")
    assert first.returncode == 3, first.stderr
    # What is shown lacks the password, which is not ours to print.
    login = url.partition("@")[0].removeprefix("postgresql://")
    command = named(first.stdout + first.stderr).replace("snapshots@", f"{login}@")
    shown = run(tmp_path, command)
    assert shown.returncode == 0, shown.stderr
    assert "field_count" in shown.stdout


def test_a_file_with_a_blank_in_its_name_is_copied_whole(tmp_path):
    (tmp_path / "my data.csv").write_text("id,name\n" + "1,a\n" * 20)
    run(tmp_path, "snapshots import 'my data.csv' --limit 10")
    (tmp_path / "my data.csv").write_text("id,name\n" + "2,b\n" * 20)
    refused = run(tmp_path, "snapshots resume 1")
    assert refused.returncode == 1
    command = named(refused.stderr)
    assert command == "snapshots import 'my data.csv'"
    assert run(tmp_path, command).returncode == 0


def test_the_folder_of_a_file_of_tokens_is_said_to_be_missing(tmp_path):
    refused = run(tmp_path, "snapshots token ana --tokens there/tokens")
    assert refused.returncode == 2
    assert "Create it: mkdir -p there" in refused.stderr
