"""A real Ray cluster of one host."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from tests.support.database_servers import PASSWORD, free_port


class RayHead:
    """Its workers have the password of the test servers."""

    def __init__(self, **variables):
        self._folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # its sockets need a short path
        ports = sorted({free_port() for _ in range(8)} - set(range(10002, 20000)))[:2]
        environment = {
            **os.environ,
            "PGPASSWORD": PASSWORD,
            "MYSQL_PWD": PASSWORD,
            "RAY_USAGE_STATS_ENABLED": "0",
            **variables,
        }
        environment.pop("SNAPSHOTS_DATABASE", None)
        command = [
            sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--num-cpus", "2",
            "--node-ip-address", "127.0.0.1", "--port", str(ports[0]),
            "--ray-client-server-port", str(ports[1]), "--include-dashboard", "false",
            "--temp-dir", self._folder, "--object-store-memory", "100000000",
        ]  # fmt: skip
        for tries_left in (2, 1, 0):
            done = subprocess.run(
                command, env=environment, check=False, capture_output=True, text=True, timeout=300
            )
            if done.returncode == 0:
                break
            # Ray gives a raylet 30 s to start, which may be too short for a busy machine.
            self.end()
            assert tries_left, done.stdout + done.stderr
        self.addresses = f"127.0.0.1:{ports[0]}", f"ray://127.0.0.1:{ports[1]}"
        """For a driver that belongs to the cluster, and for a client."""

    def kill(self, name=b""):
        """Kills its processes that are called so, by kill -9. Returns how many."""
        killed = 0
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and self._has(entry, name):
                with suppress(ProcessLookupError):
                    os.kill(int(entry.name), signal.SIGKILL)
                    killed += 1
        return killed

    def end(self):
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _has(self, process, name):
        """By its command or its environment."""
        try:
            words = (process / "cmdline").read_bytes()
            told = words + (process / "environ").read_bytes()
        except OSError:
            return False
        return self._folder.encode() in told and name in words.split(b"\0")[0]
