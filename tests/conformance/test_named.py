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


def test_the_sessions_of_one_task_or_of_all_are_ended(target, session):
    """More than 64 of one name."""
    if target.writers == 1:
        return
    tasks = [target.connect() for _ in range(70)]
    try:
        for number, one in enumerate(tasks):
            one.name(NAME, f"{number // 2}.1")
        session.name(NAME + "0", "1.1")
        assert session.end_named(NAME, "7.1") == 2
        assert session.end_named(NAME, "7") == 0
        # The two that were ended may still be there for a moment.
        assert session.end_named(NAME) in {68, 69, 70}
        for one in tasks:
            with pytest.raises(ConnectionLost):
                one.execute("SELECT 1")
    finally:
        for one in tasks:
            one.close()
