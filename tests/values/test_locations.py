"""What users write after --database, against servers that really answer."""

import http.server
import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from snapshots import locations
from snapshots.errors import CannotConnect, UsageError
from snapshots.locations import Location, locate
from tests.support.database_servers import PASSWORD

PLACES = [
    ("postgresql://h", Location("postgres", "h")),
    ("postgres://u@h:1/d", Location("postgres", "h", "1", "u", None, "d")),
    ("postgresql+psycopg://u:p@h/d", Location("postgres", "h", None, "u", "p", "d")),
    ("POSTGRESQL://h", Location("postgres", "h")),
    ("postgresql://", Location("postgres")),
    ("postgresql:///d", Location("postgres", database="d")),
    ("postgresql://a:1,b:2/d", Location("postgres", "a,b", "1,2", database="d")),
    ("mysql://h:3307", Location("mysql", "h", "3307")),
    ("mariadb+pymysql://h/d%20e", Location("mysql", "h", database="d e")),
    ("mysql://[::1]:3306/d", Location("mysql", "::1", "3306", database="d")),
    ("mysql://u:@h", Location("mysql", "h", user="u", password="")),
    ("mysql://u:p%40%3A%2F%3F%25@h/d", Location("mysql", "h", None, "u", "p@:/?%", "d")),
    ("mysql://u:p@:x@h/d", Location("mysql", "h", None, "u", "p@:x", "d")),
    ("mysql://u:p/@x?@h/d", Location("mysql", "h", None, "u", "p/@x?", "d")),
    ("postgresql://h/d?user=a@b", Location("postgres", "h", database="d",
                                           options=(("user", "a@b"),))),
    ("postgresql://h/d?sslmode=require&sslrootcert=",
     Location("postgres", "h", database="d",
              options=(("sslmode", "require"), ("sslrootcert", "")))),
    ("sqlite:///a.db", Location("sqlite", database="a.db")),
    ("sqlite:////a/b c%3F.db", Location("sqlite", database="/a/b c?.db")),
    ("a.db", Location("sqlite", database="a.db")),
    ("../x/A.SQLITE3", Location("sqlite", database="../x/A.SQLITE3")),
    ("/a/100%41.sqlite", Location("sqlite", database="/a/100%41.sqlite")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "place"), PLACES)
def test_taken_apart_and_put_together(text, place):
    assert locate(text) == place
    assert locate(place.url()) == replace(place, password=None)


@pytest.mark.parametrize(
    "text",
    ["h2:///x.h2", "mssql://h/d", "http://h", "redis://h", "sqlite://x.db", "sqlite://",
     "sqlite:///:memory:", ":memory:", "sqlite:///a.db?mode=ro", "a b", "h:port", "h:99999",
     "mysql://u:s3cret@h:port/d", "://", "x,y:5432", "/folder/file"],
)  # fmt: skip
def test_what_is_nothing_is_a_usage_error(text):
    with pytest.raises(UsageError) as error:
        locate(text)
    assert "sqlite:///" in error.value.hint
    assert "s3cret" not in repr(error.value) + error.value.hint


def test_nothing_written(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SNAPSHOTS_DATABASE", raising=False)
    assert locations.target().display() == f"sqlite:///{tmp_path}/snapshots.db"
    monkeypatch.setenv("SNAPSHOTS_DATABASE", "mysql://u@h/d")
    assert locations.target().display() == "mysql://u@h:3306/d"
    monkeypatch.setenv("SNAPSHOTS_DATABASE", "")
    assert locations.target().name == "sqlite"


@pytest.mark.parametrize("kind", ["postgres", "mysql"])
def test_the_greeting_decides_and_the_rest_comes_from_the_usual_places(kind, request, monkeypatch):
    url = request.getfixturevalue(f"{kind}_url")
    place = locate(url)
    names = {
        "postgres": ("PGUSER", "PGPASSWORD", "PGDATABASE"),
        "mysql": ("MYSQL_USER", "MYSQL_PWD", "MYSQL_DATABASE"),
    }[kind]
    values = (place.user, place.password, place.database)
    for name, value in zip(names, values, strict=True):
        monkeypatch.setenv(name, value)
    target = locations.target(f"{place.host}:{place.port}")
    assert target.name == kind
    session = target.connect()
    sql = {"postgres": "SELECT current_database()", "mysql": "SELECT DATABASE()"}[kind]
    assert session.execute(sql) == [(place.database,)]
    session.close()
    assert locations.target(f"{place.user}@{place.host}:{place.port}/other").name == kind


def test_my_cnf(mysql_url, monkeypatch, tmp_path):
    place = locate(mysql_url)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".my.cnf").write_text(
        f'!includedir /nowhere\n[client]\nuser = {place.user}\npassword="{place.password}"\n'
        f"host={place.host}\nport={place.port}\n[mysql]\nno-auto-rehash\n"
    )
    target = locations.target(f"mysql:///{place.database}")
    assert target.display() == f"mysql://{place.user}@{place.host}:{place.port}/{place.database}"
    target.connect().close()


