"""128 sessions commit at once, and the heartbeat is not late."""

import gzip
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress

import psycopg
import pytest

import snapshots
from snapshots.engine.cluster.address import Cluster
from snapshots.engine.loading import commit
from tests.support.killed_imports import check, make_file, schema_file

pytestmark = pytest.mark.soak
SESSIONS, HOLDING = 128, 8.0
"""Each transaction holds its locks for so many seconds more, as over a distant network."""


class ThreadPool:
    """Runs tasks on threads of this process, each with its own session."""

    def __init__(self):
        self._threads = ThreadPoolExecutor(SESSIONS)

    def submit(self, work, *args, near=None):
        return self._threads.submit(work, *args)

    def ready(self, handles, timeout):
        return list(wait(handles, timeout, "FIRST_COMPLETED").done)

    def result(self, handle):
        return handle.result()

    def cancel(self, handle):
        handle.cancel()

    def hosts(self):
        return {"here": SESSIONS}

    def warnings(self):
        return []

    def close(self):
        self._threads.shutdown()


def test_the_heartbeat_is_not_late(hosts, tmp_path, monkeypatch):
    monkeypatch.setattr(Cluster, "pool", lambda cluster: ThreadPool())
    monkeypatch.setattr(
        commit,
        "fault_point",
        lambda name: time.sleep(HOLDING if name == "before-commit" else 0),
    )
    url = hosts.postgres.url()
    monkeypatch.setenv("SNAPSHOTS_DATABASE", url)  # of the tasks
    made = make_file(tmp_path / "t.csv", 200_000)
    # The bytes of compressed input go with the tasks, a chunk with each.
    packed = tmp_path / "t.csv.gz"
    packed.write_bytes(gzip.compress(made.path.read_bytes(), 1))
    ages, sessions, over = [], [], threading.Event()

    def look():
        with psycopg.connect(url, autocommit=True) as connection:
            while not over.wait(0.1):
                with suppress(psycopg.errors.UndefinedTable):
                    ages.extend(
                        float(age)
                        for (age,) in connection.execute(
                            "SELECT extract(epoch FROM clock_timestamp()"
                            " - heartbeat_at::timestamptz) FROM snapshots_imports"
                            " WHERE state = 'running'"
                        )
                    )
                    sessions.extend(
                        connection.execute(
                            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE"
                            " 'snapshots import %'"
                        ).fetchone()
                    )

    looking = threading.Thread(target=look)
    looking.start()
    try:
        result = snapshots.load(
            packed, database=url, table="t", cluster="local", sessions=SESSIONS,
            contract=schema_file(tmp_path), chunk_size=24_000, max_rejects="50%",
        )  # fmt: skip
    finally:
        over.set()
        looking.join()
    assert result.outcome == "finished", result.message
    check(url, made)
    print(f"{max(sessions)} sessions, oldest heartbeat {max(ages):.1f} s, {len(ages)} looks")
    assert max(sessions) >= SESSIONS
    assert max(ages) < 4
