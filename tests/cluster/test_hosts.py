"""Imports on hosts of their own, whose tasks and driver die."""

import time
from functools import partial

import psycopg
import pytest

from tests.cluster.chaos import Chaos, Processes, Run
from tests.cluster.network import FIRST, SECOND
from tests.cluster.servers import sent

pytestmark = pytest.mark.servers


def test_two_hosts_share_an_import_whose_tasks_are_killed(hosts):
    truth = hosts.make(60)
    processes = Processes(hosts)
    run = Run(hosts, truth, "rides", chunk_size=256 << 10, **processes.options)
    chaos = Chaos(processes, 3, partial(committed, hosts), every=(20, 60))
    chaos.start()
    try:
        said = run.ended()
    finally:
        chaos.stop()
    assert said["outcome"] == "finished", said
    assert run.faults(said["import"]) == []
    assert chaos.killed > 0
    fetched = sent(hosts.network, "one")
    assert min(fetched[FIRST], fetched[SECOND]) > 10 << 20


def test_the_other_host_resumes_what_a_dead_driver_has_left(hosts):
    """Its gaps are surveyed by both hosts, and what is loaded is read again only to be hashed."""
    truth = hosts.make(60)
    run = Run(hosts, truth, "rides", chunk_size=256 << 10)
    while committed(hosts) < 40:
        assert run.process.poll() is None
        time.sleep(0.05)
    run.process.kill()
    run.process.wait()
    before = sum(sent(hosts.network, "one").values())
    said = {}
    while not said:  # refused while the driver may still live
        again = Run(hosts, truth, "rides", host="two", chunk_size=256 << 10)
        said = again.ended()
    assert said["outcome"] == "finished", said
    assert said["import"] == 1
    assert again.faults(1) == []
    fetched = sum(sent(hosts.network, "one").values()) - before
    assert fetched < 1.5 * truth.path.stat().st_size


def committed(hosts):
    """How many chunks are."""
    try:
        with psycopg.connect(hosts.postgres.url()) as connection:
            return connection.execute("SELECT count(*) FROM snapshots_chunks").fetchone()[0]
    except psycopg.errors.UndefinedTable:
        return 0
