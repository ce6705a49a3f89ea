"""A bad network between the loader and its database: nothing lost, nothing twice."""

from contextlib import closing

import pytest

import snapshots
from snapshots import locations
from snapshots.engine.plan.options import Options
from snapshots.engine.run.importer import Importer
from snapshots.engine.run.many_inputs import import_each
from snapshots.errors import TargetError
from tests.support.database_proxy import (
    CutAfterPieces,
    CutAtRandom,
    Interrupt,
    LoseAnswers,
    Proxy,
    Slow,
    Stall,
)
from tests.support.killed_imports import check, committed_chunks, make_file, schema_file, start
from tests.support.processes import PATIENCE, finish, go_on, held

CUTS = 12
CHUNK = b"UPDATE snapshots_chunks"
"""The last statement but one of a chunk's transaction."""
END = b"UPDATE snapshots_imports SET state"
"""Of the transaction that ends an import."""
BEGINNING = b"INSERT INTO snapshots_imports"


@pytest.fixture(params=["postgres_url", "mysql_url"])
def server(request):
    """The URL of a fresh database that is reached by a network."""
    url = request.getfixturevalue(request.param)
    locations.target(url).connect().close()
    return url


@pytest.fixture
def made(tmp_path):
    return make_file(tmp_path / "t.csv", 40_000)


def _plain(url):
    """Without TLS, so that the proxy can read what it is to wait for."""
    return url + ("?sslmode=disable" if url.startswith("postgres") else "")


def _load(proxy, made, tmp_path, fault=""):
    return start(_plain(proxy.url), made, schema_file(tmp_path), tmp_path / "state", fault)


@pytest.mark.parametrize("seed", [1, 2])
def test_cut_at_random_bytes(server, made, tmp_path, seed):
    fault = CutAtRandom(CUTS, most=400_000, seed=seed)
    with Proxy(server, fault) as proxy:
        code, result, err = finish(_load(proxy, made, tmp_path))
        while code == 6 or (code == 1 and fault.left):
            # Cut before there was an import, there is none to go on with.
            code, result, err = finish(_load(proxy, made, tmp_path))
        assert code == 3, (err, result)
        assert fault.left < CUTS
    check(server, made)


@pytest.mark.parametrize(("words", "times"), [(CHUNK, 5), (END, 1)], ids=["a chunk", "the end"])
def test_the_answer_to_commit_is_lost(server, made, tmp_path, words, times):
    fault = LoseAnswers(words, times)
    with Proxy(server, fault) as proxy:
        code, result, err = finish(_load(proxy, made, tmp_path))
        assert fault.left == 0, "the COMMIT was never seen"
    assert (code, result.get("state")) == (3, "finished"), (err, result)
    check(server, made)


def test_the_answer_to_the_first_commit_is_lost(server, made, tmp_path):
    """Nothing is loaded yet: the import that was begun is gone on with, by the same command."""
    with Proxy(server, LoseAnswers(BEGINNING, 1)) as proxy:
        code, _, err = finish(_load(proxy, made, tmp_path))
        assert code == 6, err
        code, result, err = finish(_load(proxy, made, tmp_path))
    assert (code, result["import_id"]) == (3, 1), err
    check(server, made)


@pytest.mark.parametrize("again", [False, True], ids=["in a group", "again"])
def test_the_answer_to_the_commit_of_small_files_is_lost(server, tmp_path, again):
    """Nobody knows whether they are loaded, until the ledger is asked: each is, and once."""
    files = [tmp_path / f"f{n}.csv" for n in range(7)]
    for n, file in enumerate(files):
        file.write_text("id,name\n" + "".join(f"{n * 5 + i},x\n" for i in range(5)))
    snapshots.load(files[0], database=server, table="t")
    fault = LoseAnswers(b"snapshots_chunks", 1)
    with Proxy(server, fault) as proxy:
        options = Options(table="t", again=again)
        target = locations.target(_plain(proxy.url))
        with closing(Importer(target, options, lambda _: None)) as importer:
            found = [one for _, one in import_each([str(file) for file in files[1:]], importer)]
    assert fault.left == 0, "the COMMIT was never seen"
    outcomes = [getattr(one, "outcome", one) for one in found]
    assert set(outcomes) <= {"finished", "already_imported"}, outcomes
    with closing(locations.target(server).connect()) as session:
        assert session.execute("SELECT COUNT(*), COUNT(DISTINCT id) FROM t") == [(35, 35)]
        ledger = "SELECT COUNT(*), COUNT(DISTINCT input) FROM snapshots_imports"
        assert session.execute(f"{ledger} WHERE state = 'finished'") == [(7, 7)]
        assert session.execute(ledger) == [(7, 7)]


def test_a_server_that_stops_interrupts_statements_first(mysql_url, made, tmp_path):
    locations.target(mysql_url).connect().close()
    fault = Interrupt(CHUNK, 3)
    with Proxy(mysql_url, fault) as proxy:
        code, result, err = finish(_load(proxy, made, tmp_path))
    assert fault.left == 0, "no statement was interrupted"
    assert (code, result.get("state")) == (3, "finished"), (err, result)
    check(mysql_url, made)


def test_a_connection_that_is_cut_while_it_is_made_is_tried_again(server):
    """A worker may be connecting while the server goes away."""
    fault = CutAfterPieces(0)
    with Proxy(server, fault) as proxy:
        target = locations.target(proxy.url)
        for fault.pieces in range(40):
            try:
                target.connect().close()
            except TargetError as error:
                assert error.retryable, (fault.pieces, error)  # noqa: PT017 - some succeed
            else:
                break
        else:
            pytest.fail("no connection was made")
    assert fault.pieces > 3


def test_stalled_and_going_on(server, made, tmp_path):
    fault = Stall()
    with Proxy(server, fault) as proxy:
        process = _load(proxy, made, tmp_path, "after-commit:3:stop")
        held(process)
        fault.stop()
        go_on(process)
        assert fault.stalled.wait(PATIENCE)
        committed = committed_chunks(server)
        assert process.poll() is None
        fault.go_on()
        code, result, err = finish(process)
        assert code == 3, (err, result)
        assert committed_chunks(server) > committed
    check(server, made)


def test_slow(server, made, tmp_path):
    with Proxy(server, Slow()) as proxy:
        code, result, err = finish(_load(proxy, made, tmp_path))
    assert code == 3, (err, result)
    check(server, made)