def test_pgpass(postgres_url, monkeypatch, tmp_path):
    place = locate(postgres_url)
    secrets = tmp_path / "pgpass"
    escaped = place.password.replace(":", "\\:")
    secrets.write_text(f"{place.host}:{place.port}:*:{place.user}:{escaped}\n")
    secrets.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(secrets))
    locations.target(replace(place, password=None).url()).connect().close()


@pytest.mark.parametrize("kind", ["postgres", "mysql"])
def test_with_nothing_named_the_database_is_snapshots(kind, monkeypatch):
    for name in ("PGDATABASE", "PGSERVICE", "MYSQL_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    scheme = {"postgres": "postgresql", "mysql": "mysql"}[kind]
    assert locations.target(f"{scheme}://u@h:1").display() == f"{scheme}://u@h:1/snapshots"


def test_a_password_is_not_displayed(postgres_url, mysql_url):
    for url in (postgres_url, mysql_url, f"{postgres_url}?password=s3cret&sslpassword=s3cret"):
        shown = locations.target(url)
        for text in (shown.display(), repr(shown), repr(locate(url))):
            assert "s3cret" not in text
            assert PASSWORD not in text


@pytest.fixture
def listening():
    """A port where somebody answers with what a test wants."""
    servers = []

    def start(answer):
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def serve():
            connection, _ = server.accept()
            with connection:
                connection.sendall(answer)
                connection.recv(100)

        threading.Thread(target=serve, daemon=True).start()
        return f"127.0.0.1:{server.getsockname()[1]}"

    yield start
    for server in servers:
        server.close()


def test_a_server_of_another_kind():
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        with pytest.raises(CannotConnect, match="neither PostgreSQL nor MySQL"):
            locate(f"127.0.0.1:{web.server_port}")
        web.shutdown()


def test_one_that_speaks_first(listening):
    with pytest.raises(CannotConnect, match="OpenSSH") as error:
        locate(listening(b"SSH-2.0-OpenSSH_9.2\r\n"))
    assert error.value.hint


def test_a_mysql_that_is_full(listening):
    place = listening(b"\x17\0\0\0\xff\x10\x04Too many connections")
    with pytest.raises(CannotConnect, match="Too many connections") as error:
        locate(place)
    assert error.value.retryable


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(CannotConnect, match="No server listens on this port") as error:
        locate(f"127.0.0.1:{port}")
    assert error.value.exit_code == 6
    with pytest.raises(CannotConnect, match="host name is unknown"):
        locate("no-such-host.invalid:5432")


def test_a_folder_may_have_the_name_of_a_host(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "localhost").mkdir()
    with pytest.raises(CannotConnect):
        locations.locate("localhost:1")
    for folder in (".", "./localhost", str(tmp_path)):
        with pytest.raises(UsageError, match="is a folder"):
            locations.locate(folder)


def test_a_path_is_a_file_and_never_a_host(tmp_path):
    assert "rides.db" in locations.target(tmp_path / "rides.db").display()
    for path in (tmp_path / "rides", Path("localhost"), Path("localhost/rides")):
        with pytest.raises(UsageError, match="names no database by its ending"):
            locations.target(path)
