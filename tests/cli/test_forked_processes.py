"""A process that the tests' fork server starts does what one does that Python starts."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support import snapshots_process
from tests.support.snapshots_process import PYTHON

COMMANDS = (
    (["--version"], b"", {}),
    (["list", "--no-such-option"], b"", {}),
    (["import", "none.csv", "--json"], b"", {}),
    (["list", "--database", "sqlite:///here.db"], b"", {}),
    (["import", "-", "--table", "t", "--dry-run", "--progress", "none"], b"a,b\n1,2\n3,x\n", {}),
    (["import", "-", "--table", "t"], b"a,b\n1,2\n", {"SNAPSHOTS_FAULT": "before-commit:1"}),
)


@pytest.mark.parametrize(("arguments", "given", "variables"), COMMANDS)
def test_it_comes_to_the_same(tmp_path, arguments, given, variables):
    ends = []
    for run in (fresh, snapshots_process.run):
        folder = tmp_path / run.__name__
        folder.mkdir()
        state = {"SNAPSHOTS_STATE_DIR": str(folder / "state"), **variables}
        done = run(arguments, given=given, cwd=folder, env={**os.environ, **state})
        err = done.stderr.replace(os.fsencode(folder), b"FOLDER")
        ends.append(
            (
                done.args,
                done.returncode,
                done.stdout,
                err,
                sorted(one.name for one in folder.iterdir()),
            )
        )
    assert ends[0] == ends[1]
    assert (ends[0][1] == -signal.SIGKILL) == bool(variables)


def fresh(arguments, *, given, **options):
    """By Python itself."""
    return subprocess.run(
        [*PYTHON, *arguments], input=given, capture_output=True, check=False, **options
    )


def test_it_is_a_child_of_the_test(tmp_path):
    process = snapshots_process.start(
        ["import", "-", "--table", "t"], cwd=tmp_path, stdin=subprocess.PIPE
    )
    with process:
        told = Path(f"/proc/{process.pid}/status")
        status = told.read_text() if told.exists() else ""
        assert not status or f"PPid:\t{os.getpid()}\n" in status
        process.terminate()
    assert process.returncode in {143, -signal.SIGTERM}
