"""PostgreSQL and a web server on a host of their own."""

import json
import subprocess
import sys
import time
from pathlib import Path

from tests.cluster.network import DATABASE
from tests.support.database_servers import QUOTED_PASSWORD, USER, PostgresServer

ROOT = Path(__file__).parents[2]
PORT = 8080


class PostgresOnHost(PostgresServer):
    """Reached by other hosts at its address, and by the tests through its folder."""

    def __init__(self, network, host):
        self._network, self._host = network, host
        super().__init__()

    def create(self):
        super().create()
        with (self.folder / "data" / "pg_hba.conf").open("a") as file:
            file.write("host all all 10.77.0.0/24 scram-sha-256\n")

    def command(self):
        more = ["-c", "max_connections=200", "-c", "fsync=off"]
        return [DATABASE if one == "127.0.0.1" else one for one in super().command()] + more

    def url(self, database=USER):
        return (
            f"postgresql://{USER}:{QUOTED_PASSWORD}@/{database}?host={self.folder}&port={self.port}"
        )

    @property
    def network_url(self):
        return f"postgresql://{USER}:{QUOTED_PASSWORD}@{DATABASE}:{self.port}/{USER}"

    def _spawn(self, command):
        uid, gid = self._identity
        as_user = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                self._network.command(self._host, *as_user, *command),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


def serve(network, host, folder, rate=0):
    """Serves the files of a folder; returns the URL without their names."""
    network.start(
        host,
        sys.executable, "-m", "tests.cluster.range_server", DATABASE, PORT, folder, rate,
        cwd=ROOT,
    )  # fmt: skip
    return f"http://{DATABASE}:{PORT}"


def sent(network, host):
    """The bytes that each client has had, by its address."""
    code = f"import urllib.request as u; print(u.urlopen('http://{DATABASE}:{PORT}/sent').read().decode())"
    command = network.command(host, sys.executable, "-c", code)

    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def wait_for(network, host, url):
    """Until the web server answers."""
    code = f"import urllib.request as u; u.urlopen('{url}/sent')"
    for _ in range(200):
        command = network.command(host, sys.executable, "-c", code)
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return
        time.sleep(0.1)
    raise TimeoutError(url)
