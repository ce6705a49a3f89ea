"""The long part, for `make soak`: a hundred kills of each mode and of its undo, and kills of the
server. SNAPSHOTS_TEST_KILLS sets another number."""

import os
import random
import signal
import subprocess
import time
from dataclasses import dataclass, field

import pytest

import snapshots
from snapshots.errors import SnapshotsError
from tests.faults.test_kill_publishing import nothing_left
from tests.ledger.older import execute
from tests.support import snapshots_process
from tests.support.command import snapshots as command
from tests.support.processes import PATIENCE

KILLS = int(os.environ.get("SNAPSHOTS_TEST_KILLS", "100"))
ROWS = 20_000
LOOK = "SELECT COUNT(*), SUM(id), SUM(value) FROM t"
MODES = {
    "replace": ["--mode", "replace"],
    "replace by copying": ["--mode", "replace", "--publish", "copy"],
    "append": ["--atomic"],
    "upsert": ["--mode", "upsert", "--primary-key", "id"],
    "mirror": ["--mode", "mirror", "--primary-key", "id"],
    "history": ["--mode", "history", "--primary-key", "id"],
}


@dataclass
class Soaked:
    """A table that is loaded, undone and killed again and again, and what it holds."""

    database: str
    folder: object
    mode: str
    rng: random.Random
    rows: list = field(default_factory=list)
    version: int = 0
    kills: int = 0

    def begin(self):
        """Fills the table with its first rows."""
        self.next_file(None)

    def next_file(self, kill):
        """Publishes another version, killed on the way by `kill`; returns the rows of before."""
        self.version += 1
        before = self.rows
        path, made = self._file()
        self.rows = self._after(made)
        words = [
            "import", str(path), "--table", "t", *MODES[self.mode],
            "--chunk-size", "50000", "--progress", "none",
        ]  # fmt: skip
        self._until_it_is_done(words, before, kill)
        return before

    def undo(self, before, kill):
        """Takes the newest version back."""
        published, self.rows = self.rows, before
        newest = max(one.import_id for one in snapshots.history(self.database))
        self._until_it_is_done(["undo", str(newest)], published, kill)

    def _file(self):
        """Half of the versions have other values; each has some other keys."""
        begin = self.version * 7
        if self.mode == "append":
            begin = self.version * ROWS
        made = {n: n % 5 + self.version * (n % 2) for n in range(begin, begin + ROWS)}
        path = self.folder / f"{self.version}.csv"
        path.write_text("id,value\n" + "".join(f"{n},{value}\n" for n, value in made.items()))
        return path, made

    def _after(self, made):
        if self.mode == "append":
            return {**dict(self.rows), **made}
        return {**dict(self.rows), **made} if self.mode == "upsert" else made

    def _until_it_is_done(self, words, before, kill):
        allowed = (sums_of(before), sums_of(self.rows))
        while True:
            process = snapshots_process.start(
                [*words, "--database", self.database], env=environment(self.folder)
            )
            code = process.wait(timeout=PATIENCE) if kill is None else kill(process)
            if code == -signal.SIGKILL:
                self.kills += 1
            if self.version > 1:
                assert self.held() in allowed, (words, code)
            assert code in (0, 5, -signal.SIGKILL), (words, code)
            if code in (0, 5):
                break
        assert self.held() == allowed[1], words

    def held(self):
        """What readers see."""
        now = " WHERE _valid_to IS NULL" if self.mode == "history" else ""
        ((rows, ids, values),) = execute(self.database, LOOK + now)
        return int(rows), int(ids or 0), int(values or 0)

    def end(self):
        """Nothing is left behind that prune does not know."""
        command("prune", "--keep-undo", "0", "--database", self.database, cwd=self.folder)
        nothing_left(self.database)
        marked = "SELECT id FROM snapshots_imports WHERE undo_table IS NOT NULL"
        assert execute(self.database, marked) == []


def sums_of(rows):
    held = dict(rows)
    return len(held), sum(held), sum(held.values())


def environment(folder):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SNAPSHOTS_")}
    return {**clean, "SNAPSHOTS_STATE_DIR": str(folder / "state")}


class RandomKill:
    """Kills a process at a random moment of the time that it may take."""

    def __init__(self, rng):
        self.rng, self.longest, self.patience = rng, 1.0, 1.0

    def __call__(self, process):
        begun = time.monotonic()
        try:
            code = process.wait(timeout=self.rng.uniform(0, self.patience))
        except subprocess.TimeoutExpired:
            process.kill()
            self.patience *= 1.3
            return process.wait()
        self.longest = self.patience = max(time.monotonic() - begun, 0.5)
        return code


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("mode", MODES)
def test_killed_a_hundred_times(database, tmp_path, monkeypatch, mode):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))
    rng = random.Random(mode)
    soaked, kill = Soaked(database, tmp_path, mode, rng), RandomKill(rng)
    soaked.begin()
    while soaked.kills < KILLS:
        before = soaked.next_file(kill)
        if soaked.version % 2:
            soaked.undo(before, kill)
    soaked.end()


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("mode", MODES)
def test_the_server_is_killed_again_and_again(own_server, tmp_path, monkeypatch, mode):
    """The command waits for its server, or says that it is away, and is given again."""
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))
    rng, kills = random.Random(mode), 0
    soaked = Soaked(own_server.url("away"), tmp_path, mode, rng)

    def kill(process):
        nonlocal kills
        try:
            return process.wait(timeout=rng.uniform(0.3, 1.5))
        except subprocess.TimeoutExpired:
            kills += 1
        own_server.kill()
        own_server.start()
        code = process.wait(timeout=PATIENCE)
        # Whoever had no session yet does not wait for the server.
        return -signal.SIGKILL if code == SnapshotsError.exit_code else code

    soaked.begin()
    while kills < max(KILLS // 5, 1):
        before = soaked.next_file(kill)
        if soaked.version % 2:
            soaked.undo(before, kill)
    soaked.end()
