"""Workers as processes, and the queue as a test sees it."""

import os
import subprocess
from contextlib import closing, contextmanager

from snapshots import locations
from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.queue import commands
from snapshots.engine.queue.request import ImportRequest
from tests.support import snapshots_process

BOUND = 100


@contextmanager
def worker(database, folder, fault="", allow="", progress="none", **variables):
    """`snapshots worker`; killed at the end if it still lives."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SNAPSHOTS_")}
    environment["SNAPSHOTS_STATE_DIR"] = str(folder / "state")
    if fault:
        environment["SNAPSHOTS_FAULT"] = fault
    environment |= variables
    if allow:
        environment["SNAPSHOTS_ALLOW_HOST"] = allow
    arguments = ["worker", "--database", database, "--files", folder, "--progress", progress]
    process = snapshots_process.start(arguments, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        _, err = process.communicate()
        assert "Traceback" not in err, err


@contextmanager
def books(database):
    """The ledger of a database, made where it is missing."""
    with closing(LedgerSession(locations.target(database), create=True)) as opened:
        yield opened


def submit(database, key=None, bound=BOUND, **order):
    """Asks for an import; its entry."""
    with books(database) as opened:
        return commands.submit(opened.ledger, ImportRequest.of(**order), key, bound)


def entry(database, import_id):
    """As the ledger has it now."""
    with books(database) as opened:
        return commands.find(opened.ledger, import_id)
