"""Lost tasks end an import where a part of the input kills them, and not where hosts lose many."""

import random
import time

import pytest

from snapshots.engine.cluster.address import Cluster
from snapshots.engine.cluster.executor import ClusterExecutor
from snapshots.engine.cluster.local_pool import LocalPool
from snapshots.engine.cluster.losses import MOST, Losses
from snapshots.errors import TaskLost
from tests.engine.cluster.test_lost_tasks import load
from tests.support.killed_imports import check, make_file


def test_a_part_that_kills_its_tasks_among_others_that_end():
    losses = Losses()
    for _ in range(MOST - 1):
        assert not losses.too_many("bad")
        losses.got_on("good")
    assert losses.too_many("bad")


def test_two_parts_that_kill_their_tasks_when_the_others_have_ended():
    losses = Losses()
    losses.got_on("good")
    given_up = [losses.too_many(part) for _ in range(MOST) for part in ("bad", "worse")]
    assert given_up == [False] * (2 * MOST - 2) + [True, True]


def test_a_part_that_gets_on_is_not_blamed():
    losses = Losses()
    for _ in range(10 * MOST):
        assert not losses.too_many("slow")
        losses.got_on("slow")
    assert losses.of("slow") == 0


@pytest.mark.examples
@pytest.mark.parametrize("seed", range(20))
def test_hosts_that_lose_half_of_all_tasks(seed):
    """Eight slots, and each part goes on until one of its tasks gets through."""
    rng, losses = random.Random(seed), Losses()
    waiting = list(range(200))
    while waiting:
        part = waiting.pop(rng.randrange(min(8, len(waiting))))
        if rng.random() < 0.5:
            # The last few may be blamed for what the hosts do: nothing else is lost any more.
            assert not losses.too_many(part) or len(waiting) < 8
            waiting.insert(0, part)
        else:
            losses.got_on(part)


class Losing(LocalPool):
    """Loses more than half of all tasks, after some time."""

    def __init__(self, target, size):
        super().__init__(target, size)
        self._rng, self._lost = random.Random(3), set()
        self.lost = 0

    def submit(self, work, *args, near=None):
        if self._rng.random() > 0.6:
            return super().submit(work, *args, near=near)
        handle = super().submit(time.sleep, 0.05)
        self._lost.add(handle)
        return handle

    def result(self, handle):
        found = super().result(handle)
        if handle in self._lost:
            self.lost += 1
            raise TaskLost("its host has gone")
        return found


def test_an_import_whose_hosts_lose_most_tasks_ends_well(postgres_url, tmp_path, monkeypatch):
    pools = []

    def pool(cluster):
        pools.append(Losing(cluster.target, 4))
        return pools[0]

    monkeypatch.setattr(Cluster, "pool", pool)
    # Each chunk is a task.
    monkeypatch.setattr(ClusterExecutor, "by_value", True)
    made = make_file(tmp_path / "t.csv", 20_000)
    result = load(postgres_url, made, tmp_path)
    assert result.outcome == "finished", result
    assert pools[0].lost > 2 * MOST
    check(postgres_url, made)
