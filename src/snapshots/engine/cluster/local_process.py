"""A process of the pool `local`: it takes tasks from a socket until that closes."""

from __future__ import annotations

import sys
from contextlib import suppress
from multiprocessing.connection import Connection

from snapshots.engine.cluster.child import answer
from snapshots.engine.cluster.task import begin_with


def serve(descriptor: int) -> None:
    """Works until the driver closes its end, or dies."""
    driver = Connection(descriptor)
    with suppress(EOFError, OSError):
        begin_with(driver.recv())
        answer(driver, lambda work: work)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
