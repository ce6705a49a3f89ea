"""Named points at which a test can kill this process. They do nothing otherwise."""

from __future__ import annotations

import os
import signal

_WANTED = os.environ.get("SNAPSHOTS_FAULT", "")
"""`POINT:N`: the Nth time that POINT is reached, the process dies as by kill -9."""

_point, _, _count = _WANTED.partition(":")
_left = int(_count) if _count.isdigit() else 1


def fault_point(name: str) -> None:
    """Dies here if the test asked for it."""
    if name != _point:
        return
    global _left  # noqa: PLW0603 - a countdown of this process
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
