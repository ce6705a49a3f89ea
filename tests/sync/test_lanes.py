"""Small files and large ones do not wait for each other."""

from contextlib import ExitStack

import psycopg
import pytest

from snapshots.engine.input.identity import EAGER_BYTES
from tests.support.sync_process import Service, check, put, query

LINE = 1 << 20


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "data"
    path.mkdir()
    return path


def test_a_small_file_does_not_wait_behind_a_large_one(postgres_url, folder):
    """The large one is held up for as long as it takes: by a lock on its table."""
    lines = EAGER_BYTES // LINE + 1
    (folder / "large_1.csv").write_text("id,name\n0,first\n")
    with ExitStack() as stack:
        service = stack.enter_context(Service(postgres_url, folder))
        service.wait_ended("large_1.csv")
        other = stack.enter_context(psycopg.connect(postgres_url))
        other.execute("LOCK TABLE large IN ACCESS EXCLUSIVE MODE")
        with (folder / "large_2.csv").open("w") as file:
            file.write("id,name\n")
            for n in range(lines):
                file.write(f"{n + 1},{'x' * LINE}\n")
        running = "SELECT COUNT(*) FROM snapshots_imports WHERE state = 'running'"
        service.wait_for(lambda: query(postgres_url, running) == [(1,)])
        for n in range(20):
            put(folder / f"small_{n}.csv", 10 * n, 10)
        service.wait_ended(*(f"small_{n}.csv" for n in range(20)))
        assert query(postgres_url, running) == [(1,)], "the large one is still held up"
        other.rollback()
        service.wait_ended("large_2.csv")
        assert service.terminate() == 0
    check(postgres_url, set(range(200)), table="small")
    check(postgres_url, set(range(lines + 1)), table="large")
