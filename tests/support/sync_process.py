"""`snapshots sync` as a process, and a checker that compares table, ledger and files."""

import json
import os
import signal

from snapshots import locations
from tests.support import snapshots_process
from tests.support.processes import PATIENCE, ending_soon, go_on, wait_for

STOP_SECONDS = 10
"""To the end, once it is told, whatever keeps silent."""


class Service:
    """A running service; what it says is in a file, an object a line."""

    prefix = ()
    """What stands before the command."""
    tracebacks = False
    """Whether it may print one."""

    def __init__(self, database, folder, *options, store=None, **environment):
        """`store` is the URL of what is watched in place of the folder, which gets the log."""
        self.folder = folder
        self.log = folder.parent / "log"
        self._begin = self.log.stat().st_size if self.log.exists() else 0
        clean = {k: v for k, v in os.environ.items() if not k.startswith("SNAPSHOTS_")}
        with self.log.open("a") as log:
            self.process = snapshots_process.start(
                [
                    "sync", "--database", database, "--data-dir", store or folder,
                    *(() if store else ("--settle", "0.3")), "--rescan", "1", "--json", *options,
                ],
                prefix=self.prefix,
                stdout=log,
                stderr=log,
                cwd=folder.parent,
                env={**clean, "SNAPSHOTS_STATE_DIR": str(folder.parent / "state"), **environment},
            )  # fmt: skip

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def said(self, event=None):
        """Its events, of one kind or all; not those of services before it."""
        lines = self.log.read_bytes()[self._begin :].decode().splitlines()
        traced = "Traceback (most recent call last):" in lines
        assert self.tracebacks or not traced, "\n".join(lines)
        found = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
        return [one for one in found if event in (None, one["event"])]

    def wait_for(self, condition):
        def met():
            assert self.process.poll() is None, self.log.read_text()[-4000:]
            return condition()

        try:
            wait_for(met, PATIENCE)
        except AssertionError as error:
            raise AssertionError(self.log.read_text()[-4000:]) from error

    def wait_ended(self, *names):
        """Until files of these names are imported, or recognised."""
        self.wait_for(
            lambda: set(names) <= {one["path"].rpartition("/")[2] for one in self.said("ended")}
        )

    def wait_refused(self, *names):
        self.wait_for(
            lambda: set(names) <= {one["path"].rpartition("/")[2] for one in self.said("refused")}
        )

    def terminate(self):
        """As systemd does; the exit code."""
        with ending_soon(self.process, STOP_SECONDS):
            self.process.send_signal(signal.SIGTERM)
            go_on(self.process)
            return self.process.wait(PATIENCE)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class WithoutRights(Service):
    """Root may read any file, unless it has given up that right."""

    if os.getuid() == 0:
        prefix = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")


def once(database, folder, *options, **how):
    """A single pass; exit code and events."""
    (folder.parent / "log").unlink(missing_ok=True)
    with Service(database, folder, "--once", *options, **how) as service:
        code = service.process.wait(timeout=PATIENCE)
        return code, service.said()


def rows(first, count):
    return "id,name\n" + "".join(f"{n},name {n}\n" for n in range(first, first + count))


def put(path, first, count):
    """As careful programs do: under another name first."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(rows(first, count))
    part.rename(path)


def query(database, sql):
    session = locations.target(database).connect(create=False)
    try:
        return session.execute(sql)
    finally:
        session.close()


def check(database, expected, table="t"):
    """Each row once, and the ledger says the same."""
    ids = [row[0] for row in query(database, f"SELECT id FROM {table} ORDER BY id")]
    assert len(ids) == len(set(ids)), "rows twice"
    assert ids == sorted(expected), "rows lost or too many"
    sums = query(
        database,
        "SELECT COALESCE(SUM(c.loaded), 0), COALESCE(SUM(c.records - c.loaded - c.rejected"
        " - c.skipped), 0) FROM snapshots_chunks c JOIN snapshots_imports i ON i.id = c.import_id"
        f" WHERE i.table_name = '{table}'",
    )
    assert [int(n) for n in sums[0]] == [len(expected), 0]
    open_ones = query(
        database,
        "SELECT input, state FROM snapshots_imports WHERE state NOT IN ('finished', 'failed')",
    )
    assert open_ones == []
