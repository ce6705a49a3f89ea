"""Imports of different inputs do not wait for each other; those of the same bytes do."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import closing, suppress

import pytest

from snapshots import locations
from snapshots.ledger import locks
from snapshots.ledger.record import Ledger
from tests.ledger.older import execute
from tests.support.command import snapshots as command
from tests.support.processes import PATIENCE, go_on, held, wait_for

POINTS = ("after-claim", "mid-write", "before-commit")
"""Within the transaction of a small import."""
WAITING = {
    "postgres": "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted",
    "mysql": "SELECT COUNT(*) FROM information_schema.processlist WHERE state = 'User lock'",
}


@pytest.fixture(params=["postgres_url", "mysql_url"])
def server(request, tmp_path):
    """A database in which table t exists, so that a small file is one transaction."""
    url = request.getfixturevalue(request.param)
    (tmp_path / "first.csv").write_text("n\n0\n")
    done = command("import", "first.csv", "--table", "t", "--database", url, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return url


def start(url, tmp_path, name, fault=""):
    environment = {**os.environ, "SNAPSHOTS_FAULT": fault}
    arguments = ["import", name, "--table", "t", "--database", url, "--progress", "none"]
    return subprocess.Popen(
        [sys.executable, "-m", "snapshots", *arguments],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process):
    _, said = process.communicate(timeout=PATIENCE)
    return process.returncode, said


def imports(url):
    return execute(
        url, "SELECT id, input, state FROM snapshots_imports WHERE input <> 'first.csv' ORDER BY id"
    )


def lines(url):
    return [n for (n,) in execute(url, "SELECT n FROM t WHERE n > 0 ORDER BY n")]


@pytest.mark.parametrize("point", POINTS)
def test_another_input_does_not_wait(server, tmp_path, point):
    for number in (1, 2, 3):
        (tmp_path / f"{number}.csv").write_text(f"n\n{number}\n")
    stopped = start(server, tmp_path, "1.csv", f"{point}:1:stop")
    held(stopped)
    for number in (2, 3):
        assert ended(start(server, tmp_path, f"{number}.csv"))[0] == 0
    assert lines(server) == [2, 3]
    go_on(stopped)
    assert ended(stopped)[0] == 0
    assert lines(server) == [1, 2, 3]
    found = imports(server)
    assert [name for _, name, _ in found] == ["1.csv", "2.csv", "3.csv"], "numbers rise"
    assert {state for *_, state in found} == {"finished"}
    of_rows = execute(server, "SELECT n, _import_id FROM t WHERE n > 0 ORDER BY n")
    assert [number for _, number in of_rows] == [number for number, *_ in found]


@pytest.mark.parametrize("point", POINTS)
def test_the_same_bytes_are_one_import(server, tmp_path, point):
    for name in ("one.csv", "other.csv"):
        (tmp_path / name).write_text("n\n1\n2\n")
    first = start(server, tmp_path, "one.csv", f"{point}:1:stop")
    held(first)
    second = start(server, tmp_path, "other.csv")
    wait_for(lambda: execute(server, WAITING[locations.target(server).name]) == [(1,)])
    assert second.poll() is None
    go_on(first)
    assert ended(first)[0] == 0
    code, said = ended(second)
    assert code == 5, said
    assert [name for _, name, _ in imports(server)] == ["one.csv"]
    assert lines(server) == [1, 2]


@pytest.mark.parametrize("point", POINTS)
def test_who_waits_for_one_that_is_killed_loads_it(server, tmp_path, point):
    """The server lets the lock go with the session, once it has rolled its transaction back."""
    (tmp_path / "a.csv").write_text("n\n1\n2\n")
    first = start(server, tmp_path, "a.csv", f"{point}:1:stop")
    held(first)
    second = start(server, tmp_path, "a.csv")
    wait_for(lambda: execute(server, WAITING[locations.target(server).name]) == [(1,)])
    first.kill()
    assert ended(first)[0] == -signal.SIGKILL
    code, said = ended(second)
    assert code == 0, said
    assert [(name, state) for _, name, state in imports(server)] == [("a.csv", "finished")]
    assert lines(server) == [1, 2]


def test_an_import_takes_the_number_of_its_first_attempt(server, tmp_path):
    """What cannot be one transaction is begun anew, and leaves no gap."""
    execute(server, "CREATE UNIQUE INDEX once ON t (n)")
    (tmp_path / "twice.csv").write_text("n\n1\n1\n2\n")
    done = command("import", "twice.csv", "--table", "t", "--database", server, cwd=tmp_path)
    assert done.returncode in {3, 4}, done.stderr
    assert [number for number, *_ in imports(server)] == [2]
    assert lines(server) == [1, 2]


def test_numbers_are_given_once_and_rise(database):
    target = locations.target(database)
    with closing(target.connect()) as session:
        Ledger(target, session).make()
    given, barrier = [[] for _ in range(4)], threading.Barrier(4)

    def work(mine):
        with closing(target.connect()) as session:
            ledger = Ledger(target, session)
            barrier.wait()
            for turn in range(25):
                with ledger.writing(locks.of_input("import", f"{id(mine)} {turn}")):
                    number, _ = ledger.numbers.take()
                    ledger.numbers.write(number, row(ledger))
                    mine.append(number)

    threads = [threading.Thread(target=work, args=(mine,)) for mine in given]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(mine == sorted(mine) for mine in given)
    every = sorted(number for mine in given for number in mine)
    assert every == list(range(1, 101))
    assert [
        n for (n,) in execute(database, "SELECT id FROM snapshots_imports ORDER BY id")
    ] == every


def row(ledger):
    texts = dict.fromkeys(("kind", "input", "table_name", "state", "plan"), "x")
    return {**texts, "started_at": ledger.now, "heartbeat_at": ledger.now}


def test_a_number_that_was_rolled_back_is_taken_again(database):
    target = locations.target(database)
    with closing(target.connect()) as session:
        ledger = Ledger(target, session)
        ledger.make()
        with suppress(ZeroDivisionError), ledger.writing():
            first, _ = ledger.numbers.take()
            raise ZeroDivisionError
        with ledger.writing():
            again, _ = ledger.numbers.take(first)
            ledger.numbers.write(again, row(ledger))
        with ledger.writing():
            following, _ = ledger.numbers.take()
            ledger.numbers.write(following, row(ledger))
    assert (first, again, following) == (1, 1, 2)
    assert execute(database, "SELECT COUNT(*) FROM snapshots_imports") == [(2,)]


def test_numbers_go_on_behind_rows_that_were_brought_back(database):
    """As a backup of the tables alone does, which knows of no counter."""
    target = locations.target(database)
    with closing(target.connect()) as session:
        Ledger(target, session).make()
        for table, column in (("chunks", "start_offset, start_line, fence"), ("imports", None)):
            if column:
                session.execute(
                    f"INSERT INTO snapshots_{table} (import_id, {column}) VALUES (40, 0, 1, 1)"
                )
                continue
            session.execute(
                "INSERT INTO snapshots_imports (id, kind, input, table_name, state, plan,"
                " started_at, heartbeat_at) VALUES (30, 'import', 'x', 'x', 'failed', '', '', '')"
            )
    taken = []
    for _ in range(2):
        with closing(target.connect()) as session:
            ledger = Ledger(target, session)
            with ledger.writing():
                number, _ = ledger.numbers.take()
                ledger.numbers.write(number, row(ledger))
                taken.append(number)
    assert taken == [41, 42]
