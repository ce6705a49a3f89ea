"""kill -9 of the loader, at random and at every step of a chunk, on every target."""

import signal

import pytest

import snapshots
from tests.support.killed_imports import check, kill_at_random, make_file, schema_file, start
from tests.support.processes import PATIENCE, finish

KILLS = 20
STEPS = ["before-claim", "after-claim", "mid-write", "before-commit", "after-commit"]


def test_killed_at_random_nothing_is_lost_and_nothing_twice(database, tmp_path):
    killed_at_random(database, tmp_path, 600_000, KILLS)


def killed_at_random(database, folder, records, kills):
    made = make_file(folder / "t.csv", records)
    contract = schema_file(folder)
    killed, (code, result, err) = kill_at_random(database, made, contract, folder / "state", kills)
    assert killed >= kills, "the file was loaded too fast to be killed so often"
    assert code == 3, err
    assert result["state"] == "finished"
    check(database, made)


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step_of_a_chunk(database, tmp_path, step):
    made = make_file(tmp_path / "t.csv", 20_000)
    contract = schema_file(tmp_path)
    for nth in (1, 4):
        process = start(database, made, contract, tmp_path / "state", fault=f"{step}:{nth}")
        process.communicate(timeout=PATIENCE)
        assert process.returncode == -signal.SIGKILL, f"{step}:{nth} was never reached"
    assert [record.state for record in snapshots.history(database)] == ["interrupted"]
    code, result, err = finish(start(database, made, contract, tmp_path / "state"))
    assert code == 3, err
    assert result["import_id"] == 1
    check(database, made)
