"""A session with a fresh database, on each target in turn, and on one that the package lacks."""

import pytest

from snapshots import locations
from tests.conformance import toy
from tests.conftest import fresh


@pytest.fixture(params=["postgres", "mysql", "sqlite", toy.KIND.name])
def database(request):
    """The URL of a fresh, empty database."""
    if request.param == toy.KIND.name:
        folder = request.getfixturevalue("tmp_path_factory").mktemp("toy")
        yield f"toy:///{folder}/fresh.toy"
        return
    yield from fresh(request.param, request)


@pytest.fixture
def target(database):
    return locations.target(database)


@pytest.fixture
def session(target):
    session = target.connect()
    yield session
    session.close()
