"""An input that is not what it was: the import is failed, and what is loaded is accounted for."""

import gzip
import os
import signal

import pytest

import snapshots
from snapshots import locations
from tests.support.killed_imports import make_file, schema_file, start
from tests.support.processes import PATIENCE, finish, go_on, held


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def _truncate(path):
    os.truncate(path, path.stat().st_size // 2)


def _replace(path):
    other = path.with_suffix(".new")
    make_file(other, 1000, seed=5)
    other.replace(path)


def _rewrite(path):
    """The same size, other bytes, and the time of now."""
    content = path.read_bytes().replace(b"name", b"eman")
    with path.open("r+b") as file:
        file.write(content)


@pytest.mark.parametrize("change", [_truncate, _replace, _rewrite])
def test_changed_while_it_is_loaded(database, tmp_path, change):
    made = make_file(tmp_path / "t.csv", 200_000)
    process = start(
        database, made, schema_file(tmp_path), tmp_path / "state", "after-commit:3:stop", "32KB"
    )
    held(process)
    change(made.path)
    go_on(process)
    code, result, err = finish(process)
    assert code == 1, (err, result)
    assert result["state"] == "failed"
    _accounted_for(database, result["loaded"])


def test_shrunk_between_a_crash_and_going_on(database, tmp_path):
    made = make_file(tmp_path / "t.csv", 20_000)
    contract = schema_file(tmp_path)
    process = start(database, made, contract, tmp_path / "state", fault="before-commit:4")
    process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGKILL
    loaded = _rows(database)
    _truncate(made.path)
    with pytest.raises(snapshots.SnapshotsError) as refused:
        snapshots.resume(1, database=database)
    assert refused.value.code == "input_changed"
    assert _rows(database) == loaded


def test_a_gzip_with_a_wrong_checksum(database, tmp_path):
    made = make_file(tmp_path / "t.csv", 20_000)
    packed = bytearray(gzip.compress(made.path.read_bytes()))
    packed[-8] ^= 1
    path = tmp_path / "t.csv.gz"
    path.write_bytes(packed)
    result = snapshots.load(path, database=database, table="t", contract=schema_file(tmp_path))
    assert (result.outcome, result.exit_code) == ("failed", 1)
    assert result.record.state == "failed"
    assert result.counts.balanced
    _accounted_for(database, result.counts.loaded)


def _accounted_for(database, loaded):
    """The rows there are those of the committed chunks, each once."""
    assert _rows(database) == loaded
    session = locations.target(database).connect(create=False)
    try:
        (counted,) = session.execute("SELECT COALESCE(SUM(loaded), 0) FROM snapshots_chunks")
    finally:
        session.close()
    assert counted == (loaded,)


def _rows(database):
    session = locations.target(database).connect(create=False)
    try:
        ((rows, lines),) = session.execute("SELECT COUNT(*), COUNT(DISTINCT _line) FROM t")
    finally:
        session.close()
    assert rows == lines
    return rows
