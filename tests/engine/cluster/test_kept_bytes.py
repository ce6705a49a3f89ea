"""Bytes that a survey has kept are read as long as they are there, and never half."""

import pytest

from snapshots.engine.cluster.survey_task import KeptBytes

DATA = bytes(range(256)) * 8


@pytest.fixture
def kept(tmp_path):
    path = tmp_path / "kept"
    path.write_bytes(DATA)
    return KeptBytes("here", str(path), 1000, 1000 + len(DATA))


def test_any_range_of_them(kept):
    assert b"".join(kept.read(1000, 1000 + len(DATA))) == DATA
    assert b"".join(kept.read(1100, 1200)) == DATA[100:200]


def test_a_copy_that_removes_them_meanwhile(kept):
    reading = kept.read(1000, 1000 + len(DATA))
    kept.drop()
    assert b"".join(reading) == DATA
    assert kept.read(1000, 1100) is None


def test_bytes_that_were_not_kept(kept, tmp_path):
    assert kept.read(900, 1100) is None
    assert kept.read(1100, 1001 + len(DATA)) is None
    (tmp_path / "kept").write_bytes(DATA[:-1])
    assert kept.read(1000, 1100) is None
