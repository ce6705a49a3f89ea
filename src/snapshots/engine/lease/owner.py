"""Names the process that works on an import, so that others can tell whether it still lives."""

from __future__ import annotations

import os
import socket
from functools import cache

from snapshots import system
from snapshots.time_limits import LEASE_SECONDS


def this_process() -> str:
    """Returns the name of this process: its host, process id and start time."""
    return _name_of(os.getpid())


@cache
def _name_of(pid: int) -> str:
    """The name of a process that lives for as long as it is asked for."""
    return f"{_this_host()}:{pid}:{system.process_started(pid)}"


def in_words(owner: str | None) -> str:
    """Returns what to call a process in a message.

    >>> in_words("shop/74ed2f6a:32173:374647")
    'process 32173 on shop'
    """
    if owner is None:
        return "another process"
    host, pid, _ = owner.rsplit(":", 2)
    return f"process {pid} on {host.partition('/')[0]}"


def alive(owner: str | None, heartbeat_age: float) -> bool:
    """Tells whether an owner may still be writing.

    On this host the process table knows, and a killed process is not waited for. Elsewhere,
    and for a process that is there but has fallen silent, the heartbeat decides. One that is of
    the future was before the database's clock was put back: whoever lives gives another soon.
    """
    if owner is None or heartbeat_age > LEASE_SECONDS:
        return False
    host, _, _ = owner.rsplit(":", 2)
    if not _is_here(host):
        return heartbeat_age > -LEASE_SECONDS
    return there(owner)


def there(owner: str | None) -> bool:
    """Tells whether an owner is a process of this host that lives, whatever it does."""
    if owner is None:
        return False
    host, pid, started = owner.rsplit(":", 2)
    return (
        _is_here(host)
        and system.process_exists(int(pid))
        and (system.process_started(int(pid)) == started)
    )


def _is_here(host: str) -> bool:
    """Whether processes of that host are in this process's table. Older releases wrote the bare
    name of the host."""
    return host in (_this_host(), socket.gethostname())


def _this_host() -> str:
    """The name of this host, and a word that only processes share which see each other: two
    containers may have one name, and each a process 7."""
    seen = _process_table()
    return f"{socket.gethostname()}/{seen}" if seen else socket.gethostname()


@cache
def _process_table() -> str:
    return system.process_table()
