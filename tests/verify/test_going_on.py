"""A verification that was killed goes on behind the last chunk that was compared."""

import os
import signal
import subprocess
import sys

from tests.verify.loaded import execute, load, numbers, told, verify


def killed(database, import_id, folder, fault):
    environment = {**os.environ, "SNAPSHOTS_FAULT": fault}
    done = subprocess.run(
        [sys.executable, "-m", "snapshots", "verify", str(import_id), "--database", database],
        cwd=folder,
        env=environment,
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def test_after_a_kill(database, tmp_path):
    import_id = load(database, numbers(tmp_path), chunk_size=2000)
    chunks = execute(database, "SELECT COUNT(*) FROM snapshots_chunks")[0][0]
    execute(database, "UPDATE t SET name = 'x' WHERE id IN (1, 999)", "DELETE FROM t WHERE id = 2")
    killed(database, import_id, tmp_path, "verified-chunk:3")
    assert execute(database, "SELECT state FROM snapshots_verifications") == [("running",)]
    # What was compared is not looked at again: the new snapshot has another value there.
    execute(database, "UPDATE t SET name = 'name 1' WHERE id = 1")
    said = []
    report = verify(database, import_id, said.append)
    assert any("continuing at byte" in one for one in said)
    assert (report.chunks, report.equal, report.exit_code) == (chunks, 997, 8)
    assert told(report) == [
        ("changed", 3, "name", "name 1", "x"),
        ("missing", 4, None, None, None),
        ("changed", 1001, "name", "name 999", "x"),
    ]
    # That one has ended: the next one begins anew.
    report = verify(database, import_id)
    assert (report.changed, report.missing) == (1, 1)


def test_after_a_kill_with_other_wishes_it_begins_anew(database, tmp_path):
    import_id = load(database, numbers(tmp_path), chunk_size=2000)
    killed(database, import_id, tmp_path, "verified-chunk:3")
    said = []
    report = verify(database, import_id, said.append, left_out=("name",))
    assert (said, report.equal) == ([], 1000)


def test_after_a_kill_behind_the_last_chunk(database, tmp_path):
    import_id = load(database, numbers(tmp_path), chunk_size=1 << 20)
    execute(database, f"INSERT INTO t (id, _import_id, _line) VALUES (1, {import_id}, 100000)")
    killed(database, import_id, tmp_path, "verified-chunk:1")
    report = verify(database, import_id)
    assert (report.equal, report.more) == (1000, 1)
