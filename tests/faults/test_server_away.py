"""The database server is killed, or stopped, and comes back while an import, a delivery or a worker
is at work. Where it stays away, the import can be resumed."""

import json
import signal
import time

import pytest

from tests.support import killed_deliveries
from tests.support.database_servers import MariaServer, PostgresServer
from tests.support.http_server import serving
from tests.support.killed_imports import check, make_file, schema_file, start
from tests.support.processes import BUSY, finish, go_on, held, wait_for
from tests.support.worker_process import entry, submit, worker

AWAY_SECONDS = 1


def _loading(server, folder):
    made = make_file(folder / "t.csv", 400_000)
    database = server.url("away")
    process = start(
        database, made, schema_file(folder), folder / "state", "after-commit:3:stop", "32KB"
    )
    held(process)
    return database, made, process


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        (PostgresServer, signal.SIGKILL),
        (PostgresServer, signal.SIGQUIT),  # what `pg_ctl stop -m immediate` sends
        (PostgresServer, signal.SIGINT),
        (MariaServer, signal.SIGKILL),
        (MariaServer, signal.SIGTERM),
    ],
)
def test_the_server_goes_away_and_comes_back(kind, how, tmp_path):
    with kind() as server:
        database, made, process = _loading(server, tmp_path)
        server.stop(how)
        go_on(process)
        time.sleep(AWAY_SECONDS)
        assert process.poll() is None, finish(process)
        server.start()
        code, result, err = finish(process)
        assert code == 3, (err, result)
        check(database, made)


@pytest.mark.soak
def test_a_server_that_stays_away_is_given_up(own_server, tmp_path):
    database, made, process = _loading(own_server, tmp_path)
    own_server.stop()
    go_on(process)
    began = time.monotonic()
    code, result, err = finish(process)
    assert code == 6, (err, result)
    assert 55 < time.monotonic() - began < 60 + 2 * BUSY
    own_server.start()
    contract = schema_file(tmp_path)
    code, result, err = finish(start(database, made, contract, tmp_path / "state"))
    assert (code, result["import_id"]) == (3, 1), (err, result)
    check(database, made)


def test_the_server_of_a_deliverys_account_goes_away(own_server, tmp_path):
    """What the API has said meanwhile is written down when it is back."""
    database = own_server.url("away")
    rows = killed_deliveries.make_rows(tmp_path / "rows.csv", 6000)
    with serving(killed_deliveries.Api()) as running:
        api = running.handler
        api.most = 200
        process = killed_deliveries.start(database, rows, running.url + "/rows", tmp_path)
        wait_for(lambda: api.total >= 200)
        own_server.kill()
        api.go_on()
        time.sleep(AWAY_SECONDS)
        assert process.poll() is None, "the delivery gave up at once"
        own_server.start()
        code, result, err = finish(process)
        assert code == 3, (err, result)
        assert killed_deliveries.check(rows, api, result, kills=1) == 0


def test_the_server_of_a_worker_of_the_service_goes_away(own_server, tmp_path):
    made = make_file(tmp_path / "t.csv", 200_000)
    database = own_server.url("away")
    contract = json.loads(schema_file(tmp_path).read_text())
    submit(database, file=made.path.name, contract=contract, chunk_size=1 << 15)
    with worker(database, tmp_path, "after-commit:3:stop") as process:
        held(process)
        own_server.kill()
        go_on(process)
        time.sleep(AWAY_SECONDS)
        assert process.poll() is None, "the worker ended"
        own_server.start()
        wait_for(lambda: entry(database, 1).state == "finished")
    check(database, made)
