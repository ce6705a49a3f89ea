"""The pool `local` with processes on several hosts: what Ray does, without Ray."""

import itertools
import os
import subprocess
import sys
from contextlib import suppress
from typing import ClassVar

from snapshots.engine.cluster import address, child, local_pool


class HostsPool(local_pool.LocalPool):
    """Gives each task to the host that it is to be near."""

    commands: ClassVar[dict] = {}
    """For each host, what runs a command there."""

    def __init__(self, target, size):
        super().__init__(target, size * len(self.commands))
        self._near = {}
        self._free = {host: [] for host in self.commands}
        self._each = size

    def hosts(self):
        return dict.fromkeys(self.commands, self._each)

    def submit(self, work, *args, near=None):
        self._near[next(_peek(self))] = near
        return super().submit(work, *args)

    def _give(self):
        for process in self._idle:
            self._free[process.host].append(process)
        self._idle.clear()
        for task in list(self._waiting):
            host = self._near[task[0]]
            if not self._room(host):
                continue
            self._waiting.remove(task)
            process = self._free[host].pop() if self._free[host] else _started(self._target, host)
            self._busy[task[0]] = process
            with suppress(OSError):
                process.connection.send_bytes(task[1])

    def _room(self, host):
        return self._each - sum(one.host == host for one in self._busy.values())

    def close(self):
        self._idle.extend(itertools.chain.from_iterable(self._free.values()))
        super().close()


def _peek(pool):
    """The number that the next handle has."""
    number = next(pool._numbers)
    pool._numbers = itertools.count(number)
    return iter([number])


def _started(target, host):
    def start(module, descriptor, **_how):
        command = [*HostsPool.commands[host], sys.executable, "-m", module, str(descriptor)]
        return subprocess.Popen(
            command,
            pass_fds=[descriptor],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "PYTHONSAFEPATH": "1"},
        )

    was, child.start = child.start, start
    try:
        process = child.Child("snapshots.engine.cluster.local_process")
    finally:
        child.start = was
    process.host = host
    return local_pool.started(process, target)


def install(commands):
    """From now on `--cluster local` uses the hosts."""
    HostsPool.commands = commands
    address.LocalPool = HostsPool
