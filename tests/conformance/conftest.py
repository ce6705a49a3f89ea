"""A session with a fresh database, on each target in turn."""

import pytest

from snapshots import locations


@pytest.fixture
def target(database):
    return locations.target(database)


@pytest.fixture
def session(target):
    session = target.connect()
    yield session
    session.close()
