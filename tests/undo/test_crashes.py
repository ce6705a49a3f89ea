"""A crash while an import is undone: it is undone, or it is as it was."""

import os
import signal
import subprocess
import sys

import pytest

import snapshots
from snapshots.errors import AlreadyUndone
from tests.verify.loaded import execute, load, numbers


@pytest.mark.parametrize(("point", "left"), [("undo-before-commit", 1000), ("undone", 0)])
def test_kills(database, tmp_path, point, left):
    load(database, numbers(tmp_path), chunk_size=2000)
    killed = subprocess.run(
        [sys.executable, "-m", "snapshots", "undo", "1", "--database", database],
        cwd=tmp_path,
        env={**os.environ, "SNAPSHOTS_FAULT": point},
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert execute(database, "SELECT COUNT(*) FROM t") == [(left,)]
    (record,) = snapshots.history(database)
    assert (record.state, record.loaded) == ("finished" if left else "undone", 1000)
    if left:
        assert snapshots.undo(1, database=database).removed == 1000
    else:
        with pytest.raises(AlreadyUndone):
            snapshots.undo(1, database=database)
    assert execute(database, "SELECT COUNT(*) FROM t") == [(0,)]
