"""Getting a session, not getting one, and losing one."""

import pickle
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from snapshots import locations
from snapshots.errors import CannotConnect, ConnectionLost, NoDatabase
from tests.conformance.rows import FILES, blocks, built_on, column, contract, count, on, table
from tests.support.database_servers import PASSWORD, other_database

on_servers = on("postgres", "mysql")

ONE = contract(column("a", "integer"), column("b"))


def test_a_missing_database_is_created_or_not(target):
    with pytest.raises(NoDatabase) as error:
        target.connect(create=False)
    assert error.value.hint
    target.connect().close()
    target.connect(create=False).close()


@pytest.mark.parametrize("step", [0, 0.005, 0.02])
def test_several_create_it_at_once(target, step):
    def first(n):
        time.sleep(n * step)
        target.connect().close()

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(first, range(12)))
    target.connect(create=False).close()


def test_what_is_displayed_can_be_given_again(target, session):
    table(target, session, ONE)
    again = locations.target(target.display())
    if target.name not in FILES:
        again = type(again)(replace(again.location, password=target.location.password))
    other = again.connect(create=False)
    assert count(other, again) == 0
    other.close()


def test_the_password_is_nowhere(target):
    for text in (target.display(), repr(target), str(target)):
        assert PASSWORD not in text
        assert "s3cret" not in text


def test_a_target_can_be_sent_to_another_process(target):
    again = pickle.loads(pickle.dumps(target))
    assert again == target
    again.connect().close()


@on_servers
def test_a_wrong_password(target):
    wrong = type(target)(replace(target.location, password="wr0ng/p@ss"))
    with pytest.raises(CannotConnect) as error:
        wrong.connect()
    assert "wr0ng" not in str(error.value) + error.value.hint + repr(error.value)
    assert "PASSWORD" in error.value.hint or "MYSQL_PWD" in error.value.hint
    assert not error.value.retryable
    assert error.value.exit_code == 6


@on_servers
def test_a_missing_password_is_named(target, monkeypatch, tmp_path):
    for name in ("PGPASSWORD", "PGPASSFILE", "MYSQL_PWD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(CannotConnect) as error:
        type(target)(replace(target.location, password=None)).connect()
    assert error.value.message == "A password is missing."
    assert "PGPASSWORD" in error.value.hint or "MYSQL_PWD" in error.value.hint


@on_servers
@pytest.mark.parametrize("place", [{"port": "1"}, {"host": "no-such-host.invalid"}])
def test_no_server(target, place):
    with pytest.raises(CannotConnect) as error:
        type(target)(replace(target.location, **place)).connect()
    assert error.value.hint


def kill(target, session):
    ids = {"postgres": "pg_backend_pid()", "mysql": "connection_id()"}
    kills = {"postgres": "SELECT pg_terminate_backend({})", "mysql": "KILL {}"}
    ((number,),) = session.execute(f"SELECT {ids[built_on(target)]}")
    other = target.connect()
    other.execute(kills[built_on(target)].format(number))
    other.close()


def lose(target, session, step):
    with session.transaction():
        session.execute("INSERT INTO t (a) VALUES (1)")
        kill(target, session)
        step()


@on_servers
@pytest.mark.parametrize("step", ["statement", "many", "load", "commit"])
def test_a_lost_connection_says_so_and_nothing_stays(target, session, step):
    t = table(target, session, ONE)
    made_of = blocks(ONE, [["1", "x" * 1_000_000]] * 20, target.encoding)
    steps = {
        "statement": lambda: session.execute("SELECT 1"),
        "many": lambda: session.executemany("INSERT INTO t (a) VALUES (?)", [(1,), (2,)]),
        "load": lambda: session.load(t, ["a", "b"], made_of),
        "commit": lambda: None,
    }
    with pytest.raises(ConnectionLost) as error:
        lose(target, session, steps[step])
    assert error.value.retryable
    with pytest.raises(ConnectionLost):
        session.execute("SELECT 1")
    session.close()
    other = target.connect()
    assert count(other, target) == 0
    other.close()


@on_servers
def test_a_database_that_may_not_be_created(target, session, database):
    if built_on(target) == "postgres":
        session.execute("DROP ROLE IF EXISTS guest")
        session.execute("CREATE ROLE guest LOGIN PASSWORD 'guest'")
    else:
        session.execute("CREATE OR REPLACE USER guest@localhost IDENTIFIED BY 'guest'")
    place = locations.locate(other_database(database, "not_for_you"))
    guest = type(target)(replace(place, user="guest", password="guest"))
    with pytest.raises(CannotConnect) as error:
        guest.connect()
    assert "not_for_you" in str(error.value)
    assert error.value.hint
