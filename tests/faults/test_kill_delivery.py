"""kill -9 of a delivery, at random and around each writing of the books; one that is stopped, for
good or for a while."""

import signal
from contextlib import ExitStack, closing, contextmanager

import pytest

from snapshots import locations
from snapshots.engine.delivery.group_commit import WINDOW
from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.time_limits import LEASE_SECONDS
from tests.support.certificates import Certificates
from tests.support.http_server import serving
from tests.support.input_files import data
from tests.support.killed_deliveries import (
    CONCURRENCY,
    Api,
    Killer,
    MoviesSink,
    check,
    make_movies,
    make_rows,
    start,
)
from tests.support.processes import PATIENCE, ending_soon, finish, wait_for
from tests.support.proxy_servers import Front, Microsocks, Squid, Tinyproxy

KILLS = 8
STOP_SECONDS = 4


def kill_at_random(database, folder, kills, rows, most, batch=1, api=Api, **how):
    with serving(api()) as running:
        killer = Killer(database, rows, running, folder, batch=batch, **how)
        code, result = killer.run(kills, most)
        assert killer.kills == kills, "it was sent too fast to be killed so often"
        assert code == 3, result
        return check(rows, running.handler, result, kills, batch)


def test_killed_at_random_what_is_confirmed_is_never_sent_again(database, tmp_path):
    kill_at_random(database, tmp_path, KILLS, make_rows(tmp_path / "rows.csv", 4000), most=300)


def test_pages_killed_at_random_are_sent_again_under_the_same_keys(sqlite_url, tmp_path):
    rows = make_rows(tmp_path / "rows.csv", 12_000)
    kill_at_random(sqlite_url, tmp_path, 5, rows, most=60, batch=20)


def test_movies_killed_at_random_arrive_whatever_the_503s(sqlite_url, tmp_path):
    movies = make_movies(tmp_path / "movies.csv", data("made/movies.csv"), times=1)
    kill_at_random(sqlite_url, tmp_path, KILLS, movies, most=600, api=MoviesSink)


@contextmanager
def reached(way, folder):
    """The options of a delivery that goes this way, and the URL where it begins, for that of an
    API."""
    if way == "http2":
        certificates = Certificates(folder)

        def front(url):
            # It ends a connection after so many requests, as servers do.
            server = stack.enter_context(Front(certificates, url, requests=500))
            return server.url("tls")

        with ExitStack() as stack:
            yield ("--ca", certificates.ca), front
    else:
        kind = {"proxy": Tinyproxy, "squid": Squid, "socks": Microsocks}[way]
        with kind() as proxy:
            yield ("--proxy", proxy.url()), str


WAYS = ("http2", "proxy", "squid", "socks")


@pytest.mark.parametrize("way", WAYS)
def test_killed_on_other_ways_to_the_api(sqlite_url, tmp_path, way):
    rows = make_rows(tmp_path / "rows.csv", 1500)
    with reached(way, tmp_path) as (more, front):
        kill_at_random(sqlite_url, tmp_path, 3, rows, most=250, more=more, front=front)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("way", WAYS)
def test_killed_fifty_times_on_other_ways_to_the_api(sqlite_url, tmp_path, way):
    rows = make_rows(tmp_path / "rows.csv", 20_000)
    with reached(way, tmp_path) as (more, front):
        twice = kill_at_random(sqlite_url, tmp_path, 50, rows, most=500, more=more, front=front)
    print(f"{way}: {twice} of {len(rows.good)} rows were sent twice, with equal keys")


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_killed_fifty_times(database, tmp_path):
    rows = make_rows(tmp_path / "rows.csv", 60_000)
    twice = kill_at_random(database, tmp_path, 50, rows, most=1500)
    print(f"{twice} of {len(rows.good)} rows were sent twice, with equal keys")


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_movies_killed_fifty_times(database, tmp_path):
    movies = make_movies(tmp_path / "movies.csv", data("made/movies.csv"), times=3)
    twice = kill_at_random(database, tmp_path, 50, movies, most=500, api=MoviesSink)
    assert len(movies.good) == 3 * 6447
    print(f"{twice} of {len(movies.good)} movies were sent twice, with equal keys")


@pytest.mark.parametrize("step", ["before-record", "after-record"])
def test_killed_around_the_writing_of_the_books(database, tmp_path, step):
    rows = make_rows(tmp_path / "rows.csv", 1500)
    with serving(Api()) as running:
        for nth in (1, 2, 5):
            process = start(database, rows, running.url + "/r", tmp_path, f"{step}:{nth}")
            process.communicate(timeout=PATIENCE)
            assert process.returncode == -signal.SIGKILL, f"{step}:{nth} was never reached"
        code, result, err = finish(start(database, rows, running.url + "/r", tmp_path))
        assert code == 3, (err, result)
        check(rows, running.handler, result, kills=3)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_nothing_is_sent_twice(database, tmp_path, number):
    """What is under way is answered and written down first."""
    rows = make_rows(tmp_path / "rows.csv", 6000)
    with serving(Api(trouble=0)) as running:
        api = running.handler
        api.most = 200
        process = start(database, rows, running.url + "/r", tmp_path)
        wait_for(lambda: api.total >= 200)
        with ending_soon(process, STOP_SECONDS):
            process.send_signal(number)
            api.go_on()
            code, result, err = finish(process)
        assert code == 128 + number, (err, result)
        assert 0 < result["loaded"] < len(rows.good)
        code, result, err = finish(start(database, rows, running.url + "/r", tmp_path))
        assert code == 3, (err, result)
        assert check(rows, api, result, kills=0) == 0


def test_a_zombie_sends_no_more_than_what_was_under_way(database, tmp_path):
    """Stopped for longer than its lease, and woken when another has taken over and finished."""
    rows = make_rows(tmp_path / "rows.csv", 3000)
    with serving(Api(trouble=0)) as running:
        api = running.handler
        api.most = 200
        process = start(database, rows, running.url + "/r", tmp_path)
        wait_for(lambda: api.total >= 200)
        process.send_signal(signal.SIGSTOP)
        api.go_on()
        try:
            with closing(LedgerSession(locations.target(database), create=False)) as books:
                wait_for(lambda: books.ledger.entry(1).heartbeat_age > LEASE_SECONDS)
            code, result, err = finish(start(database, rows, running.url + "/r", tmp_path))
            assert code == 3, (err, result)
            check(rows, api, result, kills=1)
            sent = api.total
        finally:
            process.send_signal(signal.SIGCONT)
        code, zombie, err = finish(process)
        assert code == 1, (err, zombie)
        assert zombie["error"]["code"] == "lost_lease", zombie
        assert api.total - sent <= WINDOW * CONCURRENCY
        # Who slept for long also asks again where no answer came in time: more than one window.
        check(rows, api, result, kills=2)
