"""Completion as a user has it: a real bash on a real terminal, and the tab key."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent
PROMPT = b"READY>"


class Shell:
    """An interactive bash that completes `snapshots`."""

    def __init__(self, folder):
        self._ours, theirs = pty.openpty()
        clean = {k: v for k, v in os.environ.items() if not k.startswith("SNAPSHOTS_")}
        self._process = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "-i"],
            cwd=folder,
            env={**clean, "PATH": f"{BIN}:{clean['PATH']}", "PS1": PROMPT.decode(), "TERM": "dumb",
                 "HISTFILE": "", "INPUTRC": "/dev/null", "COLUMNS": "200"},
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self.until(PROMPT)
        self.enter('eval "$(_SNAPSHOTS_COMPLETE=bash_source snapshots)"')

    def until(self, wanted, seconds=120):
        """What is shown until the wanted bytes are there."""
        seen, end = b"", time.monotonic() + seconds
        while wanted not in seen:
            ready, _, _ = select.select([self._ours], [], [], max(0, end - time.monotonic()))
            assert ready, f"{wanted!r} never came: {seen!r}"
            seen += os.read(self._ours, 65536)
        return seen

    def enter(self, line):
        os.write(self._ours, line.encode() + b"\n")
        return self.until(b"\n" + PROMPT)

    def complete(self, begun, wanted):
        """Types the beginning of a line and a tab, and waits for what is to follow."""
        os.write(self._ours, begun.encode() + b"\t\t")
        self.until(wanted.encode())
        os.write(self._ours, b"\x15")  # forgets the line
        self.enter("echo")

    def close(self):
        self._process.kill()
        self._process.wait()
        os.close(self._ours)


@pytest.fixture
def shell(tmp_path):
    (tmp_path / "quite_a_long_name.csv").write_text("a\n1\n")
    (tmp_path / "folder_of_mine").mkdir()
    found = Shell(tmp_path)
    yield found
    found.close()


@pytest.mark.parametrize(
    ("begun", "wanted"),
    [
        ("snapshots rejec", "rejects"),
        ("snapshots help verif", "verify"),
        ("snapshots import --columns-ch", "--columns-changed"),
        ("snapshots import --columns-changed ig", "ignore"),
        ("snapshots import quite", "quite_a_long_name.csv"),
        ("snapshots quite", "quite_a_long_name.csv"),
        ("snapshots list quite", "quite_a_long_name.csv"),
        ("snapshots import --contract quite", "quite_a_long_name.csv"),
        ("snapshots sync --data-dir folder", "folder_of_mine"),
        ("snapshots --table t verif", "verify"),
        ("snapshots --table t quite", "quite_a_long_name.csv"),
        ("snapshots --columns-changed ig", "ignore"),
        ("snapshots --columns-ch", "--columns-changed"),
        ("snapshots --database localhost:5432 verif", "verify"),
        ("snapshots list --database postgresql://localhost:5432/a quite", "quite_a_long_name.csv"),
        ("snapshots --database=localhost:5432 import --columns-ch", "--columns-changed"),
    ],
)
def test_the_tab_key_in_bash(shell, begun, wanted):
    typed = begun.rpartition(" ")[2]
    shell.complete(begun, f"{begun}{wanted.removeprefix(typed)}")


@pytest.mark.parametrize(("name", "check"), [("zsh", "-n"), ("fish", "--no-execute")])
def test_the_scripts_for_other_shells(tmp_path, name, check):
    """The shell reads the script where it is there; in any case the script asks us."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SNAPSHOTS_")}
    script = subprocess.run(
        [BIN / "snapshots"], env={**clean, "_SNAPSHOTS_COMPLETE": f"{name}_source"},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert f"_SNAPSHOTS_COMPLETE={name}_complete" in script
    (tmp_path / "script").write_text(script)
    if shutil.which(name):
        subprocess.run([name, check, tmp_path / "script"], check=True)
    words = "snapshots import --columns-changed ig"
    asked = {"zsh": {"COMP_WORDS": words, "COMP_CWORD": "3"},
             "fish": {"COMP_WORDS": words, "COMP_CWORD": "ig"}}[name]  # fmt: skip
    done = subprocess.run(
        [BIN / "snapshots"], env={**clean, "_SNAPSHOTS_COMPLETE": f"{name}_complete", **asked},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert re.split(r"[\n,]", done.stdout.strip())[:2] == ["plain", "ignore"]
