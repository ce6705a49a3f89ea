"""kill -9 of a delivery, at random and around each writing of the books."""

import signal

import pytest

from tests.faults.deliveries import (
    Api,
    Killer,
    MoviesSink,
    check,
    make_movies,
    make_rows,
    serving,
    start,
)
from tests.real import data

KILLS = 8


def kill_at_random(database, folder, kills, rows, most, batch=1, api=Api):
    with serving(api()) as running:
        killer = Killer(database, rows, running, folder, batch=batch)
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
    movies = make_movies(tmp_path / "movies.csv", data("movies/backup.csv"), times=1)
    kill_at_random(sqlite_url, tmp_path, KILLS, movies, most=600, api=MoviesSink)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_killed_fifty_times(database, tmp_path):
    rows = make_rows(tmp_path / "rows.csv", 60_000)
    twice = kill_at_random(database, tmp_path, 50, rows, most=1500)
    print(f"{twice} of {len(rows.good)} rows were sent twice, with equal keys")


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_movies_killed_fifty_times(database, tmp_path):
    movies = make_movies(tmp_path / "movies.csv", data("movies/backup.csv"), times=3)
    twice = kill_at_random(database, tmp_path, 50, movies, most=500, api=MoviesSink)
    assert len(movies.good) == 3 * 6447
    print(f"{twice} of {len(movies.good)} movies were sent twice, with equal keys")


@pytest.mark.parametrize("step", ["before-record", "after-record"])
def test_killed_around_the_writing_of_the_books(sqlite_url, tmp_path, step):
    rows = make_rows(tmp_path / "rows.csv", 1500)
    with serving(Api()) as running:
        for nth in (1, 2, 5):
            process = start(sqlite_url, rows, running.url + "/r", tmp_path, f"{step}:{nth}")
            process.communicate(timeout=60)
            assert process.returncode == -signal.SIGKILL, f"{step}:{nth} was never reached"
        killer = Killer(sqlite_url, rows, running, tmp_path)
        process = start(sqlite_url, rows, running.url + "/r", tmp_path)
        process.communicate(timeout=60)
        assert process.returncode == 3
        assert set(running.handler.taken) == rows.good
        assert killer.kills == 0
