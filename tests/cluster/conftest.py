import atexit
import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from tests.cluster.made_file import make
from tests.cluster.network import DATABASE, FIRST, SECOND, Network, missing
from tests.cluster.servers import PostgresOnHost, serve, wait_for

HOSTS = ("one", "two")


@dataclass
class Cluster:
    network: Network
    postgres: PostgresOnHost
    web: str
    folder: Path

    @property
    def environment(self):
        return {**os.environ, "SNAPSHOTS_DATABASE": self.postgres.network_url}

    def commands(self):
        """What runs a command on each host."""
        return {host: self.network.command(host) for host in HOSTS}

    def make(self, megabytes):
        """A file that the web server gives, with its truth. It is made once."""
        truth = _made(megabytes)
        shutil.copyfile(truth.path, self.folder / "made.csv")
        return replace(truth, path=self.folder / "made.csv")


@cache
def _made(megabytes):
    folder = Path(tempfile.mkdtemp(prefix="snapshots-made-"))
    atexit.register(shutil.rmtree, folder)
    return make(folder / "made.csv", megabytes)


@pytest.fixture
def hosts(tmp_path):
    """Two hosts, and a third with a database and a web server."""
    if why := missing():
        pytest.skip(why)
    folder = tmp_path / "served"
    folder.mkdir()
    with Network() as network:
        for host, address in (("database", DATABASE), ("one", FIRST), ("two", SECOND)):
            network.add(host, address)
        with PostgresOnHost(network, "database") as postgres:
            web = serve(network, "database", folder)
            wait_for(network, "one", web)
            yield Cluster(network, postgres, web, folder)
