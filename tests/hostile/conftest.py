"""Databases that many cases share: each has its own table, and making one takes its time."""

import pytest

from tests.conftest import fresh


@pytest.fixture(scope="module")
def shared_database(request):
    """The URL of a database of the kind that is asked for, fresh for the module."""
    yield from fresh(request.param, request)


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))
