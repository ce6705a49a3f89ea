"""Imports that are killed, and a checker that recounts the table against the file."""

import json
import os
import random
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import snapshots
from snapshots import locations
from snapshots.engine.verify.located import VerifyOptions
from snapshots.engine.verify.verify import verify_import
from tests.support import snapshots_process
from tests.support.processes import finish, limiting


@dataclass
class Made:
    """A file whose every record's fate is known."""

    path: Path
    good: set[int] = field(default_factory=set)
    bad: set[int] = field(default_factory=set)
    blank: int = 0

    @property
    def records(self):
        return len(self.good) + len(self.bad) + self.blank


def make_file(path, records, seed=1, padding=""):
    """id,name,amount,at: 1 % bad amounts, some blank lines, some quoted line ends; `padding` makes
    the others longer."""
    made = Made(path)
    rng = random.Random(seed)
    line = 2
    with path.open("w", newline="") as file:
        file.write("id,name,amount,at\n")
        for n in range(records):
            roll = rng.random()
            if roll < 0.002:
                file.write("\n")
                made.blank += 1
                line += 1
            elif roll < 0.012:
                file.write(f"{n},bad,12x{n},2024-01-01 00:00:00\n")
                made.bad.add(line)
                line += 1
            elif roll < 0.02:
                file.write(f'{n},"two\nlines, {n}",1.5,2024-01-01 00:00:00\n')
                made.good.add(line)
                line += 2
            else:
                file.write(f"{n},name {n}{padding},{n % 1000}.25,2024-01-01 00:00:{n % 60:02d}\n")
                made.good.add(line)
                line += 1
    return made


def schema_file(folder):
    """The contract that makes `12x` a reject; inference would make the column text."""
    path = folder / "schema.json"
    fields = [
        {"name": "id", "type": "integer"},
        {"name": "name", "type": "string"},
        {"name": "amount", "type": "number"},
        {"name": "at", "type": "datetime"},
    ]
    path.write_text(json.dumps({"fields": fields}))
    return path


def start(
    database,
    made,
    contract,
    state_dir,
    fault="",
    chunk_size="64KB",
    progress="none",
    limits=None,
    stdin=None,
    options=(),
    **variables,
):
    """An import of the file, as a process of its own; `limits`: those of the `resource` module."""
    environment = {**os.environ, "SNAPSHOTS_STATE_DIR": str(state_dir), **variables}
    environment.pop("SNAPSHOTS_FAULT", None)
    if fault:
        environment["SNAPSHOTS_FAULT"] = fault
    arguments = [
        "import", "--database", database, "--table", "t", "--contract", contract,
        "--chunk-size", chunk_size, "--json", "--progress", progress, *options, made.path,
    ]  # fmt: skip
    return snapshots_process.start(
        arguments,
        env=environment,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limiting(limits),
    )


CHUNK, WORKERS = 16 * 1024, 4
"""Of a loader that is killed; each worker may have committed one more."""


def kill_at_random(database, made, contract, state_dir, kills, seed=7):
    """Kills the loader at random moments and goes on, until it was killed so often; then lets
    it end. Most of the moments are while it loads, some while it starts.

    However late it is killed beside other work, it stops before it has loaded more than its share.
    """
    rng = random.Random(seed)
    share = made.path.stat().st_size // CHUNK // (kills + 1) - WORKERS
    assert share > WORKERS, "the file is too small to be killed so often"
    fault = f"after-commit:{share}:stop"
    for killed in range(kills):
        process = start(
            database, made, contract, state_dir, fault, chunk_size=str(CHUNK), progress="json"
        )
        if rng.random() < 0.8:
            while (line := process.stderr.readline()) and '"started"' not in line:
                pass
        try:
            process.wait(timeout=rng.uniform(0.0, 0.1))
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
        if process.returncode != -signal.SIGKILL:
            return killed, finish(start(database, made, contract, state_dir))
    # All that is left of a file of millions of records, on a machine that may be busy.
    return kills, finish(start(database, made, contract, state_dir), seconds=1800)


def check(database, made, import_id=1):
    """0 lost, 0 twice, each reject kept once, and the ledger's sums are the file's."""
    session = locations.target(database).connect(create=False)
    try:
        lines = [row[0] for row in session.execute("SELECT _line FROM t ORDER BY _line")]
        assert len(lines) - len(set(lines)) == 0, "rows twice"
        assert set(lines) == made.good, "rows lost or too many"
        rejects = session.execute(
            "SELECT line FROM snapshots_rejects WHERE import_id = ? ORDER BY line", (import_id,)
        )
        assert [row[0] for row in rejects] == sorted(made.bad)
        sums = session.execute(
            "SELECT state, records, loaded, rejected, skipped FROM snapshots_imports WHERE id = ?",
            (import_id,),
        )
        assert sums == [("finished", made.records, len(made.good), len(made.bad), made.blank)], sums
        imports = session.execute("SELECT COUNT(*) FROM snapshots_imports")
        assert imports == [(1,)], "the import was begun twice"
    finally:
        session.close()
    options = VerifyOptions(input=str(made.path))
    report = verify_import(import_id, locations.target(database), options, lambda _: None)
    assert (report.result, report.equal) == ("equal", len(made.good)), report


def committed_chunks(database):
    try:
        session = locations.target(database).connect(create=False)
    except snapshots.SnapshotsError:
        return 0
    try:
        return session.execute("SELECT COUNT(*) FROM snapshots_chunks")[0][0]
    except snapshots.SnapshotsError:
        return 0
    finally:
        session.close()
