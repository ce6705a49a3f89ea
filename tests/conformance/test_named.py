"""What `Session.name` and `Session.end_named` promise."""

import pytest

from snapshots.errors import ConnectionLost

NAME = "snapshots import 7.2 0badcafe"


@pytest.fixture
def others(target):
    """Two sessions of one name, and one of another."""
    sessions = [target.connect() for _ in range(3)]
    for session, name in zip(sessions, (NAME, NAME, NAME[:-1]), strict=True):
        session.name(name)
    yield sessions
    for session in sessions:
        session.close()


def test_named_sessions_are_ended_with_what_they_hold(target, session, others):
    if target.writers == 1:
        assert session.end_named(NAME) == 0, "a file has no sessions that others could see"
        return
    session.execute("CREATE TABLE t (a integer PRIMARY KEY)")
    holder, second, stranger = others
    session.name(NAME)
    holder.command("START TRANSACTION")
    holder.execute("INSERT INTO t VALUES (1)")
    assert session.end_named(NAME) >= 2
    session.execute("INSERT INTO t VALUES (1)")
    for ended in (holder, second):
        with pytest.raises(ConnectionLost):
            ended.execute("SELECT 1")
    assert stranger.execute("SELECT 1") == [(1,)]
    assert session.end_named(NAME) == 0


def test_names_are_those_of_one_database(target, session, others):
    assert session.end_named(NAME + "0") == 0
    assert others[0].execute("SELECT 1") == [(1,)]


def test_naming_never_raises(target):
    session = target.connect()
    session.close()
    session.name(NAME)
    assert session.end_named(NAME) == 0
