"""A session with a fresh database, on each target in turn, and on one that the package lacks."""

import pytest

from snapshots import locations
from tests.conformance import toy
from tests.conftest import emptied


@pytest.fixture(params=["postgres", "mysql", "sqlite", "duckdb", toy.KIND.name])
def database(request):
    """The URL of an empty database."""
    yield from emptied(request.param, request)


@pytest.fixture
def target(database):
    return locations.target(database)


@pytest.fixture
def session(target):
    session = target.connect()
    yield session
    session.close()
