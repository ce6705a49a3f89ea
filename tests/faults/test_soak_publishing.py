"""The long part, for `make soak`: a hundred kills of replacements and of their undo."""

import os
import random
import signal
import subprocess
import time

import pytest

import snapshots
from tests.faults.test_kill_publishing import LOOK, nothing_left, numbered
from tests.ledger.older import execute
from tests.support import snapshots_process
from tests.support.command import snapshots as command

KILLS = int(os.environ.get("SNAPSHOTS_TEST_KILLS", "100"))
ROWS = 20_000


def sums(database):
    ((rows, total),) = execute(database, LOOK)
    return int(rows), int(total or 0)


def until_it_is_done(database, tmp_path, rng, arguments, allowed, longest):
    """Kills a command at random times, and lets it end at last; returns how often it was killed,
    and how long it took in the end."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SNAPSHOTS_")}
    env = {**clean, "SNAPSHOTS_STATE_DIR": str(tmp_path / "state")}
    kills, patience = 0, longest
    while True:
        begun = time.monotonic()
        process = snapshots_process.start([*arguments, "--database", database], env=env)
        try:
            code = process.wait(timeout=rng.uniform(0, patience))
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        assert sums(database) in allowed
        assert code in (0, 5, -signal.SIGKILL), code
        if code in (0, 5):
            return kills, time.monotonic() - begun
        kills, patience = kills + 1, patience * 1.3


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("publish", ["auto", "copy"])
def test_killed_a_hundred_times(database, tmp_path, monkeypatch, publish):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))
    rng, kills, version, longest = random.Random(publish), 0, 0, 1.0
    old = numbered(tmp_path / "old.csv", range(ROWS, 2 * ROWS))
    snapshots.load(old, database=database, table="t")
    while kills < KILLS:
        version += 1
        before = sums(database)
        path = numbered(tmp_path / f"{version}.csv", range(version, ROWS + version))
        after = (ROWS, sum(range(version, ROWS + version)))
        replace = [
            "import", str(path), "--table", "t", "--mode", "replace", "--publish", publish,
            "--chunk-size", "50000", "--progress", "none",
        ]  # fmt: skip
        more, longest = until_it_is_done(database, tmp_path, rng, replace, (before, after), longest)
        kills += more
        assert sums(database) == after
        if version % 2:
            newest = max(one.import_id for one in snapshots.history(database))
            undo = ["undo", str(newest)]
            more, _ = until_it_is_done(database, tmp_path, rng, undo, (before, after), longest)
            kills += more
            assert sums(database) == before
    command("prune", "--keep-undo", "0", "--database", database, cwd=tmp_path)
    nothing_left(database)
    assert execute(database, "SELECT id FROM snapshots_imports WHERE undo_table IS NOT NULL") == []
