"""Imports that are killed, and a checker that recounts the table against the file."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from snapshots import locations
from snapshots.engine.verify.located import VerifyOptions
from snapshots.engine.verify.verify import verify_import

PATIENCE = 300.0
"""Seconds for what is waited for. Nothing is promised by it: it ends a test that hangs, and beside
other work everything takes as long as it takes."""
SOON = 2.0
"""Seconds from a signal to the end of a process, as promised where it has the machine to itself."""
BUSY = 15
"""So many times as long what is promised may take by the clock, beside other work."""


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
    **variables,
):
    """An import of the file, as a process of its own; `limits`: those of the `resource` module."""
    environment = {**os.environ, "SNAPSHOTS_STATE_DIR": str(state_dir), **variables}
    environment.pop("SNAPSHOTS_FAULT", None)
    if fault:
        environment["SNAPSHOTS_FAULT"] = fault
    command = [
        sys.executable, "-m", "snapshots", "import", "--database", database, "--table", "t",
        "--contract", str(contract), "--chunk-size", chunk_size, "--json", "--progress", progress,
        str(made.path),
    ]  # fmt: skip

    return subprocess.Popen(
        command,
        env=environment,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limiting(limits),  # noqa: PLW1509 - no other thread is in the way
    )


def limiting(limits):
    """Sets limits of the `resource` module in a process that begins; None where there are none."""

    def limit():
        for kind, most in limits.items():
            resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))

    return limit if limits else None


def held(process):
    """Waits until it has stopped itself, as `POINT:N:stop` has it: in the middle of its work, which
    lasts until somebody lets it go on, however busy the machine is."""

    def stopped():
        assert process.poll() is None, f"it has ended: {process.communicate()}"
        with suppress(ChildProcessError):
            options = os.WSTOPPED | os.WNOHANG | os.WNOWAIT
            return os.waitid(os.P_PID, process.pid, options) is not None

    wait_for(stopped)


def go_on(process):
    """Lets a process that was stopped work, until it stops itself the next time."""
    # What was said of its last stop is taken, or it would seem to be stopped still.
    with suppress(ChildProcessError):
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOHANG)
    process.send_signal(signal.SIGCONT)


def let_end(process):
    """Lets a process that stops itself again and again work until its end; what `finish` gives."""
    while process.poll() is None:
        go_on(process)
        time.sleep(0.02)
    return finish(process)


@contextmanager
def ending_soon(process, seconds=SOON):
    """Within the block the process is told to end, and has ended at its end: it has used the
    processor for no longer than it may take, and the clock says no more than beside other work."""
    began, before = time.monotonic(), _used_by_children()
    own = _used(process.pid)
    yield
    assert process.poll() is not None
    assert time.monotonic() - began < seconds * BUSY
    assert _used_by_children() - before - own < seconds


def interrupted(process, number, seconds=SOON):
    """Sends the signal to a process that is in the middle of its work, for certain if it is stopped
    there, and lets it go on; what `finish` gives, soon."""
    with ending_soon(process, seconds):
        process.send_signal(number)
        go_on(process)
        return finish(process)


def _used_by_children():
    """Seconds of the processor, of processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _used(pid):
    """By one that lives; where the system does not tell, as if it had used none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def finish(process, seconds=PATIENCE):
    """Waits for a process that nobody kills; its exit code, and its last object."""
    out, err = process.communicate(timeout=seconds)
    assert "Traceback" not in err, err
    lines = out.strip().splitlines()
    return process.returncode, json.loads(lines[-1]) if lines else {}, err


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


def wait_for(condition, seconds=PATIENCE):
    """Until the condition holds; `seconds` are given where they are promised."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("waited in vain")
