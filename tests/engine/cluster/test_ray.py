"""The same on a real Ray, whose worker processes die again and again."""

from importlib.util import find_spec

import pytest

import snapshots
from tests.engine.cluster.ray_head import RayHead
from tests.support.database_servers import PASSWORD, free_port
from tests.support.killed_imports import check, make_file, schema_file, start
from tests.support.processes import PATIENCE, finish
from tests.support.web_server import serving

pytestmark = pytest.mark.skipif(
    find_spec("ray") is None, reason="the extra snapshots[ray] is not installed"
)
CHUNK = 16_000


@pytest.fixture(scope="module")
def head():
    """A cluster of one host, whose workers die at each 30th commit."""
    head = RayHead(MYSQL_PWD="", SNAPSHOTS_FAULT="before-commit:30")
    yield head.addresses
    head.end()


@pytest.mark.parametrize("way", [0, 1], ids=["driver", "client"])
def test_what_hosts_load_is_what_the_input_has(postgres_url, tmp_path, head, way):
    made = make_file(tmp_path / "t.csv", 60_000)
    process = start(
        postgres_url, made, schema_file(tmp_path), tmp_path / "state",
        options=("--cluster", head[way], "--sessions", "4"), chunk_size=str(CHUNK),
    )  # fmt: skip
    code, result, err = finish(process, seconds=PATIENCE)
    assert code == 3, (result["error"], result["hint"], err)
    assert PASSWORD not in err
    check(postgres_url, made)


def test_bytes_that_no_host_can_read_again(postgres_url, tmp_path, head):
    """A URL with a password: its bytes go with the tasks."""
    made = make_file(tmp_path / "t.csv", 5000)
    with serving() as web:
        web.put("/t.csv", made.path.read_bytes(), login="ann:t0p")
        made.path = web.url("/t.csv", login="ann:t0p@")
        process = start(
            postgres_url, made, schema_file(tmp_path), tmp_path / "state",
            options=("--cluster", head[0]), chunk_size=str(CHUNK),
        )  # fmt: skip
        code, result, err = finish(process, seconds=PATIENCE)
    assert code == 3, (result["error"], result["hint"], err)
    assert result["loaded"] == len(made.good)
    assert "t0p" not in err


def test_what_a_host_lacks_is_a_sentence(mysql_url, tmp_path, head):
    """The workers have PostgreSQL's password alone. Then the import goes on without a cluster."""
    made = make_file(tmp_path / "t.csv", 5000)
    given = {"contract": schema_file(tmp_path), "chunk_size": CHUNK, "table": "t"}
    result = snapshots.load(made.path, database=mysql_url, cluster=head[0], **given)
    assert result.outcome == "failed"
    assert "This happened on host" in result.hint
    assert result.counts.records == 0
    done = snapshots.resume(result.record.import_id, database=mysql_url)
    assert done.outcome == "finished"
    check(mysql_url, made)


def test_no_cluster_is_a_sentence(postgres_url, tmp_path):
    made = make_file(tmp_path / "t.csv", 20_000)
    result = snapshots.load(
        made.path, database=postgres_url, cluster=f"127.0.0.1:{free_port()}", chunk_size=CHUNK
    )
    assert result.outcome == "failed"
    assert "cannot be reached" in result.message
    assert snapshots.resume(result.record.import_id, database=postgres_url).outcome == "finished"
