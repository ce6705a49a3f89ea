"""Imports by a real Ray on two hosts that share a name, of which all kinds of processes die."""

import os
import random
import signal
import time
from contextlib import suppress
from importlib.util import find_spec

import pytest

from snapshots.time_limits import CLUSTER_SECONDS
from tests.cluster.chaos import Run
from tests.cluster.network import FIRST, SECOND
from tests.cluster.ray_hosts import RayHosts
from tests.cluster.servers import sent
from tests.cluster.test_hosts import committed

pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(find_spec("ray") is None, reason="the extra snapshots[ray] is missing"),
]


def until(hosts, run, chunks):
    while committed(hosts) < chunks:
        assert run.process.poll() is None, run.ended()
        time.sleep(0.05)


@pytest.mark.soak
def test_a_host_without_the_password_leaves_its_part_to_the_other(hosts):
    truth = hosts.make(30)
    with RayHosts(hosts, lacks="SNAPSHOTS_DATABASE") as rays:
        given = {**rays.options, "chunk_size": 256 << 10}
        run = Run(hosts, truth, "rides", **given)
        said = run.ended()
    assert said["outcome"] == "finished", said
    assert run.faults(said["import"]) == []
    told = (hosts.folder.parent / "rides.log").read_text()
    (notice,) = [line for line in told.splitlines() if "another host loads" in line]
    print(notice)
    assert "on host node" in notice


def test_two_hosts_share_an_input(hosts):
    truth = hosts.make(60)
    size = truth.path.stat().st_size
    with RayHosts(hosts) as rays:
        run = Run(hosts, truth, "rides", **rays.options, chunk_size=256 << 10)
        said = run.ended()
    assert said["outcome"] == "finished", said
    assert run.faults(said["import"]) == []
    fetched = sent(hosts.network, "one")
    # Each byte once, and by both.
    assert sum(fetched.values()) < 1.1 * size
    assert min(fetched[FIRST], fetched[SECOND]) > size / 10


@pytest.mark.soak
def test_workers_a_raylet_and_the_driver_die(hosts):
    """Then the other host resumes it without a cluster."""
    truth = hosts.make(60)
    with RayHosts(hosts) as rays:
        given = {**rays.options, "chunk_size": 256 << 10}
        rng = random.Random(5)
        run = Run(hosts, truth, "rides", **given)
        for part in (20, 60):
            until(hosts, run, part)
            for host in ("one", "two"):
                while not (workers := rays.tasks(host)):
                    assert run.process.poll() is None
                with suppress(ProcessLookupError):
                    os.kill(rng.choice(workers), signal.SIGKILL)
        until(hosts, run, 90)
        rays.kill("two")
        until(hosts, run, 110)
        run.process.kill()
        run.process.wait()
        said = {}
        while not said:  # refused while the driver may still live
            rest = Run(hosts, truth, "rides", host="two", hosts=None, chunk_size=256 << 10)
            said = rest.ended()
        assert said["outcome"] == "finished", said
        assert said["import"] == 1
        assert rest.faults(1) == []


@pytest.mark.soak
def test_the_driver_loses_ray_on_its_own_host(hosts):
    """The head and the other host live, and go on; or it ends with a sentence."""
    truth = hosts.make(300)
    with RayHosts(hosts) as rays:
        given = {**rays.options, "chunk_size": 256 << 10}
        run = Run(hosts, truth, "rides", host="two", **given)
        until(hosts, run, 40)
        rays.kill("two")
        died = time.monotonic()
        said = run.ended()
        assert time.monotonic() - died < 3 * CLUSTER_SECONDS
    if said["outcome"] != "finished":
        assert said["code"] == 6, said
        assert "cluster" in said["message"]
        run = Run(hosts, truth, "rides", hosts=None, chunk_size=256 << 10)
        assert run.ended()["outcome"] == "finished"
    assert run.faults(1) == []
