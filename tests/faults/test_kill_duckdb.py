"""kill -9 of a loader of DuckDB, whose file only one process can open at a time: while it loads,
while it publishes in every mode, and while it undoes."""

import os
import random
import signal
import subprocess
from dataclasses import dataclass, field

import duckdb
import pytest

import snapshots
from tests.faults.test_kill import killed_at_random
from tests.faults.test_kill import test_killed_at_a_step_of_a_chunk as test_killed_at_a_step  # noqa: F401 - it runs here on a file of DuckDB
from tests.support import snapshots_process
from tests.support.processes import PATIENCE, finish

LOADING = ["before-claim:1", "mid-write:2", "before-commit:2", "after-commit:3", "before-finish:1"]
PUBLISHING = [
    *LOADING, "staged:1", "undo-table-made:1", "publishing:1", "refused:1", "published:1",
    "finishing:1", "cleaning:1",
]  # fmt: skip
STEPS = {
    "append": LOADING,
    "upsert": [*PUBLISHING, "former-rows-kept:1", "updated:1"],
    "mirror": [*PUBLISHING, "former-rows-kept:1", "deleted:1"],
    "replace": [*PUBLISHING, "renaming:1", "renamed:1"],
    "copy": [*PUBLISHING, "former-rows-kept:1", "deleted:1"],
    "history": [*PUBLISHING, "ended:1", "changed:1"],
    "undo": ["undo-removed:1", "undo-restored:1", "undo-before-commit:1", "undone:1"],
}
MODES = [mode for mode in STEPS if mode != "undo"]
REFUSING = ("upsert", "mirror", "copy", "history")


@pytest.fixture
def database(duckdb_url):
    """The tests of all targets run on DuckDB here."""
    return duckdb_url


def test_killed_at_random(duckdb_url, tmp_path):
    killed_at_random(duckdb_url, tmp_path, 100_000, 5)


@pytest.mark.parametrize("kills", [14, pytest.param(300, marks=pytest.mark.soak)])
@pytest.mark.timeout(7200)
def test_killed_in_every_mode(duckdb_url, tmp_path, kills):
    killer = Killer(duckdb_url, tmp_path)
    while killer.kills < kills:
        for mode in MODES:
            killer.version(mode)
            if mode != "append":
                killer.undo(mode)
            killer.version(mode)
    assert set(killer.killed) == set(STEPS), killer.killed
    print(f"killed: {killer.killed}")


@dataclass
class Killer:
    """Loads versions of a table for each mode, and is killed: the table always has the rows of
    before or those of after."""

    url: str
    folder: object
    rng: random.Random = field(default_factory=lambda: random.Random(11))
    rows: dict = field(default_factory=dict)
    """The rows that each table has, by the mode: the name of each number."""
    former: dict = field(default_factory=dict)
    killed: dict = field(default_factory=dict)
    files: int = 0
    numbers: int = 0

    @property
    def kills(self):
        return sum(self.killed.values())

    def version(self, mode):
        before = self.rows.get(mode, {})
        new, lines = self._version_of(mode, before)
        self.files += 1
        path = self.folder / f"{self.files}.csv"
        path.write_text("id,name\n" + "".join(lines))
        way = {"copy": ["--mode", "replace", "--publish", "copy"]}.get(mode, ["--mode", mode])
        key = ["--primary-key", "id"] if mode != "append" else []
        command = [
            "import", path, "--table", mode, *way, *key, "--max-deletes", "100%", "--max-rejects",
            "1", "--chunk-size", "16KB",
        ]  # fmt: skip
        # Where a record is rejected, a row that the input lacks may be its own.
        after = new if mode in ("mirror", "replace", "history") else before | new
        self._until_done(mode, mode, command, before, after)
        record = snapshots.history(self.url)[-1]
        assert (record.state, record.loaded) == ("finished", len(new)), record
        assert record.records == record.loaded + record.rejected + record.skipped
        self.former[mode], self.rows[mode] = before, after

    def undo(self, mode):
        number = snapshots.history(self.url)[-1].import_id
        before, after = self.rows[mode], self.former[mode]
        self._until_done("undo", mode, ["undo", str(number)], before, after)
        self.rows[mode] = after

    def _version_of(self, mode, before):
        """New rows, changed ones, and some that stay. One key is there twice, but not where that
        would keep a table from being renamed."""
        kept = dict(self.rng.sample(sorted(before.items()), len(before) // 2))
        if mode == "append":
            kept = {}
        new = {n: (f"new {n} {self.files}" if n % 3 else name) for n, name in kept.items()}
        for _ in range(3000 - len(new)):
            self.numbers += 1
            new[self.numbers] = f"row {self.numbers}"
        lines = [f"{n},{name}\n" for n, name in new.items()]
        twice = [lines[-1].replace(",", ",twice ")] if mode in REFUSING else []
        return new, [*lines, *twice]

    def _until_done(self, what, mode, command, before, after):
        """Kills the command at a step, or at some moment; and then lets it end."""
        for _ in range(self.rng.randint(1, 3)):
            step = self.rng.choice(STEPS[what])
            fault = {"SNAPSHOTS_FAULT": step} if self.rng.random() < 0.7 else {}
            process = self._start(command, fault)
            try:
                process.communicate(timeout=PATIENCE if fault else self.rng.uniform(0, 1))
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
            if process.returncode == -signal.SIGKILL:
                self.killed[what] = self.killed.get(what, 0) + 1
            held = self._held(mode)
            if what == "append":
                assert before.items() <= held.items() <= after.items()
            else:
                assert held in (before, after), (what, step)
        code, result, said = finish(self._start([*command, "--json"], {}))
        # 5: the one that was killed last had done all.
        assert code in (0, 3, 5), (code, result, said)
        assert self._held(mode) == after, (what, mode)

    def _start(self, command, fault):
        clean = {k: v for k, v in os.environ.items() if not k.startswith("SNAPSHOTS_")}
        return snapshots_process.start(
            [*command, "--database", self.url, "--progress", "none"]
            if command[0] == "import"
            else [*command, "--database", self.url],
            env={**clean, "SNAPSHOTS_STATE_DIR": str(self.folder / "state"), **fault},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _held(self, mode):
        current = " WHERE _valid_to IS NULL" if mode == "history" else ""
        with duckdb.connect(self.url.removeprefix("duckdb:///")) as connection:
            tables = {name for (name,) in connection.execute("SHOW TABLES").fetchall()}
            if mode not in tables:
                return {}
            found = connection.execute(f'SELECT id, name FROM "{mode}"{current}').fetchall()
        assert len(found) == len(dict(found)), "rows twice"
        return dict(found)
