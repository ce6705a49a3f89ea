"""Named points at which a test can kill this process, or have the kernel panic. They do nothing
otherwise.
"""

from __future__ import annotations

import os
import signal

from snapshots._native import PanicException

_WANTED = os.environ.get("SNAPSHOTS_FAULT", "")
"""`POINT:N`: the Nth time that POINT is reached, the process dies as by kill -9;
with `POINT:N:panic` a panic of the kernel comes out of it.
"""

_point, _, _count = _WANTED.removesuffix(":panic").partition(":")
_left = int(_count) if _count.isdigit() else 1


def fault_point(name: str) -> None:
    """Dies or panics here if the test asked for it."""
    if name != _point:
        return
    global _left  # noqa: PLW0603 - a countdown of this process
    _left -= 1
    if _left == 0:
        if _WANTED.endswith(":panic"):
            raise PanicException("as a test wants it")
        os.kill(os.getpid(), signal.SIGKILL)
