"""Rows of the ledger that are lost are noticed, and nothing is loaded twice for it."""

import os
import signal

import pytest

from snapshots.engine.queue.request import ImportRequest
from tests.ledger.older import execute, ledger_of_version_1
from tests.support.command import objects
from tests.support.command import snapshots as command
from tests.support.service_process import served

SAYS = "snapshots_chunks has lost"


@pytest.fixture
def thousand(tmp_path):
    (tmp_path / "t.csv").write_text("n,text\n" + "".join(f"{n},row {n}\n" for n in range(1000)))
    return "t.csv"


def run(database, tmp_path, *arguments, **environment):
    return command(*arguments, "--database", database, cwd=tmp_path, **environment)


def lose_a_chunk(database, number=1):
    ((start,),) = execute(
        database,
        "SELECT start_offset FROM snapshots_chunks WHERE import_id = ? AND start_offset > 0"
        " ORDER BY start_offset LIMIT 1",
        number,
    )
    execute(
        database,
        "DELETE FROM snapshots_chunks WHERE import_id = ? AND start_offset = ?",
        number,
        start,
    )


def stopped_at_a_limit(database, tmp_path, name):
    done = run(database, tmp_path, "import", name, "--chunk-size", "2KB", "--limit", "600")
    assert done.returncode == 0, done.stderr


def killed(database, tmp_path, name):
    done = run(
        database, tmp_path, "import", name, "--chunk-size", "2KB", "--workers", "2",
        SNAPSHOTS_FAULT="after-commit:4",
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize("begun", [stopped_at_a_limit, killed])
def test_it_is_said_and_not_gone_on_with(database, tmp_path, thousand, begun):
    begun(database, tmp_path, thousand)
    sound = run(database, tmp_path, "list")
    assert SAYS not in sound.stderr
    lose_a_chunk(database)
    before = execute(database, "SELECT COUNT(*) FROM t")
    listed = run(database, tmp_path, "list")
    assert SAYS in listed.stderr
    (told,) = objects(run(database, tmp_path, "show", "1", "--json"))
    assert SAYS in told["damage"]
    assert SAYS in run(database, tmp_path, "show", "1").stdout
    for arguments in (["resume", "1"], ["import", thousand, "--chunk-size", "2KB"]):
        refused = run(database, tmp_path, *arguments)
        assert refused.returncode == 1, (arguments, refused.stderr)
        assert SAYS in refused.stderr
        assert "Restore" in refused.stderr
    assert execute(database, "SELECT COUNT(*) FROM t") == before
    # And it stays so.
    assert SAYS in run(database, tmp_path, "resume", "1").stderr


def test_of_a_finished_import(database, tmp_path, thousand):
    run(database, tmp_path, "import", thousand, "--chunk-size", "2KB")
    lose_a_chunk(database)
    assert SAYS in run(database, tmp_path, "list").stderr
    assert SAYS in run(database, tmp_path, "show", "1").stdout
    refused = run(database, tmp_path, "resume", "1")
    assert (refused.returncode, SAYS in refused.stderr) == (1, True)
    again = run(database, tmp_path, "import", thousand)
    assert again.returncode == 5
    assert execute(database, "SELECT COUNT(*) FROM t") == [(1000,)]


def test_of_all_its_chunks(database, tmp_path, thousand):
    stopped_at_a_limit(database, tmp_path, thousand)
    execute(database, "DELETE FROM snapshots_chunks")
    assert SAYS in run(database, tmp_path, "list").stderr
    assert SAYS in run(database, tmp_path, "resume", "1").stderr
    assert execute(database, "SELECT COUNT(*) FROM t") == [(600,)]


def test_of_an_import_that_an_older_version_began(database, tmp_path):
    """It did not count its chunks, and wrote its account where it ended in good order."""
    ledger_of_version_1(database, tmp_path)
    lose_a_chunk(database, 2)
    assert SAYS in run(database, tmp_path, "list").stderr
    refused = run(database, tmp_path, "resume", "2")
    assert (refused.returncode, SAYS in refused.stderr) == (1, True)
    assert SAYS in run(database, tmp_path, "resume", "2").stderr
    assert execute(database, "SELECT COUNT(*) FROM numbers") == [(150,)]


def test_an_import_that_is_gone_gives_its_number_to_nobody(database, tmp_path, thousand):
    """Its chunks would make those of another look committed."""
    run(database, tmp_path, "import", thousand, "--chunk-size", "2KB")
    execute(database, "DELETE FROM snapshots_imports")
    done = run(database, tmp_path, "import", thousand, "--chunk-size", "2KB", "--table", "u")
    assert done.returncode == 0, done.stderr
    assert execute(database, "SELECT COUNT(*), MIN(_import_id) FROM u") == [(1000, 2)]


def test_the_service_ends_it_with_that_sentence(database, tmp_path, thousand):
    files = tmp_path / "service"
    files.mkdir()
    os.link(tmp_path / thousand, files / "t.csv")
    stopped_at_a_limit(database, tmp_path, thousand)
    execute(
        database,
        "UPDATE snapshots_imports SET request = ?, input = 't.csv', state = 'queued',"
        " request_key = 'k'",
        ImportRequest(file="t.csv").to_json(),
    )
    lose_a_chunk(database)
    with served(database, files) as client:
        ended = client.wait(1)
        assert (ended["state"], ended["error"]["code"]) == ("failed", "ledger_damaged")
        assert SAYS in ended["error"]["message"]
        assert SAYS in ended["damage"]
        assert SAYS in client.get("/imports/1").data.decode()
        refused = client.ask("POST", "/v1/imports/1/resume")
        assert (refused.status, refused.json["code"]) == (409, "ledger_damaged")
    assert execute(database, "SELECT COUNT(*) FROM t") == [(600,)]
