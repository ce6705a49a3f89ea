"""Databases that many cases share: each has its own table, and making one takes its time."""

import pytest

from tests.conftest import fresh
from tests.hostile.case import Home


@pytest.fixture(scope="module")
def home(request):
    """A database of the kind that is asked for, fresh for the module."""
    for url in fresh(request.param, request):
        shared = Home(url)
        yield shared
        shared.session.close()


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))
