"""The long part, for `make soak`: hundreds of kills on one import."""

import pytest

from tests.support.killed_imports import check, kill_at_random, make_file, schema_file

KILLS = 300


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_killed_three_hundred_times(database, tmp_path):
    made = make_file(tmp_path / "t.csv", 8_000_000)
    contract = schema_file(tmp_path)
    killed, (code, result, err) = kill_at_random(
        database, made, contract, tmp_path / "state", KILLS
    )
    assert killed >= KILLS, "the file was loaded too fast to be killed so often"
    assert code == 3, err
    assert result["state"] == "finished"
    check(database, made)
