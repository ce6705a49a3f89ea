"""Files of a real SSH server."""

import gzip
import os
import signal
import sqlite3
import sys
import zipfile
from contextlib import closing

import asyncssh
import pytest

from snapshots.errors import InputChanged, InputError, UsageError
from snapshots.sources import expand, open_source, shown
from snapshots.sources.remote import sftp
from snapshots.sources.remote.sftp_errors import translated
from snapshots.sources.remote.sftp_place import parse
from tests.sources.remote.conftest import DATA, PACKS
from tests.support.command import snapshots
from tests.support.database_servers import free_port
from tests.support.ssh_server import USER, SshServer

MIB = 1 << 20


@pytest.fixture(scope="module")
def running():
    with SshServer() as server:
        yield server


@pytest.fixture
def ssh(running, monkeypatch):
    """The server; the user's settings of SSH are those of the tests."""
    monkeypatch.setenv("HOME", str(running.home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    sftp._server.cache_clear()
    yield running
    running.trust()


@pytest.mark.parametrize("pack", PACKS)
def test_all_bytes_come(ssh, tmp_path, source, pack):
    file = tmp_path / "rides.csv"
    file.write_bytes(PACKS[pack](DATA))
    opened = source(ssh.url(str(file)))
    assert opened.seekable == (pack == "plain")
    assert b"".join(opened.read()) == DATA
    assert b"".join(opened.read(3 * MIB, 3 * MIB + 7)) == DATA[3 * MIB : 3 * MIB + 7]
    assert opened.identity.size == file.stat().st_size
    assert opened.identity.mtime_ns == int(file.stat().st_mtime) * 1_000_000_000


def test_it_is_known_as_the_same_file_is(ssh, tmp_path, source):
    file = tmp_path / "rides.csv"
    file.write_bytes(DATA)
    there, here = source(ssh.url(str(file))), open_source(str(file))
    assert there.identity.fingerprint == here.identity.fingerprint


@pytest.mark.parametrize("name", ["a b#c?.csv", "é%20.csv", "a:b@c.csv"])
def test_names_of_all_kinds(ssh, tmp_path, name, source):
    (tmp_path / name).write_text("a\n1\n")
    url = parse(ssh.url("/x"))[0].url(str(tmp_path / name))
    assert b"".join(source(url).read()) == b"a\n1\n"
    assert expand([ssh.url(f"{tmp_path}/*.csv")]) == [url]


def test_a_path_from_home_and_a_name_of_the_settings(ssh, source):
    (ssh.home / "in.csv").write_text("a\n1\n")
    assert b"".join(source("sftp://exports/~/in.csv").read()) == b"a\n1\n"
    assert expand(["sftp://exports/~/i*.csv"]) == ["sftp://exports/~/in.csv"]


def test_a_pattern(ssh, tmp_path):
    for name in ("a.csv", "b.csv", "c.txt", "below/d.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("a\n1\n")
    (tmp_path / "folder.csv").mkdir()
    place = ssh.url(str(tmp_path))
    assert expand([f"{place}/*.csv"]) == [f"{place}/a.csv", f"{place}/b.csv"]
    assert expand([f"{place}/**/d.csv"]) == [f"{place}/below/d.csv"]
    with pytest.raises(InputError, match="No file matches"):
        expand([f"{place}/*.tsv"])


def test_a_member_of_an_archive(ssh, tmp_path, source):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("in/a.csv", "a\n1\n")
        archive.writestr("b.csv", DATA)
    assert b"".join(source(f"{ssh.url(str(tmp_path))}/x.zip#in/a.csv").read()) == b"a\n1\n"


def test_a_session_that_is_killed_costs_nothing(ssh, tmp_path, source):
    file = tmp_path / "rides.csv"
    file.write_bytes(DATA)
    opened = source(ssh.url(str(file)))
    found = b""
    for count, piece in enumerate(opened.read()):
        found += piece
        if count in (1, 3):
            for process in ssh.sessions():
                os.kill(process, signal.SIGKILL)
    assert found == DATA


def test_a_file_that_changes_meanwhile(ssh, tmp_path, source):
    file = tmp_path / "rides.csv"
    file.write_bytes(DATA)
    opened = source(ssh.url(str(file)))
    file.write_bytes(DATA + b"1,2,3\n")
    with pytest.raises(InputChanged, match="changed while it was read"):
        b"".join(opened.read(2 * MIB))


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/not/there.csv", "The file does not exist"),
        ("/etc", "This is a folder"),
        ("/etc/passwd/x.csv", "The file does not exist"),
        ("/", "This is not the URL of a file"),
        ("", "This is not the URL of a file"),
    ],
)
def test_what_is_no_file(ssh, source, path, message):
    with pytest.raises(InputError, match=message):
        source(ssh.url(path))


def test_an_empty_file(ssh, tmp_path, source):
    (tmp_path / "rides.csv").touch()
    with pytest.raises(InputError, match="The input is empty"):
        source(ssh.url(f"{tmp_path}/rides.csv"))


def test_a_file_that_may_not_be_read():
    """Which the user of the tests may be able to read anyway."""
    place = parse("sftp://h/a.csv")[0]
    error = translated(asyncssh.SFTPPermissionDenied("no"), place, "sftp://h/a.csv")
    assert str(error) == "sftp://h/a.csv: The server denies access to the file."


def test_a_server_that_nobody_knows(ssh, source):
    (ssh.home / ".ssh" / "known_hosts").unlink()
    with pytest.raises(InputError, match="host key is not known") as error:
        source(ssh.url("/etc/hosts"))
    assert error.value.hint.endswith(f": ssh -p {ssh.port} {USER}@127.0.0.1.")


def test_a_user_whom_nobody_knows(ssh, source):
    with pytest.raises(InputError, match="refuses the login") as error:
        source(f"sftp://nobody:s3cret@127.0.0.1:{ssh.port}/etc/hosts")
    assert "s3cret" not in f"{error.value} {error.value.hint} {error.value.place}"


def test_nobody_listens(ssh, source):
    with pytest.raises(InputError, match="No server listens"):
        source(f"sftp://127.0.0.1:{free_port()}/a.csv")


def test_settings_that_cannot_be_read(ssh, source):
    config = ssh.home / ".ssh" / "config"
    before = config.read_text()
    try:
        config.write_text("Port many\n")
        with pytest.raises(InputError, match="The settings of SSH cannot be used"):
            source("sftp://exports/a.csv")
    finally:
        config.write_text(before)


def test_without_the_package(monkeypatch, source):
    monkeypatch.setitem(sys.modules, "asyncssh", None)
    sftp._server.cache_clear()
    with pytest.raises(UsageError, match="not installed") as error:
        source("sftp://h/a.csv")
    assert "snapshots[sftp]" in error.value.hint


def test_what_is_shown():
    assert shown("sftp://ana@h:22/a.csv") == "sftp://ana@h:22/a.csv"
    assert shown("sftp://ana:p%40w@h/a.csv") == "sftp://ana@h/a.csv"
    assert "p%40w" not in repr(parse("sftp://ana:p%40w@h/a.csv"))
    assert "p@w" not in repr(parse("sftp://ana:p%40w@h/a.csv"))


def test_an_import_that_is_killed_is_resumed(ssh, tmp_path):
    file, database = tmp_path / "rides.csv.gz", f"sqlite:///{tmp_path}/x.db"
    lines = "".join(f"{n},name {n}\n" for n in range(200_000))
    file.write_bytes(gzip.compress(f"id,name\n{lines}".encode(), 1))
    command = ("import", ssh.url(str(file)), "--database", database, "--chunk-size", "100000")
    killed = snapshots(*command, cwd=tmp_path, SNAPSHOTS_FAULT="before-commit:5")
    assert killed.returncode == -signal.SIGKILL
    resumed = snapshots("resume", "1", "--database", database, cwd=tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection:
        found = connection.execute("SELECT id FROM rides ORDER BY id").fetchall()
    assert found == [(n,) for n in range(200_000)]
    assert snapshots(*command, cwd=tmp_path).returncode == 5
