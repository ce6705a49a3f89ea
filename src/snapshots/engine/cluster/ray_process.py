"""The process that belongs to a Ray cluster, for a driver that does not.

Ray ends its process, without an error, if the head or the host's raylet dies.
"""

from __future__ import annotations

import os
import sys
import threading
from multiprocessing.connection import Connection
from typing import Any, Final

from snapshots.engine.cluster.child import answer
from snapshots.engine.cluster.ray_pool import RayPool

_LEAVE_SECONDS: Final = 10


def serve(descriptor: int) -> None:
    """Carries out what the driver asks of the pool, until it closes its end, or dies."""
    pools: list[RayPool] = []

    def join(address: str) -> None:
        pools.append(RayPool(address))

    def find(word: str) -> Any:
        return join if word == "join" else getattr(pools[0], word)

    answer(Connection(descriptor), find, until="close")
    # A cluster that is gone may never let go.
    at_the_latest = threading.Timer(_LEAVE_SECONDS, os._exit, (1,))
    at_the_latest.daemon = True
    at_the_latest.start()
    for pool in pools:
        pool.close()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
