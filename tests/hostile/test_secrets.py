"""A password that may be given in many places shows in none: not in what is said, logged, kept,
or seen by other users of the machine, whatever goes wrong.
"""

import os
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

import pytest

from snapshots import locations
from tests.support.database_servers import free_port

CANARY = "c4nary/p@ss:word%#"
"""With the characters that break careless parsing."""
MARK = "c4nary"
"""In all the ways to write it."""
USER = "canary"
CLOSED = free_port()


@dataclass(frozen=True)
class Server:
    """Where a server is that the canary opens, or one that it does not."""

    host: str
    port: int
    database: str
    user: str = USER

    def url(self, scheme: str, password: str = "") -> str:
        colon = f":{quote(password, safe='')}" if password else ""
        return f"{scheme}://{self.user}{colon}@{self.host}:{self.port}/{self.database}"


@dataclass(frozen=True)
class Given:
    """The ways to give it to the command."""

    arguments: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


def _usual(kind: str, server: Server) -> tuple[str, str]:
    return ("--database", server.url({"postgres": "postgresql"}.get(kind, kind)))


WAYS = {
    ("postgres", "URL"): lambda s: Given(("--database", s.url("postgresql", CANARY))),
    ("postgres", "SNAPSHOTS_DATABASE"): lambda s: Given(
        variables={"SNAPSHOTS_DATABASE": s.url("postgresql", CANARY)}
    ),
    ("postgres", "--env-file"): lambda s: Given(
        ("--env-file", "secrets.env"),
        files={"secrets.env": f"SNAPSHOTS_DATABASE={s.url('postgresql', CANARY)}\n"},
    ),
    ("postgres", "option in the URL"): lambda s: Given(
        ("--database", f"{s.url('postgresql')}?password={quote(CANARY, safe='')}")
    ),
    ("postgres", "PGPASSWORD"): lambda s: Given(_usual("postgres", s), {"PGPASSWORD": CANARY}),
    ("postgres", ".pgpass"): lambda s: Given(
        _usual("postgres", s),
        files={".pgpass": f"*:*:*:{USER}:{CANARY.replace(':', chr(92) + ':')}\n"},
    ),
    ("postgres", "service file"): lambda s: Given(
        ("--database", "postgresql:///?service=there"),
        {"PGSERVICEFILE": "services"},
        {
            "services": f"[there]\nhost={s.host}\nport={s.port}\nuser={s.user}\n"
            f"dbname={s.database}\npassword={CANARY}\n"
        },
    ),
    ("mysql", "URL"): lambda s: Given(("--database", s.url("mysql", CANARY))),
    ("mysql", "MYSQL_PWD"): lambda s: Given(_usual("mysql", s), {"MYSQL_PWD": CANARY}),
    ("mysql", "MYSQL_PASSWORD"): lambda s: Given(_usual("mysql", s), {"MYSQL_PASSWORD": CANARY}),
    ("mysql", "~/.my.cnf"): lambda s: Given(
        _usual("mysql", s), files={".my.cnf": f"[client]\npassword='{CANARY}'\n"}
    ),
    ("sqlite", "--pushgateway"): lambda _: Given(
        ("--database", "sqlite:///a.db", "--pushgateway", f"http://{_login()}127.0.0.1:{CLOSED}"),
    ),
    ("sqlite", "SNAPSHOTS_OTLP"): lambda _: Given(
        ("--database", "sqlite:///a.db"),
        {"SNAPSHOTS_OTLP": f"http://{_login()}127.0.0.1:{CLOSED}"},
    ),
    ("sqlite", "OTEL_EXPORTER_OTLP_HEADERS"): lambda _: Given(
        ("--database", "sqlite:///a.db", "--otlp", f"http://127.0.0.1:{CLOSED}"),
        {"OTEL_EXPORTER_OTLP_HEADERS": f"authorization={quote(CANARY, safe='')}"},
    ),
    ("sqlite", "AWS_SECRET_ACCESS_KEY"): lambda _: Given(
        ("s3://bucket/a.csv", "--database", "sqlite:///a.db"),
        {
            "AWS_SECRET_ACCESS_KEY": CANARY, "AWS_SESSION_TOKEN": CANARY, "AWS_ACCESS_KEY_ID": "id",
            "AWS_REGION": "x", "AWS_ENDPOINT_URL": f"http://127.0.0.1:{CLOSED}",
            "AWS_ALLOW_HTTP": "true",
        },
    ),
    ("sqlite", "URL of an input"): lambda _: Given(
        (f"http://{_login()}127.0.0.1:{CLOSED}/b.csv?token={MARK}", "--database", "sqlite:///a.db")
    ),
}  # fmt: skip


