"""A verification by key reads one snapshot, some chunks at a time, and continues after a kill."""

import os
import subprocess
import sys

import pytest

import snapshots
from snapshots.engine.verify import by_key
from tests.support.processes import PATIENCE, go_on, held
from tests.verify.loaded import execute, verify

ROWS = 300


@pytest.fixture
def loaded(database, tmp_path, monkeypatch):
    """A table, and the import that wrote the second version of it."""
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))
    path = tmp_path / "a.csv"
    for version in ("old", "new"):
        rows = (f"{n},{version if n % 3 else 'same'} {n}\n" for n in range(ROWS))
        path.write_text(f"id,name\n{''.join(rows)}")
        done = snapshots.load(
            path,
            database=database,
            table="t",
            mode="mirror",
            primary_key=("id",),
            chunk_size=512,
            workers=1,
        )
    execute(
        database,
        "DELETE FROM t WHERE id IN (4, 200)",
        "UPDATE t SET name = 'hand' WHERE id IN (7, 250)",
        "INSERT INTO t (id, name, _import_id, _line) VALUES (999, 'more', 2, 999), (-1, 'x', 2, 9)",
    )
    return done.record.import_id


def judged(report):
    return (
        report.result, report.equal, report.changed, report.missing, report.more,
        report.columns, sorted((one.kind, one.line) for one in report.differences),
    )  # fmt: skip


EXPECTED = (
    "differs", ROWS - 4, 2, 2, 2, {"name": 2},
    [("changed", 9), ("changed", 252), ("missing", 6), ("missing", 202)],
)  # fmt: skip


@pytest.mark.parametrize("rows_at_once", [1, 100, 10_000])
def test_some_chunks_at_a_time_give_the_same_report(database, loaded, monkeypatch, rows_at_once):
    monkeypatch.setattr(by_key, "_ROWS_AT_ONCE", rows_at_once)
    assert judged(verify(database, loaded)) == EXPECTED


CODE = """
from snapshots.engine.verify import by_key
by_key._ROWS_AT_ONCE = 1
import sys
from snapshots.cli.main import main
sys.exit(main())
"""


def started(database, loaded, fault):
    command = [sys.executable, "-c", CODE, "verify", str(loaded), "--database", database]
    return subprocess.Popen(
        command,
        env={**os.environ, "SNAPSHOTS_FAULT": fault},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_it_continues_after_a_kill(database, loaded):
    process = started(database, loaded, "verified-chunk:6")
    _, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == -9, error
    said = []
    assert judged(verify(database, loaded, said.append)) == EXPECTED
    assert any("continuing at byte" in one for one in said), said


def test_it_does_not_see_what_others_write_meanwhile(database, loaded):
    """They write between two parts: the report is of one moment."""
    process = started(database, loaded, "verified-chunk:1:stop")
    try:
        held(process)
        execute(
            database, "UPDATE t SET name = 'later' WHERE id > 100", "DELETE FROM t WHERE id = 150"
        )
        go_on(process)
        out, error = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert process.returncode == 8, (out, error)
    assert "changed" in out
    rows = execute(database, "SELECT report FROM snapshots_verifications")
    assert '"changed": 2' in str(rows[0][0]), rows
    assert '"missing": 2' in str(rows[0][0]), rows
