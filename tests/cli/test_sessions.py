"""Sessions of a cluster, where there is none."""

import pytest

import snapshots
from tests.support.command import snapshots as command

COMMANDS = {
    "import": ("a.csv",),
    "sync": (".", "--once"),
    "resume": ("1",),
    "worker": (),
    "serve": (),
}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("cluster", [False, True])
def test_they_are_refused_in_any_order(tmp_path, name, cluster):
    given = ("--sessions", "3", *(("--cluster", "local") if cluster else ()))
    database = ("--database", "sqlite:///a.db")
    done = command(name, *COMMANDS[name], *given, *database, cwd=tmp_path)
    assert ("no --cluster is given" in done.stderr) == (not cluster), done.stderr
    if not cluster:
        assert done.returncode == 2


def test_the_variable_waits_for_a_cluster(tmp_path):
    (tmp_path / "a.csv").write_text("id\n1\n")
    database = ("--database", "sqlite:///a.db")
    done = command("import", "a.csv", *database, cwd=tmp_path, SNAPSHOTS_SESSIONS="3")
    assert done.returncode == 0, done.stderr


def test_python_refuses_them_too(tmp_path, database):
    (tmp_path / "a.csv").write_text("id\n1\n")
    with pytest.raises(snapshots.SnapshotsError, match="no --cluster is given"):
        snapshots.load(tmp_path / "a.csv", database=database, sessions=3)
