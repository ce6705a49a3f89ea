"""Runs a command and says what it cost: time, processor and memory of both sides."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

POLL_SECONDS = 0.02
SETTLE_SECONDS = 0.3
"""For a server to reap the process that served the client, which books that one's time."""
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


class Failed(Exception):
    """A measured command did not end as it should; the text says what it printed."""


@dataclass(frozen=True)
class Cost:
    """What one run of a command took."""

    seconds: float
    client_cpu: float
    server_cpu: float | None
    """None where there is no server, or the system does not tell."""
    peak_rss: int
    """Bytes, of the whole client process."""

    def __add__(self, later: Cost) -> Cost:
        """Of both, one after the other."""
        none = self.server_cpu is None or later.server_cpu is None
        return Cost(
            self.seconds + later.seconds,
            self.client_cpu + later.client_cpu,
            None if none else (self.server_cpu or 0) + (later.server_cpu or 0),
            max(self.peak_rss, later.peak_rss),
        )


def run(
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
    server_pid: int | None = None,
    exit_codes: Sequence[int] = (0,),
) -> Cost:
    """Runs the command to its end; raises Failed if its exit code is none of those."""
    with tempfile.TemporaryFile("w+") as given, tempfile.TemporaryFile("w+") as printed:
        given.write(stdin)
        given.seek(0)
        served = _tree_cpu(server_pid)
        begin = time.perf_counter()
        process = subprocess.Popen(
            command, env=env, stdin=given, stdout=printed, stderr=subprocess.STDOUT
        )
        memory = _PeakMemory(process.pid)
        memory.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        memory.join()
        if process.returncode not in exit_codes:
            printed.seek(0)
            text = printed.read()[-2000:]
            raise Failed(f"{' '.join(command)}\nended with {process.returncode}:\n{text}")
    time.sleep(SETTLE_SECONDS)
    served_after = _tree_cpu(server_pid)
    return Cost(
        seconds,
        usage.ru_utime + usage.ru_stime,
        None if served is None or served_after is None else served_after - served,
        memory.peak or usage.ru_maxrss * MAXRSS_UNIT,
    )


def middle(costs: Iterable[Cost]) -> Cost:
    """The median of each figure by itself; of the memory, the highest."""
    runs = list(costs)
    served = [run.server_cpu for run in runs if run.server_cpu is not None]
    return Cost(
        median(run.seconds for run in runs),
        median(run.client_cpu for run in runs),
        median(served) if served else None,
        max(run.peak_rss for run in runs),
    )


class Meter:
    """What a client costs that was there before and goes on, such as a service."""

    def __init__(self, client_pid: int, server_pid: int | None = None) -> None:
        self._pids = client_pid, server_pid
        self._cpu = tuple(map(_tree_cpu, self._pids))
        self._began = time.perf_counter()

    def stop(self) -> Cost:
        """Since it was made; the memory is the highest since the client was started."""
        seconds = time.perf_counter() - self._began
        time.sleep(SETTLE_SECONDS)
        client, server = (
            None if before is None or after is None else after - before
            for before, after in zip(self._cpu, map(_tree_cpu, self._pids), strict=True)
        )
        return Cost(seconds, client or 0.0, server, _high_water(self._pids[0]) or 0)


class _PeakMemory(threading.Thread):
    """Watches the high-water mark that Linux keeps for a process.

    getrusage's own mark begins with the memory of the process that forked, which hides a small
    client behind this program.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self.peak = 0

    def run(self) -> None:
        while peak := _high_water(self._pid):
            self.peak = peak
            time.sleep(POLL_SECONDS)


def _high_water(pid: int) -> int | None:
    """Bytes; None where the process has ended, or the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    found = next((line for line in lines if line.startswith("VmHWM:")), None)
    return None if found is None else int(found.split()[1]) * 1024


def _tree_cpu(root: int | None) -> float | None:
    """Seconds that a process, its children and those it has reaped have used so far."""
    if root is None or not Path(f"/proc/{root}/stat").exists():
        return None
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(entry.parent.name)
        parents[pid] = int(fields[1])
        ticks[pid] = sum(map(int, fields[11:15]))
    family = {root}
    while grown := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= grown
    return sum(ticks.get(pid, 0) for pid in family) / os.sysconf("SC_CLK_TCK")
