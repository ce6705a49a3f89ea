"""A verification that was stopped or killed ends with the report of an undisturbed one."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from snapshots import locations
from tests.support.processes import wait_for
from tests.support.web_server import serving
from tests.verify.loaded import execute, load, numbers, verify

LOCKED = {
    "postgres": ("BEGIN", "LOCK TABLE t IN ACCESS EXCLUSIVE MODE"),
    "mysql": ("LOCK TABLES t WRITE",),
}


def started(database, import_id, folder, **environment):
    command = (sys.executable, "-m", "snapshots", "verify", str(import_id), "--json")
    return subprocess.Popen(
        [*command, "--database", database],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def state(database):
    rows = execute(database, "SELECT state FROM snapshots_verifications")
    return rows[0][0] if rows else None


@contextmanager
def locked(database, kind):
    """The table, so that reading it takes as long as a server that sorts many rows."""
    with closing(locations.target(database).connect()) as session:
        for statement in LOCKED[kind]:
            session.execute(statement)
        yield


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_between_two_chunks(database, tmp_path, number):
    import_id = load(database, numbers(tmp_path, 20_000), chunk_size=4_000)
    execute(database, "DELETE FROM t WHERE id = 19998")
    process = started(database, import_id, tmp_path, SNAPSHOTS_FAULT="verified-chunk:3:stops")
    wait_for(lambda: stopped(process.pid))
    process.send_signal(number)
    # It stops again at each third chunk: the comparison cannot end before the signal is handled.
    while process.poll() is None:
        process.send_signal(signal.SIGCONT)
        time.sleep(0.01)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + number, said
    assert state(database) == "interrupted"
    said = []
    assert verify(database, import_id, said.append).missing == 1
    assert len(said) == 1, said


@pytest.mark.parametrize("kind", ["postgres", "mysql"])
def test_a_signal_while_the_server_prepares_the_rows(kind, request, tmp_path):
    database = request.getfixturevalue(f"{kind}_url")
    import_id = load(database, numbers(tmp_path))
    with locked(database, kind):
        process = started(database, import_id, tmp_path)
        wait_for(lambda: state(database) == "running")
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        begun = time.monotonic()
        _, said = process.communicate(timeout=60)
        assert time.monotonic() - begun < 20, "it waited for the server"
    assert process.returncode == 130, said
    assert state(database) == "interrupted"
    assert verify(database, import_id).equal == 1000


def test_kills_at_random(database, tmp_path):
    rows = 20_000
    import_id = load(database, numbers(tmp_path, rows), chunk_size=4000)
    execute(database, "UPDATE t SET name = 'x' WHERE id IN (7, 9000, 19999)")
    execute(database, "DELETE FROM t WHERE id IN (8, 19998)")
    picked, kills = random.Random(18), 0
    for _ in range(100):
        process = started(database, import_id, tmp_path)
        try:
            process.wait(0.15 + picked.random() * 0.5 * (kills < 8) + 60 * (kills >= 8))
        except subprocess.TimeoutExpired:
            process.kill()
            kills += 1
        told, said = process.communicate()
        if process.returncode != -signal.SIGKILL:
            break
    assert process.returncode == 8, said
    report = json.loads(told)
    assert (report["equal"], report["changed"], report["missing"]) == (rows - 5, 3, 2)
    assert report["rows"] is None or report["rows"] == rows - 2


def test_an_input_at_a_url(database, tmp_path):
    with serving() as web:
        data = numbers(tmp_path).read_bytes()
        _, url = web.put("/numbers.csv", data)
        import_id = load(database, url, chunk_size=2000)
        assert verify(database, import_id).equal == 1000
        execute(database, "UPDATE t SET name = 'x' WHERE id = 5")
        assert verify(database, import_id).changed == 1
        # Other bytes at the same address are another input.
        web.put("/numbers.csv", data.replace(b"name 7\n", b"name VII\n"), etag='"v2"')
        report = verify(database, import_id)
        assert (report.exit_code, report.compared) == (1, False)
        web.objects.clear()
        report = verify(database, import_id)
        assert (report.exit_code, report.compared, report.rows) == (1, False, 1000)


def stopped(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "Tt"
