"""kill -9 while small files are imported together, at every step of their transaction."""

import random
import signal
import time

import pytest

from tests.support.processes import PATIENCE
from tests.support.sync_process import Service, check, once, query, rows

STEPS = [
    "before-group", "group-numbered", "mid-write", "group-loaded", "group-entered",
    "group-committed",
]  # fmt: skip
FILES, ROWS = 40, 20


def folder_in(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    for n in range(FILES):
        bad = f"bad{n},no number\n" if n % 7 == 3 else ""
        (folder / f"f{n:02}.csv").write_text(rows(n * ROWS, ROWS) + bad)
    return folder


def require_exact(database):
    """Each row once, each file one import, each reject kept; and nothing that was only begun."""
    check(database, range(FILES * ROWS))
    assert [int(n) for n in query(
        database,
        "SELECT COUNT(*), COUNT(DISTINCT input), SUM(loaded), SUM(rejected) FROM snapshots_imports",
    )[0]] == [FILES, FILES, FILES * ROWS, 6]  # fmt: skip
    assert query(database, "SELECT COUNT(*) FROM snapshots_rejects") == [(6,)]
    assert query(database, "SELECT COUNT(*) FROM snapshots_chunks") == [(FILES,)]
    orphans = "SELECT COUNT(*) FROM t WHERE _import_id NOT IN (SELECT id FROM snapshots_imports)"
    assert query(database, orphans) == [(0,)]


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step_of_a_group(database, tmp_path, step):
    folder = folder_in(tmp_path)
    nth = 12 if step == "mid-write" else 1
    with Service(
        database, folder, "--once", "--table", "t", SNAPSHOTS_FAULT=f"{step}:{nth}"
    ) as service:
        assert service.process.wait(PATIENCE) == -signal.SIGKILL, f"{step} was never reached"
    loaded = query(database, "SELECT COUNT(*) FROM t")[0][0]
    accounted = query(database, "SELECT COALESCE(SUM(loaded), 0) FROM snapshots_imports")[0][0]
    assert loaded == int(accounted)
    if step == "group-committed":
        assert loaded > ROWS, "nothing of the group is there"
    code, _ = once(database, folder, "--table", "t")
    assert code in {0, 3}
    require_exact(database)


def test_killed_at_random(database, tmp_path):
    folder, rng = folder_in(tmp_path), random.Random(3)
    for _ in range(5):
        with Service(database, folder, "--once", "--table", "t") as service:
            service.wait_for(lambda: service.said("watching"))
            time.sleep(rng.uniform(0, 0.15))
            service.kill()
    code, _ = once(database, folder, "--table", "t")
    assert code in {0, 3}
    require_exact(database)
