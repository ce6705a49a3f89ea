"""Imports of a gigabyte, of which all kinds of things die, freeze or lose the network.

With and without Ray; 20 runs in all. `SNAPSHOTS_CHAOS_MEGABYTES` makes them smaller.
"""

import os
import random
import signal
import time
from functools import partial
from importlib.util import find_spec

import psycopg
import pytest

from tests.cluster.chaos import Cable, Chaos, Processes, Run, signal_all
from tests.cluster.ray_hosts import RayHosts
from tests.cluster.test_hosts import committed

pytestmark = [pytest.mark.servers, pytest.mark.soak]
MEGABYTES = int(os.environ.get("SNAPSHOTS_CHAOS_MEGABYTES", "1000"))
COSTS = 60
"""The seconds that a pulled cable may cost."""


@pytest.fixture(params=["processes", "ray"])
def pool(request):
    if request.param == "processes":
        return Processes
    if find_spec("ray") is None:
        pytest.skip("the extra snapshots[ray] is missing")
    return RayHosts


@pytest.fixture
def truth(hosts):
    return hosts.make(MEGABYTES)


def reach(hosts, run, share):
    """Waits until so much of the input is committed."""
    chunks = share * MEGABYTES / 8
    while committed(hosts) < chunks:
        assert run.process.poll() is None, run.ended()
        time.sleep(0.05)


def check(run, said):
    assert said["outcome"] == "finished", said
    assert run.faults(said["import"]) == []


def test_tasks_are_killed(hosts, truth, pool):
    with pool(hosts) as cluster:
        run = Run(hosts, truth, "rides", **cluster.options)
        chaos = Chaos(cluster, 1, partial(committed, hosts))
        chaos.start()
        said = run.ended()
        chaos.stop()
    assert chaos.killed > 0
    check(run, said)


def test_every_task_runs_twice_at_once_and_some_are_killed(hosts, truth, pool):
    with pool(hosts) as cluster:
        run = Run(hosts, truth, "rides", twice=True, **cluster.options)
        chaos = Chaos(cluster, 2, partial(committed, hosts))
        chaos.start()
        said = run.ended()
        chaos.stop()
    check(run, said)


@pytest.mark.parametrize("onward", ["by the other host", "without a cluster"])
def test_the_driver_is_killed(hosts, truth, pool, onward):
    with pool(hosts) as cluster:
        run = Run(hosts, truth, "rides", **cluster.options)
        chaos = Chaos(cluster, 3, partial(committed, hosts))
        chaos.start()
        reach(hosts, run, 0.4)
        run.process.kill()
        run.process.wait()
        options = cluster.options if onward == "by the other host" else {"hosts": None}
        said = {}
        while not said:  # refused while the driver may still live
            run = Run(hosts, truth, "rides", host="two", **options)
            said = run.ended()
        chaos.stop()
    assert said["import"] == 1
    check(run, said)


def test_a_host_dies_and_comes_back(hosts, truth, pool):
    """With all that belongs to the cluster there, such as its raylet."""
    with pool(hosts) as cluster:
        run = Run(hosts, truth, "rides", **cluster.options)
        reach(hosts, run, 0.2)
        cluster.kill("two")
        reach(hosts, run, 0.4)
        cluster.start("two")
        said = run.ended()
    check(run, said)


@pytest.mark.parametrize("seconds", [5, 50])
def test_a_host_freezes_and_wakes(hosts, truth, pool, seconds):
    """After less and after more than a task may take."""
    with pool(hosts) as cluster:
        run = Run(hosts, truth, "rides", **cluster.options)
        reach(hosts, run, random.Random(seconds).uniform(0.1, 0.5))
        frozen = cluster.everything("two")
        signal_all(frozen, signal.SIGSTOP)
        time.sleep(seconds)
        signal_all(frozen, signal.SIGCONT)
        said = run.ended()
    check(run, said)


@pytest.mark.parametrize("point", ["before-claim", "mid-write", "before-commit"])
def test_a_cable_is_pulled(hosts, truth, pool, point):
    """Before the claim of a chunk, within its COPY, and before its COMMIT."""
    with pool(hosts, fault=f"{point}:2:stop") as cluster:
        run = Run(hosts, truth, "rides", **cluster.options)
        cable = Cable(hosts.network, cluster)
        cable.start()
        said = run.ended()
        cable.stop()
    assert cable.pulled
    check(run, said)
    # The longest time in which nothing was committed.
    with psycopg.connect(hosts.postgres.url()) as connection:
        (waited,) = connection.execute(
            "SELECT max(extract(epoch FROM at - before)) FROM ("
            "SELECT at, lag(at) OVER (ORDER BY at) AS before FROM ("
            "SELECT committed_at::timestamptz AS at FROM snapshots_chunks) AS times) AS pairs"
        ).fetchone()
    print(f"{point}: nothing was committed for {waited:.0f} s")
    assert waited < COSTS
