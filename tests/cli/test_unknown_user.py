"""A container may run the program as a user whom nobody knows, with an empty environment."""

import json
import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from tests.support.processes import PATIENCE

UNSHARE = shutil.which("unshare")
AS_NOBODY = (UNSHARE or "unshare", "-U", "--map-user=12345", "--map-group=12345", "env", "-i")


def _possible():
    """Some systems let nobody become another user."""
    if UNSHARE is None:
        return False
    tried = subprocess.run([*AS_NOBODY, "true"], capture_output=True, check=False)
    return tried.returncode == 0


pytestmark = pytest.mark.skipif(not _possible(), reason="needs user namespaces (unshare -U)")


def unknown(*arguments, cwd, **environment):
    """Runs the command as user 12345, who has neither a name nor a home folder."""
    named = [f"{name}={value}" for name, value in environment.items()]
    done = subprocess.run(
        [*AS_NOBODY, *named, sys.executable, "-B", "-m", "snapshots", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        timeout=120,
        check=False,
        text=True,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("id,name\n1,Ann\n2,Bob\nx,Cleo,Rome\n")
    return tmp_path


def test_a_folder_is_imported_and_the_ledger_is_read(database, folder):
    where = ("--database", database)
    synced = unknown("sync", *where, "--once", "--data-dir", "data", "--json", cwd=folder)
    assert synced.returncode == 3, synced.stderr
    (ended,) = [e for e in map(json.loads, synced.stdout.splitlines()) if e["event"] == "ended"]
    assert (ended["loaded"], ended["rejected"]) == (2, 1)
    again = unknown("import", *where, "data/a.csv", cwd=folder)
    assert again.returncode == 5, again.stderr
    number = ended["import_id"]
    assert "a.csv" in unknown("list", *where, cwd=folder).stdout
    assert "a.csv" in unknown("list", *where, "data/a.csv", cwd=folder).stdout
    assert "loaded" in unknown("show", *where, number, cwd=folder).stdout
    assert "Rome" in unknown("rejects", *where, number, cwd=folder).stdout
    assert unknown("resume", *where, number, cwd=folder).returncode == 5
    assert not (folder / "~").exists()


def test_the_default_database_needs_no_home(folder):
    assert unknown("import", "data/a.csv", cwd=folder).returncode == 3
    assert "a.csv" in unknown("list", cwd=folder).stdout
    assert (folder / "snapshots.db").exists()


def test_a_url_is_read_without_netrc(folder):
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder / "data"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        done = unknown("import", f"{url}/a.csv", cwd=folder)
        server.shutdown()
    assert done.returncode == 3, done.stderr


def test_a_home_folder_of_somebody_else_is_as_good_as_none(folder):
    """As in a container whose HOME is that of root."""
    home = folder / "home"
    home.mkdir(mode=0o000)
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder / "data"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/a.csv"
        assert unknown("import", url, cwd=folder, HOME=home).returncode == 3
        server.shutdown()
    assert unknown("sync", "--once", cwd=folder, HOME=home).returncode in {0, 3}
    assert "a.csv" in unknown("list", cwd=folder, HOME=home).stdout


WAITING = {"sync": "Permission denied", "serve": "serving", "worker": "Permission denied"}
"""What waits for its database and does not end, and something that it says."""


@pytest.mark.parametrize("gone", [True, False])
@pytest.mark.parametrize(
    "command",
    [("import", "{data}/a.csv"), ("list",), ("show", "1"), ("sync", "--data-dir", "{data}"),
     ("serve", "--port", "0", "--files", "{data}"), ("worker", "--files", "{data}")],
    ids=lambda command: command[0],
)  # fmt: skip
def test_a_current_folder_that_is_gone_is_said(folder, command, gone):
    """And one that the user may not enter; neither has to do with the output."""
    here = folder / "here"
    here.mkdir()
    away = "cd here && rmdir ../here" if gone else "cd here && chmod 000 ."
    arguments = [word.format(data=folder / "data") for word in command]
    process = subprocess.Popen(
        ["sh", "-c", f'{away} && exec "$@"', "sh", *AS_NOBODY, sys.executable, "-B",
         "-m", "snapshots", *arguments],
        cwd=folder, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        said = ""
        if not gone and command[0] in WAITING:
            while WAITING[command[0]] not in said and (line := process.stderr.readline()):
                said += line
            process.kill()
        said += process.communicate(timeout=PATIENCE)[1]
    assert "Traceback" not in said
    assert "output" not in said
    if gone:
        assert process.returncode == 2
        assert "Change to another folder first" in said
    elif command[0] != "serve":
        assert "Permission denied" in said or "does not answer" in said


def test_what_lies_in_a_folder_that_may_not_be_entered_is_named(folder):
    (folder / "locked").mkdir(mode=0o000)
    for command in (
        ("import", "locked/a.csv"), ("list", "locked/a.csv"), ("sync", "--data-dir", "locked/a"),
        ("run", "locked/a"), ("import", "data/a.csv", "--contract", "locked/c.json"),
        ("import", "data/a.csv", "--env-file", "locked/env"),
        ("import", "--database", "locked/a.db", "data/a.csv"),
        ("token", "a", "--tokens", "locked/tokens"),
    ):  # fmt: skip
        done = unknown(*command, cwd=folder)
        assert done.returncode in {1, 2, 6}, command
        said = done.stderr + done.stdout
        assert "locked/" in said, command
        assert "Permission denied" in said, command
        assert "output" not in said


def test_servers_want_a_name(folder, postgres_url, mysql_url):
    for url in (postgres_url, mysql_url):
        parts = urlsplit(url)
        nameless = f"{parts.scheme}://{parts.hostname}:{parts.port}/x"
        done = unknown("import", "--database", nameless, "data/a.csv", cwd=folder)
        assert done.returncode in {2, 6}, done.stderr
        assert "Name the user in" in done.stderr


def test_a_service_wants_a_folder_for_uploads(folder):
    for command in (["serve", "--port", "0"], ["worker"]):
        done = unknown(*command, cwd=folder)
        assert done.returncode == 2
        assert "--files" in done.stderr


def test_a_path_from_the_home_folder_is_refused(folder):
    done = unknown("import", "--database", "~/x.db", "data/a.csv", cwd=folder)
    assert done.returncode == 2
    assert "set HOME" in done.stderr
    assert not (folder / "~").exists()
