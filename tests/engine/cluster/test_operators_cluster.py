"""In the service and sync, the cluster is the operator's: its tasks load what clients ask for."""

import pytest

from tests.support.killed_imports import make_file
from tests.support.processes import wait_for
from tests.support.service_process import served
from tests.support.sync_process import Service
from tests.support.worker_process import entry, submit, worker

# A process that commits a third chunk dies: a task, which gets a successor. The service would end.
DYING = {"SNAPSHOTS_FAULT": "before-commit:3"}
CHUNK = {"chunk_size": 16_000}


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


def test_the_service(postgres_url, files):
    made = make_file(files / "t.csv", 5000)
    with served(postgres_url, files, "--cluster", "local", "--workers", "1", **DYING) as client:
        number = client.submit(file="t.csv", all_text=True, **CHUNK)
        found = client.wait(number)
        assert found["state"] == "finished", found
        assert found["records"] == made.records
        assert found["loaded"] == made.records - made.blank


@pytest.mark.parametrize("asked", [{"cluster": "local"}, {"sessions": 3}])
def test_a_client_names_no_cluster(postgres_url, files, asked):
    (files / "t.csv").write_text("a\n1\n")
    with served(postgres_url, files, "--cluster", "local") as client:
        answer = client.ask("POST", "/v1/imports", {"file": "t.csv", **asked})
        assert answer.status == 422
        assert next(iter(asked)) in answer.data.decode()


def test_a_worker(postgres_url, files):
    made = make_file(files / "t.csv", 5000)
    number = submit(postgres_url, file="t.csv", all_text=True, **CHUNK).entry.import_id
    with worker(postgres_url, files, SNAPSHOTS_CLUSTER="local", **DYING):
        wait_for(lambda: entry(postgres_url, number).state not in ("queued", "running"))
    found = entry(postgres_url, number)
    assert (found.state, found.counts.records) == ("finished", made.records), found


def test_sync(postgres_url, files):
    made = make_file(files / "t.csv", 5000)
    options = ("--cluster", "local", "--chunk-size", "16KB", "--all-text", "--table", "t")
    with Service(postgres_url, files, *options, **DYING) as service:
        service.wait_ended("t.csv")
        (ended,) = service.said("ended")
    assert ended["outcome"] == "finished", ended
    assert ended["records"] == made.records
