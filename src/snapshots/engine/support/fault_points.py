"""Named points at which a test can kill, stop or fail this process. Otherwise they do nothing."""

from __future__ import annotations

import os

from snapshots import system
from snapshots._native import PanicException

_WANTED = os.environ.get("SNAPSHOTS_FAULT", "")
"""`POINT:N` kills the process, as by kill -9, the Nth time that POINT is reached.

`POINT:N:panic` raises a panic of the kernel instead, `POINT:N:error` an unexpected error.
`POINT:N:stop` stops the process until it gets SIGCONT, `POINT:N:stops` does so every Nth time.
"""

_point, _, _rest = _WANTED.partition(":")
_count, _, _how = _rest.partition(":")
_nth = int(_count) if _count.isdigit() else 1
_left = _nth


def fault_point(name: str) -> None:
    """Kills, stops or fails the process here if `SNAPSHOTS_FAULT` asks for it."""
    if name != _point:
        return
    global _left  # noqa: PLW0603 - a countdown of this process
    _left -= 1
    if _left == 0:
        if _how == "panic":
            raise PanicException("as a test wants it")
        if _how == "error":
            raise RuntimeError("as a test wants it")
        if _how in {"stop", "stops"}:
            _left = _nth if _how == "stops" else 0
            system.freeze()
            return
        system.die()
