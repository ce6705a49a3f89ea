"""What a cluster cannot do is a sentence, and nothing is half done."""

import subprocess
from functools import partial

import pytest

import snapshots
from snapshots.engine.cluster import executor, placement
from snapshots.engine.cluster.address import Cluster
from snapshots.engine.cluster.local_pool import LocalPool
from snapshots.engine.events import Committed, Notice
from snapshots.errors import UsageError
from tests.support.killed_imports import check, committed_chunks, make_file, schema_file
from tests.support.web_server import serving

CHUNK = 16_000


@pytest.fixture
def web():
    with serving() as web:
        yield web


@pytest.fixture
def made(tmp_path):
    return make_file(tmp_path / "t.csv", 10_000)


def load(source, database, folder, **how):
    given = {"contract": schema_file(folder), "chunk_size": CHUNK, "workers": 2, "table": "t"}
    return snapshots.load(source, database=database, **{"cluster": "local", **given, **how})


def test_a_database_that_is_a_file(tmp_path, made):
    with pytest.raises(UsageError, match="takes rows from one process at a time") as error:
        load(made.path, f"sqlite:///{tmp_path / 'a.db'}", tmp_path)
    assert "load without --cluster" in error.value.hint
    assert not (tmp_path / "a.db").exists()


@pytest.mark.parametrize(("option", "name"), [("limit", "--limit"), ("stop_on_error", "--stop-on")])
def test_records_in_order(postgres_url, tmp_path, made, option, name):
    with pytest.raises(UsageError, match=f"{name}.* needs one worker"):
        load(made.path, postgres_url, tmp_path, **{option: 1})
    assert committed_chunks(postgres_url) == 0


@pytest.mark.parametrize("mode", ["append", "replace"])
def test_many_inputs_are_refused_once(postgres_url, tmp_path, mode):
    """Not each of them, and the first one is not tried."""
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("a\n1\n")
    given = {"database": postgres_url, "cluster": "local", "mode": mode}
    with pytest.raises(UsageError, match="--limit needs one worker"):
        next(snapshots.load_many([tmp_path / "a.csv", tmp_path / "b.csv"], limit=1, **given))


def test_no_address(postgres_url, tmp_path, made):
    with pytest.raises(UsageError, match="is no address of a cluster"):
        load(made.path, postgres_url, tmp_path, cluster="somewhere")


def test_another_release_on_a_host(postgres_url, tmp_path, made, monkeypatch):
    monkeypatch.setattr(executor, "release", lambda: "snapshots 0.1 for Python 3.11")
    result = load(made.path, postgres_url, tmp_path)
    assert result.outcome == "failed"
    assert "Host " in result.message
    assert "and the driver snapshots 0.1 for Python 3.11" in result.message
    assert "Install the same release on every host" in result.hint
    assert committed_chunks(postgres_url) == 0


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """The folder in which the processes of tasks work, as on a host with other files."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(subprocess, "Popen", partial(subprocess.Popen, cwd=folder))
    return folder


def test_a_path_that_a_host_does_not_have(postgres_url, tmp_path, made, elsewhere):
    result = load(made.path.name, postgres_url, tmp_path)
    assert (result.outcome, committed_chunks(postgres_url)) == ("failed", 0)
    assert "The file does not exist" in result.message
    assert "This happened on host" in result.hint


def test_a_host_that_has_another_file(postgres_url, tmp_path, made, elsewhere):
    make_file(elsewhere / made.path.name, 10_000, seed=2)
    result = load(made.path.name, postgres_url, tmp_path)
    assert (result.outcome, committed_chunks(postgres_url)) == ("failed", 0)
    assert "his host has another file of this name" in result.message
    assert "This happened on host" in result.hint


def test_an_object_that_changes(postgres_url, tmp_path, made, web):
    """Between survey and load: then the import ends, and is not resumed with the other bytes."""
    data = made.path.read_bytes()
    _, url = web.put("/t.csv", data)
    seen = []

    def change(event):
        if isinstance(event, Committed) and not seen:
            seen.append(event)
            web.put("/t.csv", data.replace(b"name", b"mane"))

    result = load(url, postgres_url, tmp_path, listener=change, chunk_size=1000)
    assert seen
    assert result.outcome == "failed", result
    assert "others than those that were read first" in result.message
    assert "--again" in result.hint
    assert result.record.state == "failed"


def test_a_url_with_a_secret(postgres_url, tmp_path, made, web):
    """It goes to no task: its bytes do."""
    web.put("/t.csv", made.path.read_bytes(), login="ann:t0p")
    notices = []
    result = load(
        web.url("/t.csv", login="ann:t0p@"), postgres_url, tmp_path, listener=notices.append
    )
    assert result.outcome == "finished"
    said = [one.text for one in notices if isinstance(one, Notice)]
    assert any("which no task gets" in text for text in said)
    assert not any("t0p" in text for text in said)
    check(postgres_url, made)


class WithoutHosts(LocalPool):
    def hosts(self):
        return {}


def test_no_slot(postgres_url, tmp_path, made, monkeypatch):
    monkeypatch.setattr(placement, "CLUSTER_SECONDS", 1.0)
    monkeypatch.setattr(Cluster, "pool", lambda cluster: WithoutHosts(cluster.target, 1))
    result = load(made.path, postgres_url, tmp_path)
    assert (result.outcome, result.exit_code, result.record.state) == ("failed", 6, "interrupted")
    assert "no free slot for 1 s" in result.message
    assert "Add hosts to it" in result.hint
    assert snapshots.resume(1, database=postgres_url).outcome == "finished"
    check(postgres_url, made)
