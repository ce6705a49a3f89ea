"""Tasks and drivers that are killed, frozen or run twice at once: 0 lost, 0 twice."""

import time

import pytest

import snapshots
from snapshots.engine.cluster import executor, placement
from snapshots.engine.cluster.address import Cluster
from snapshots.engine.cluster.local_pool import LocalPool
from snapshots.engine.cluster.task import load as load_batch
from tests.support.killed_imports import check, committed_chunks, make_file, schema_file, start
from tests.support.processes import PATIENCE, finish, kill_with_children, wait_for

CHUNK = 16_000


def load(database, made, folder, **how):
    given = {"contract": schema_file(folder), "chunk_size": CHUNK, "workers": 3, **how}
    return snapshots.load(made.path, database=database, table="t", cluster="local", **given)


@pytest.mark.parametrize("step", ["after-claim", "mid-write", "before-commit", "after-commit"])
def test_processes_that_are_killed(postgres_url, tmp_path, monkeypatch, step):
    """Each at its third chunk."""
    monkeypatch.setenv("SNAPSHOTS_FAULT", f"{step}:3")
    made = make_file(tmp_path / "t.csv", 20_000)
    notices = []
    result = load(postgres_url, made, tmp_path, listener=notices.append)
    assert result.outcome == "finished", result
    assert any("a task was lost" in getattr(notice, "text", "") for notice in notices)
    check(postgres_url, made)


@pytest.mark.parametrize("url", ["postgres_url", "mysql_url"])
def test_processes_that_are_frozen_with_their_locks(url, request, tmp_path, monkeypatch):
    """Their sessions are ended, and the chunks that they held are loaded by others."""
    monkeypatch.setenv("SNAPSHOTS_FAULT", "before-commit:5:stop")
    monkeypatch.setattr(placement, "TASK_SECONDS", 2.0)
    # Nobody reaches a frozen process of a lost host.
    monkeypatch.setattr(LocalPool, "cancel", lambda pool, handle: None)
    database = request.getfixturevalue(url)
    made = make_file(tmp_path / "t.csv", 4000)
    assert load(database, made, tmp_path, workers=9).outcome == "finished"
    check(database, made)


class Twice(LocalPool):
    """Runs each task twice, at the same time."""

    def submit(self, work, *args, near=None):
        super().submit(work, *args)
        return super().submit(work, *args)


def test_every_task_twice_at_once(postgres_url, tmp_path, monkeypatch):
    monkeypatch.setattr(Cluster, "pool", lambda cluster: Twice(cluster.target, 4))
    made = make_file(tmp_path / "t.csv", 20_000)
    assert load(postgres_url, made, tmp_path).outcome == "finished"
    check(postgres_url, made)


class Counting(LocalPool):
    """Knows how many tasks of an import load at once. Each seems to take a while."""

    def __init__(self, *given):
        super().__init__(*given)
        self.loading = {}
        self.most = 0

    def submit(self, work, *args, near=None):
        handle = super().submit(work, *args, near=near)
        if work is load_batch:
            self.loading[handle] = 20
            self.most = max(self.most, len(self.loading))
        return handle

    def ready(self, handles, timeout):
        time.sleep(0.02)
        found = super().ready(handles, timeout)
        for handle in self.loading.keys() & set(found):
            self.loading[handle] -= 1
        return [handle for handle in found if self.loading.get(handle, 0) <= 0]

    def result(self, handle):
        self.loading.pop(handle, None)
        return super().result(handle)

    def cancel(self, handle):
        self.loading.pop(handle, None)
        super().cancel(handle)


def test_copies_of_slow_tasks_are_sessions_too(postgres_url, tmp_path, monkeypatch):
    """Each task counts as slow: those at the end get copies at once, where that is allowed."""
    pools = []

    def pool(cluster):
        pools.append(Counting(cluster.target, 8))
        return pools[-1]

    monkeypatch.setattr(Cluster, "pool", pool)
    monkeypatch.setattr(executor, "_SLOW", 0)
    monkeypatch.setattr(executor, "_SLOW_SECONDS", 0.0)
    made = make_file(tmp_path / "t.csv", 20_000)
    assert load(postgres_url, made, tmp_path, sessions=3).outcome == "finished"
    assert pools[0].most <= 3
    check(postgres_url, made)


def test_a_driver_that_is_killed_and_what_others_do_then(postgres_url, tmp_path):
    """Threads go on with what processes have begun, and processes with what threads have. However
    late they are killed, each process has stopped before the input ends."""
    made = make_file(tmp_path / "t.csv", 60_000)
    contract, state = schema_file(tmp_path), tmp_path / "state"
    processes = ("--cluster", "local", "--workers", "3")
    for options, fault in [
        (processes, "after-commit:10:stop"), ((), "mid-write:9:stop"),
        (processes, "after-commit:10:stop"),
    ]:  # fmt: skip
        before = committed_chunks(postgres_url)
        process = start(
            postgres_url, made, contract, state, fault, options=options, chunk_size=str(CHUNK)
        )
        wait_for(lambda before=before: committed_chunks(postgres_url) > before, process=process)
        kill_with_children(process)
    code, result, err = finish(start(postgres_url, made, contract, state), seconds=PATIENCE)
    assert (code, result["import_id"]) == (3, 1), err
    check(postgres_url, made)


def test_tasks_that_always_die_end_the_import(postgres_url, tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_FAULT", "before-claim:1")
    made = make_file(tmp_path / "t.csv", 20_000)
    result = load(postgres_url, made, tmp_path)
    assert (result.outcome, result.counts.records) == ("failed", 0)
    assert "process of a task has ended" in result.message
    assert "tasks were lost" in result.hint
    monkeypatch.delenv("SNAPSHOTS_FAULT")
    done = snapshots.resume(result.record.import_id, database=postgres_url)
    assert done.outcome == "finished"
    check(postgres_url, made)


def test_too_many_rejects_stop_it_as_they_stop_threads(postgres_url, tmp_path):
    made = make_file(tmp_path / "t.csv", 20_000)
    result = load(postgres_url, made, tmp_path, max_rejects=20)
    assert result.outcome == "failed"
    assert 20 < result.counts.rejected < len(made.bad)
    assert "more than --max-rejects 20 allows" in result.message
    done = snapshots.resume(result.record.import_id, database=postgres_url, max_rejects="100%")
    assert done.outcome == "finished"
    check(postgres_url, made)
