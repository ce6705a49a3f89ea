"""The head of the cluster dies, or Ray on the driver's host: a sentence, and nothing half done."""

import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import pytest

import snapshots
from snapshots.engine.cluster import placement, ray_client
from tests.engine.cluster.ray_head import RayHead
from tests.support.killed_imports import check, committed_chunks, make_file, schema_file
from tests.support.processes import PATIENCE, wait_for

pytestmark = pytest.mark.skipif(
    find_spec("ray") is None, reason="the extra snapshots[ray] is not installed"
)


@pytest.fixture
def head():
    head = RayHead()
    yield head
    head.end()


SECONDS = 10.0


@pytest.mark.parametrize(
    ("way", "dies"),
    [
        pytest.param(0, b"gcs_server", id="driver, head"),
        pytest.param(1, b"gcs_server", id="client, head", marks=pytest.mark.soak),
        pytest.param(0, b"raylet", id="driver, host", marks=pytest.mark.soak),
        pytest.param(1, b"raylet", id="client, host", marks=pytest.mark.soak),
    ],
)
def test_a_cluster_that_dies_is_a_sentence(postgres_url, tmp_path, monkeypatch, head, way, dies):
    monkeypatch.setattr(ray_client, "CLUSTER_SECONDS", SECONDS)
    monkeypatch.setattr(placement, "CLUSTER_SECONDS", SECONDS)
    made = make_file(tmp_path / "t.csv", 200_000)
    given = {"contract": schema_file(tmp_path), "chunk_size": 16_000, "table": "t"}
    with ThreadPoolExecutor(1) as threads:
        loading = threads.submit(
            snapshots.load,
            made.path,
            database=postgres_url,
            cluster=head.addresses[way],
            **given,
        )
        wait_for(lambda: committed_chunks(postgres_url) > 30)
        assert head.kill(dies) == 1
        killed = time.monotonic()
        result = loading.result(PATIENCE)
    seconds = time.monotonic() - killed
    assert (result.outcome, result.exit_code, result.record.state) == ("failed", 6, "interrupted")
    assert "cluster" in result.message
    assert "Start the cluster again" in result.hint or "Add hosts" in result.hint
    assert f"snapshots resume {result.record.import_id}" in result.hint
    assert seconds < 2 * SECONDS + 15
    before = committed_chunks(postgres_url)
    time.sleep(1)
    assert committed_chunks(postgres_url) == before  # no task goes on
    done = snapshots.resume(result.record.import_id, database=postgres_url)
    assert done.outcome == "finished"
    check(postgres_url, made)
