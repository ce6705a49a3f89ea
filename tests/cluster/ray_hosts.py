"""A Ray cluster on hosts of their own, all with one name."""

import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from tests.cluster.chaos import signal_all
from tests.cluster.network import FIRST, SECOND

PORT = 6379
ADDRESSES = {"one": FIRST, "two": SECOND}
_OURS = (b"tests.cluster.drive", b"cluster.ray_process")
"""The driver, and its process in the cluster."""


class RayHosts:
    """Two raylets, and the head on the host `one`."""

    def __init__(self, cluster, slots=2, lacks="", fault=""):
        """`lacks`: a variable that the second host has not; `fault`: its `SNAPSHOTS_FAULT`."""
        self._lacks, self._fault = lacks, fault
        self._cluster, self._slots = cluster, slots
        # Its sockets need a short path.
        self._folder = Path(tempfile.mkdtemp(prefix="rays-", dir="/tmp"))
        self.address = f"{FIRST}:{PORT}"
        self.options = {"hosts": None, "cluster": self.address}

    def __enter__(self):
        try:
            self.start("one")
            self.start("two")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error):
        for host in ADDRESSES:
            self.kill(host)
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self, host):
        """Starts a raylet."""
        given = ["--head", f"--port={PORT}", "--include-dashboard=false"]
        if host != "one":
            given = [f"--address={self.address}"]
        command = self._cluster.network.command(
            host, "sh", "-c", 'hostname node; exec "$@"', "sh", sys.executable,
            "-m", "ray.scripts.scripts", "start", *given, f"--num-cpus={self._slots}",
            f"--node-ip-address={ADDRESSES[host]}", f"--temp-dir={self._folder / host}",
            "--object-store-memory=100000000", "--disable-usage-stats",
        )  # fmt: skip
        environment = self._cluster.environment
        if host == "two":
            environment.pop(self._lacks, None)
            environment["SNAPSHOTS_FAULT"] = self._fault
        # The password is in the environment of the host, and in no task.
        for tries_left in (2, 1, 0):
            done = subprocess.run(
                command, env=environment, check=False, capture_output=True, text=True, timeout=120
            )
            if done.returncode == 0:
                return
            # Ray gives a raylet 30 s to start, which may be too short for a busy machine.
            assert tries_left, done.stdout + done.stderr
            self.kill(host)

    def tasks(self, host):
        """The processes that carry tasks out there."""
        # The raylet ends with others that are called so, such as its agents.
        names = (b"ray::load", b"ray::survey_range")
        return [number for number, words in self._processes(host) if words.startswith(names)]

    def everything(self, host):
        """The raylet, and all its workers."""
        return [number for number, _ in self._processes(host)]

    def kill(self, host):
        """Kills all that belongs to the cluster there."""
        signal_all(self.everything(host), signal.SIGKILL)

    def _processes(self, host):
        space = Path(f"/run/netns/{self._cluster.network.namespace(host)}").stat().st_ino
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            with suppress(OSError):
                words = (entry / "cmdline").read_bytes()
                there = (entry / "ns" / "net").stat().st_ino == space
                ours = b"ray" in words and not any(one in words for one in _OURS)
                if there and ours:
                    yield int(entry.name), words
