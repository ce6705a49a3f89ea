"""kill -9 of a loader of DuckDB, whose file only one process can open at a time."""

import os
import signal

import duckdb
import pytest

import snapshots
from tests.support import snapshots_process
from tests.support.killed_imports import check, kill_at_random, make_file, schema_file, start
from tests.support.processes import PATIENCE, finish

STEPS = ["before-claim", "after-claim", "mid-write", "before-commit", "after-commit"]


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step_of_a_chunk(duckdb_url, tmp_path, step):
    made = make_file(tmp_path / "t.csv", 10_000)
    contract = schema_file(tmp_path)
    for nth in (1, 3):
        process = start(duckdb_url, made, contract, tmp_path / "state", fault=f"{step}:{nth}")
        process.communicate(timeout=PATIENCE)
        assert process.returncode == -signal.SIGKILL, f"{step}:{nth} was never reached"
    assert [record.state for record in snapshots.history(duckdb_url)] == ["interrupted"]
    code, result, err = finish(start(duckdb_url, made, contract, tmp_path / "state"))
    assert code == 3, err
    assert result["import_id"] == 1
    check(duckdb_url, made)


def _killed(database, folder, records, kills):
    made = make_file(folder / "t.csv", records)
    contract = schema_file(folder)
    killed, (code, result, err) = kill_at_random(database, made, contract, folder / "state", kills)
    assert killed >= kills, "the file was loaded too fast to be killed so often"
    assert code == 3, err
    assert result["state"] == "finished"
    check(database, made)


def test_killed_at_random(duckdb_url, tmp_path):
    _killed(duckdb_url, tmp_path, 100_000, 5)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_killed_three_hundred_times(duckdb_url, tmp_path):
    _killed(duckdb_url, tmp_path, 2_000_000, 300)


@pytest.mark.parametrize("mode", ["replace", "mirror", "upsert", "history"])
@pytest.mark.parametrize("step", ["publishing", "published"])
def test_killed_while_it_publishes(duckdb_url, tmp_path, mode, step):
    rows = [(n, f"name {n}") for n in range(3000)]
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    _write(old, rows[:2000])
    _write(new, [(n, name.upper()) for n, name in rows[1000:]])
    # A version without the first rows deletes them, or not.
    options = {"mode": mode, "primary_key": ("id",)} if mode != "replace" else {"mode": mode}
    snapshots.load(input=old, database=duckdb_url, table="t", max_deletes="100%", **options)
    database = ["--database", duckdb_url, "--table", "t", "--mode", mode, "--max-deletes", "100%"]
    key = [] if mode == "replace" else ["--primary-key", "id"]
    for fault, code in ((step, -signal.SIGKILL), ("", 0)):
        process = snapshots_process.start(
            ["import", new, *database, *key, "--progress", "none"],
            env={**_environment(), **({"SNAPSHOTS_FAULT": fault} if fault else {})},
        )
        assert process.wait(timeout=PATIENCE) == code
    wanted = {(n, name.upper()) for n, name in rows[1000:]}
    if mode == "upsert":
        wanted |= set(rows[:1000])
    condition = " WHERE _valid_to IS NULL" if mode == "history" else ""
    with duckdb.connect(duckdb_url.removeprefix("duckdb:///")) as connection:
        found = connection.execute(f"SELECT id, name FROM t{condition}").fetchall()
    assert len(found) == len(wanted)
    assert set(found) == wanted


def _write(path, rows):
    path.write_text("id,name\n" + "".join(f"{n},{name}\n" for n, name in rows))


def _environment():
    return {name: value for name, value in os.environ.items() if name != "SNAPSHOTS_FAULT"}