def _login() -> str:
    return f"{USER}:{quote(CANARY, safe='')}@"


@dataclass(frozen=True)
class Seen:
    """What a run told anybody."""

    code: int
    said: str
    processes: str
    """The command lines of it and of what it started, while it ran."""


def run(folder: Path, given: Given) -> Seen:
    """An import with everything shown that can be; its home is the folder."""
    (folder / "a.csv").write_text("id,name\n1,x\n2,y,z\n")
    for name, content in given.files.items():
        (folder / name).write_text(content)
        (folder / name).chmod(0o600)
    clean = {n: v for n, v in os.environ.items() if n[:3] not in {"PG_", "SNA", "AWS", "OTE"}}
    process = subprocess.Popen(
        [sys.executable, "-X", "dev", "-m", "snapshots", "import", "a.csv", *given.arguments,
         "--log-format", "json", "--json", "--max-rejects", "100%"],
        cwd=folder,
        env={**clean, "HOME": str(folder), "SNAPSHOTS_STATE_DIR": str(folder / "state"),
             "PYTHONWARNINGS": "default", **given.variables},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    processes = _command_lines(process)
    said, _ = process.communicate(timeout=300)
    return Seen(process.returncode, said, processes)


def _command_lines(process) -> str:
    """All of them until it ends its output."""
    lines = set()
    while process.poll() is None:
        for pid in (process.pid, *_children(process.pid)):
            try:
                lines.add(Path(f"/proc/{pid}/cmdline").read_text())
            except OSError:
                continue
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    return "\n".join(lines)


def _children(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []


def check(seen: Seen, folder: Path, given: Given) -> None:
    assert "Traceback" not in seen.said
    assert MARK not in seen.said
    if not any(MARK in argument for argument in given.arguments):
        assert MARK not in seen.processes
    own = {folder / name for name in given.files}
    kept = [path for path in folder.rglob("*") if path.is_file() and path not in own]
    assert [path for path in kept if MARK.encode() in path.read_bytes()] == []


@pytest.fixture
def database(request, tmp_path):
    """A server that has a user of the canary's, and what dumps the ledger."""
    kind = request.param
    if kind == "sqlite":
        yield None, None
        return
    admin = request.getfixturevalue(f"{kind}_url")
    session = locations.target(admin).connect()
    for statement in CREATE[kind]:
        session.execute(statement)
    place = locations.locate(admin)
    yield Server(place.host, int(place.port), place.database), session
    session.close()


_TEXT = CANARY.replace("'", "''")
CREATE = {
    "postgres": (
        f"DROP ROLE IF EXISTS {USER}",
        f"CREATE ROLE {USER} LOGIN SUPERUSER PASSWORD '{_TEXT}'",
    ),
    "mysql": (
        f"CREATE OR REPLACE USER {USER}@'127.0.0.1' IDENTIFIED BY '{_TEXT}'",
        f"GRANT ALL ON *.* TO {USER}@'127.0.0.1'",
    ),
}
LEDGER = ("imports", "chunks", "rejects", "version")


@pytest.mark.parametrize(
    ("database", "way"),
    [pytest.param(kind, way, id=f"{kind}-{way}") for kind, way in WAYS],
    indirect=["database"],
)
def test_shows_nowhere(database, way, request, tmp_path):
    server, session = database
    kind = request.node.callspec.id.partition("-")[0]
    given = WAYS[kind, way](server)
    seen = run(tmp_path, given)
    check(seen, tmp_path, given)
    if server is None:
        return
    assert (seen.code, '"loaded": 1' in seen.said) == (3, True), seen.said
    rows = [session.execute(f"SELECT * FROM snapshots_{table}") for table in LEDGER]
    assert rows[0]
    assert MARK not in repr(rows)
    given = WAYS[kind, way](replace(server, user="snapshots"))
    seen = run(tmp_path, given)
    assert seen.code == 6, seen.said
    check(seen, tmp_path, given)


@pytest.mark.parametrize("kind", ["postgres", "mysql"])
@pytest.mark.parametrize("server", [Server("127.0.0.1", CLOSED, "d"), Server("no.invalid", 1, "d")])
def test_shows_nowhere_if_nobody_answers(kind, server, tmp_path):
    given = WAYS[kind, "URL"](server)
    seen = run(tmp_path, given)
    assert seen.code == 6, seen.said
    check(seen, tmp_path, given)
