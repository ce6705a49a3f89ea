"""A real Ray with MariaDB, with the objects of a store, and with another release."""

import sys
from importlib.util import find_spec

import psycopg
import pytest

import snapshots
from snapshots.errors import SnapshotsError, UsageError
from tests.engine.cluster.ray_head import RayHead
from tests.support.killed_imports import check, make_file, schema_file
from tests.support.web_server import serving

pytestmark = pytest.mark.skipif(
    find_spec("ray") is None, reason="the extra snapshots[ray] is not installed"
)


@pytest.fixture(scope="module")
def store():
    """An object store as S3 is one, and a cluster whose hosts know it."""
    with serving() as web:
        variables = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{web.port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_SKIP_SIGNATURE": "true",
            "AWS_REGION": "us-east-1",
        }
        head = RayHead(SNAPSHOTS_FAULT="before-commit:40", **variables)
        yield web, head, variables
        head.end()


def test_mariadb(mysql_url, tmp_path, store):
    """Whose workers die, too."""
    _, head, _ = store
    made = make_file(tmp_path / "t.csv", 20_000)
    result = snapshots.load(
        made.path, database=mysql_url, table="t", cluster=head.addresses[0],
        contract=schema_file(tmp_path), chunk_size=16_000,
    )  # fmt: skip
    assert result.outcome == "finished", (result.message, result.hint)
    check(mysql_url, made)


def test_the_objects_of_a_store(postgres_url, store, monkeypatch):
    web, head, variables = store
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for n in range(300):
        web.put(f"/bucket/2024/{n:03}.csv", f"id,name\n{2 * n},a\n{2 * n + 1},b\n".encode())
    found = dict(
        snapshots.load_many(
            ["s3://bucket/2024/*.csv"],
            database=postgres_url,
            table="t",
            cluster=head.addresses[0],
        )
    )
    assert len(found) == 300
    failed = [one for one in found.values() if isinstance(one, SnapshotsError)]
    assert failed == []
    # What a dead worker had imported, another one says of it.
    assert {one.outcome for one in found.values()} <= {"finished", "already_imported"}
    with psycopg.connect(postgres_url) as connection:
        rows = connection.execute("SELECT id FROM t ORDER BY id").fetchall()
    assert rows == [(n,) for n in range(600)]


def with_ray(folder, release):
    """A Python that takes its Ray for that release."""
    python = folder / "python"
    code = "import runpy, sys, ray; del sys.argv[0]; module = sys.argv[1]; del sys.argv[1];"
    code += f" ray.__version__ = '{release}'; runpy.run_module(module, run_name='__main__')"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{code}" "$@"\n')
    python.chmod(0o755)
    return python


@pytest.mark.parametrize("way", [0, 1], ids=["driver", "client"])
def test_another_release_of_ray(postgres_url, tmp_path, store, monkeypatch, way):
    _, head, _ = store
    made = make_file(tmp_path / "t.csv", 5000)
    monkeypatch.setattr(sys, "executable", str(with_ray(tmp_path, "2.51.9")))

    def load_again():
        """A head that is busy for half a minute counts as gone."""
        for _ in range(3):
            done = snapshots.load(
                made.path, database=postgres_url, cluster=head.addresses[way], chunk_size=16_000
            )
            assert done.outcome == "failed", done

    with pytest.raises(UsageError, match="The cluster has another release") as error:
        load_again()
    assert "2.51.9" in str(error.value) + error.value.hint
    assert "install the same everywhere" in error.value.hint
    assert snapshots.history(database=postgres_url)[0].records == 0
