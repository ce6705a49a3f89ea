"""Names the process that works on an import, so that others can tell whether it still lives."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from snapshots.time_limits import LEASE_SECONDS


def this_process() -> str:
    """Returns the name of this process: its host, process id and start time."""
    pid = os.getpid()
    return f"{socket.gethostname()}:{pid}:{_started(pid)}"


def alive(owner: str | None, heartbeat_age: float) -> bool:
    """Tells whether an owner may still be writing.

    On this host the process table knows, and a killed process is not waited for. Elsewhere,
    and for a process that is there but has fallen silent, the heartbeat decides. One that is of
    the future was before the database's clock was put back: whoever lives gives another soon.
    """
    if owner is None or heartbeat_age > LEASE_SECONDS:
        return False
    host, _, _ = owner.rsplit(":", 2)
    if host != socket.gethostname():
        return heartbeat_age > -LEASE_SECONDS
    return there(owner)


def there(owner: str | None) -> bool:
    """Tells whether an owner is a process of this host that lives, whatever it does."""
    if owner is None:
        return False
    host, pid, started = owner.rsplit(":", 2)
    return host == socket.gethostname() and _exists(int(pid)) and _started(int(pid)) == started


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _started(pid: int) -> str:
    """Returns the start time in clock ticks since boot: it tells a reused pid apart. Linux only."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return "0"
    fields = stat.rpartition(")")[2].split()
    # A process that is dead and not yet waited for is in the table, and does nothing any more.
    return "dead" if fields[0] in "ZX" else fields[19]
