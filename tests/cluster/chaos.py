"""Runs an import on hosts of their own, while things happen to them."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from tests.cluster.account import faults
from tests.cluster.made_file import CONTRACT

ROOT = Path(__file__).parents[2]


class Run:
    """One import of the cluster's file, driven from a host."""

    def __init__(self, cluster, truth, table, /, host="one", **options):
        self._cluster, self._truth, self.table = cluster, truth, table
        given = {"hosts": cluster.commands(), "workers": 2, "contract": CONTRACT, **options}
        command = [sys.executable, "-m", "tests.cluster.drive", f"{cluster.web}/made.csv", table]
        self.process = cluster.network.start(
            host,
            *command,
            json.dumps(given),
            cwd=ROOT,
            env=cluster.environment,
            stdout=subprocess.PIPE,
            stderr=(cluster.folder.parent / f"{table}.log").open("w"),
            text=True,
        )

    def ended(self, seconds=600):
        """What it printed; `{}` if it was killed."""
        said, _ = self.process.communicate(timeout=seconds)
        return json.loads(said.splitlines()[-1]) if said.strip() else {}

    def faults(self, number):
        return faults(self._cluster.postgres.url(), number, self.table, self._truth)


class Processes:
    """The hosts, each with processes of the pool `local`: what Ray does, without Ray."""

    def __init__(self, cluster, fault=""):
        """`fault`: a `SNAPSHOTS_FAULT` of the second host."""
        self._network = cluster.network
        commands = cluster.commands()
        if fault:
            commands["two"] += ["env", f"SNAPSHOTS_FAULT={fault}"]
        self.options = {"hosts": commands}

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        pass

    def tasks(self, host):
        """The processes that carry tasks out there."""
        space = Path(f"/run/netns/{self._network.namespace(host)}").stat().st_ino
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(OSError):
                    words = (entry / "cmdline").read_bytes()
                    there = (entry / "ns" / "net").stat().st_ino == space
                    if b"cluster.local_process" in words and there:
                        found.append(int(entry.name))
        return found

    everything = tasks

    def kill(self, host):
        """Kills all that belongs to the cluster there."""
        signal_all(self.everything(host), signal.SIGKILL)

    def start(self, host):
        """The driver starts processes again."""


def signal_all(processes, number):
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, number)


class Chaos(threading.Thread):
    """Kills tasks of all hosts at random, until it is told to stop: one each time that so many more
    chunks are committed. So a busy machine has no more deaths than a quick one."""

    def __init__(self, cluster, seed, committed, *, every=(4, 12)):
        super().__init__(daemon=True)
        self._cluster, self._rng = cluster, random.Random(seed)
        self._committed, self._every = committed, every
        self._over = threading.Event()
        self.killed = 0

    def run(self):
        wanted = self._committed() + self._rng.randint(*self._every)
        while not self._over.wait(0.2):
            if self._committed() < wanted:
                continue
            tasks = [one for host in ("one", "two") for one in self._cluster.tasks(host)]
            if tasks:
                self.killed += 1
                signal_all([self._rng.choice(tasks)], signal.SIGKILL)
                wanted = self._committed() + self._rng.randint(*self._every)

    def stop(self):
        self._over.set()
        self.join()


class Cable(threading.Thread):
    """Pulls the cable of the second host when one of its tasks stops at its fault, and lets all go
    on then."""

    def __init__(self, network, cluster):
        super().__init__(daemon=True)
        self._network, self._cluster = network, cluster
        self._over = threading.Event()
        self.pulled = 0.0

    def run(self):
        while not self._over.wait(0.02):
            stopped = [one for one in self._cluster.tasks("two") if _state(one) == "T"]
            if stopped and not self.pulled:
                self._network.pull("two")
                self.pulled = time.monotonic()
            signal_all(stopped, signal.SIGCONT)

    def stop(self):
        self._over.set()
        self.join()
        self._network.plug("two")


def _state(process):
    with suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    return ""
