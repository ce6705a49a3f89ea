"""A log that grows, and how it is loaded."""

import pytest

import snapshots
from tests.support.input_files import rows

HEADER = b"n,t\n"


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log.csv"
    path.write_bytes(HEADER + lines(1, 4))
    return path


def lines(start, end):
    return b"".join(b"%d,x%d\n" % (n, n) for n in range(start, end))


def add(path, data):
    with path.open("ab") as file:
        file.write(data)


def load(path, database, **options):
    return snapshots.load(path, database=database, **options)


def numbers(database, table="log"):
    return [n for (n,) in rows(database, f"SELECT n FROM {table} ORDER BY n, _line")]


def refused(path, database, **options):
    with pytest.raises(snapshots.SnapshotsError) as error:
        load(path, database, **options)
    return error.value
