"""Private, real database servers for tests, benchmarks and for trying things.

Each server lives in a temporary folder of its own, listens on a free port of 127.0.0.1, runs
with the default settings of its makers, and ends with the process that started it.

    python tests/support/database_servers.py    # both; prints their URLs, ends with Ctrl-C

`--run COMMAND...` runs it with SNAPSHOTS_TEST_POSTGRES and SNAPSHOTS_TEST_MYSQL set; `--check
databases` says whether the programs are here, and so for `proxies`, `ssh`, `monitors` and
`browser`.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

USER = "snapshots"
PASSWORD = "s3cret/p@ss:word"
"""With the characters that break careless parsing of URLs."""
QUOTED_PASSWORD = "s3cret%2Fp%40ss%3Aword"

ELSEWHERE = Path(__file__).parents[2] / ".tmp" / "servers.env"
"""What scripts/servers.sh leaves where it has started servers of its own: NAME=URL lines."""

_PREFIX = "snapshots-"
_MEMORY = 6 << 30
"""Bytes that must be free in memory for the folders of all test processes."""

_FOLDERS = (
    *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True),
    *(Path(p) for p in ("/usr/sbin", "/usr/local/sbin", "/usr/local/bin")),
    *sorted(Path("/opt/homebrew/opt").glob("postgresql*/bin"), reverse=True),
    *sorted(Path("/usr/local/opt").glob("postgresql*/bin"), reverse=True),
    *(Path(p) for p in ("/opt/homebrew/opt/mariadb/bin", "/usr/local/opt/mariadb/bin")),
    Path("/Applications/Google Chrome.app/Contents/MacOS"),
)


class MissingServer(RuntimeError):
    """No server program on this machine; scripts/servers.sh installs them."""


def find(*names: str) -> str:
    """The first of some programs that this machine has."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *map(str, _FOLDERS)])
    for name in names:
        if found := shutil.which(name, path=path):
            return found
    message = f"none of {', '.join(names)} was found; run scripts/servers.sh"
    raise MissingServer(message)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _place() -> Path:
    """The folder for the folders of servers. With SNAPSHOTS_TEST_IN_MEMORY it is in memory, where a
    database is created in an eighth of the time; no test cuts the power."""
    disk, memory = Path("/tmp"), Path("/dev/shm")
    if not os.environ.get("SNAPSHOTS_TEST_IN_MEMORY") or not os.access(memory, os.W_OK):
        return disk
    for left in memory.glob(f"{_PREFIX}*"):
        pid = left.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(left, ignore_errors=True)
    return memory if shutil.disk_usage(memory).free >= _MEMORY else disk


class Server(ABC):
    """One server process and its folder."""

    accounts: ClassVar[tuple[str, ...]]
    """System users to run as when we are root, which these servers refuse."""

    def __init__(self) -> None:
        if os.environ.get("SNAPSHOTS_TEST_NO_SERVERS"):
            raise MissingServer("no server may be started")
        # A short path: a socket's path may have no more than about 100 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=_place()))
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._identity = self._unprivileged()
        self.own(self.folder)

    def own(self, path: Path) -> None:
        """Gives a file or a folder to the account that the server runs as."""
        if self._identity:
            os.chown(path, *self._identity)

    def __enter__(self) -> Server:
        try:
            self.create()
            self.start()
            self.prepare()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @abstractmethod
    def create(self) -> None:
        """The data folder."""

    @abstractmethod
    def command(self) -> list[str]: ...

    @abstractmethod
    def ping(self) -> bool:
        """The server answers queries."""

    @abstractmethod
    def prepare(self) -> None:
        """What tests expect to be there."""

    @abstractmethod
    def url(self, database: str = USER) -> str: ...

    @property
    def pid(self) -> int:
        if self._process is None:
            message = "the server is not running"
            raise RuntimeError(message)
        return self._process.pid

    def start(self) -> None:
        deadline = time.monotonic() + 300
        while True:
            self._process = self._spawn(self.command())
            while self._process.poll() is None and time.monotonic() < deadline:
                if self.ping():
                    return
                time.sleep(0.05)
            # After kill(), orphans of the old server may hold its memory for a moment.
            if time.monotonic() >= deadline:
                self.kill()
                raise RuntimeError(f"the server does not start:\n{self.log()}")
            time.sleep(0.2)

    def stop(self, number: signal.Signals | None = None) -> None:
        """As an administrator would: sessions are ended, data is written."""
        if self._process is not None:
            self._process.send_signal(number or self.stop_signal)
            try:
                self._process.wait(120)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def kill(self) -> None:
        """As a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""

    def _unprivileged(self) -> tuple[int, int] | None:
        if os.getuid() != 0:
            return None
        for account in (*self.accounts, "nobody"):
            with contextlib.suppress(KeyError):
                entry = pwd.getpwnam(account)
                return entry.pw_uid, entry.pw_gid
        return None

    def _spawn(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        uid, gid = self._identity or (None, None)
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=uid,
                group=gid,
                extra_groups=[] if uid is not None else None,
                start_new_session=True,  # Ctrl-C is for the tests, not for their servers
            )

    def _run(self, command: Sequence[str]) -> None:
        if code := self._spawn(command).wait():
            raise RuntimeError(f"{command[0]} failed with code {code}:\n{self.log()}")


class PostgresServer(Server):
    accounts = ("postgres",)
    stop_signal = signal.SIGINT  # "fast": does not wait for sessions to end by themselves

    def create(self) -> None:
        secret = self.folder / "secret"
        secret.write_text(PASSWORD)
        self.own(secret)
        initdb = find("initdb")
        self._run(
            [
                initdb, f"--pgdata={self.folder}/data", f"--username={USER}",
                f"--pwfile={secret}", "--auth=scram-sha-256", "--encoding=UTF8",
                "--no-locale", "--no-sync",
            ]
        )  # fmt: skip

    def command(self) -> list[str]:
        return [
            str(Path(find("initdb")).with_name("postgres")), "-D", f"{self.folder}/data",
            "-p", str(self.port), "-k", str(self.folder), "-h", "127.0.0.1",
        ]  # fmt: skip

    def ping(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def prepare(self) -> None:
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {USER}")

    def url(self, database: str = USER) -> str:
        return f"postgresql://{USER}:{QUOTED_PASSWORD}@127.0.0.1:{self.port}/{database}"


class MariaServer(Server):
    accounts = ("mysql",)

    @property
    def socket(self) -> Path:
        return self.folder / "socket"

    def create(self) -> None:
        install = find("mariadb-install-db", "mysql_install_db")
        self._run(
            [
                install, "--no-defaults", f"--datadir={self.folder}/data", "--skip-test-db",
                "--auth-root-authentication-method=normal",
                # Another server that starts meanwhile clears the temporary tables of a shared one.
                f"--tmpdir={self.folder}",
            ]
        )  # fmt: skip

    def command(self) -> list[str]:
        return [
            find("mariadbd", "mysqld"), "--no-defaults", f"--datadir={self.folder}/data",
            f"--socket={self.socket}", f"--port={self.port}", "--bind-address=127.0.0.1",
            f"--pid-file={self.folder}/pid", f"--tmpdir={self.folder}",
        ]  # fmt: skip

    def ping(self) -> bool:
        import pymysql

        try:
            pymysql.connect(unix_socket=str(self.socket), user="root", connect_timeout=2).close()
        except pymysql.OperationalError:
            return False
        return True

    def prepare(self) -> None:
        import pymysql

        with (
            pymysql.connect(unix_socket=str(self.socket), user="root") as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(f"CREATE DATABASE {USER} CHARACTER SET utf8mb4")
            cursor.execute(f"CREATE USER {USER}@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'")
            cursor.execute(f"CREATE USER {USER}@localhost IDENTIFIED BY '{PASSWORD}'")
            cursor.execute(f"GRANT ALL ON *.* TO {USER}@'127.0.0.1' WITH GRANT OPTION")
            cursor.execute(f"GRANT ALL ON *.* TO {USER}@localhost WITH GRANT OPTION")

    def url(self, database: str = USER) -> str:
        return f"mysql://{USER}:{QUOTED_PASSWORD}@127.0.0.1:{self.port}/{database}"


PROGRAMS = {
    "databases": (("initdb",), ("mariadbd", "mysqld"), ("mariadb-install-db",)),
    "ssh": (("sshd",), ("ssh-keygen",)),
    "proxies": (("nginx",), ("tinyproxy",), ("squid",), ("microsocks",)),
    "monitors": (("prometheus",), ("promtool",), ("prometheus-pushgateway", "pushgateway")),
    "network": (("ip",), ("unshare",), ("setpriv",)),
    "browser": (("chromium", "chromium-browser", "google-chrome", "Google Chrome"),),
}


def check(kind: str) -> int:
    """Says which of the programs are missing."""
    try:
        for names in PROGRAMS[kind]:
            find(*names)
    except MissingServer as error:
        print(error, file=sys.stderr)
        return 1
    return 0


@contextlib.contextmanager
def running() -> Iterator[dict[str, str]]:
    """Both servers, as the environment variables that the tests' fixtures look for."""
    with PostgresServer() as postgres, MariaServer() as maria:
        yield {"SNAPSHOTS_TEST_POSTGRES": postgres.url(), "SNAPSHOTS_TEST_MYSQL": maria.url()}


def running_elsewhere(kind: str) -> str | None:
    """The URL of a server that somebody else has started for the tests."""
    name = f"SNAPSHOTS_TEST_{kind.upper()}"
    if name in os.environ:
        return os.environ[name]
    lines = ELSEWHERE.read_text().splitlines() if ELSEWHERE.exists() else []
    return next((line[len(name) + 1 :] for line in lines if line.startswith(f"{name}=")), None)


def wait_elsewhere() -> None:
    """Until those servers answer; containers take a while."""
    from snapshots import locations
    from snapshots.errors import CannotConnect

    deadline = time.monotonic() + 120
    for kind in ("postgres", "mysql"):
        while True:
            try:
                locations.target(running_elsewhere(kind)).connect().close()
                break
            except CannotConnect:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)


def other_database(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    return f"{url.rpartition('/')[0]}/{name}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--run", nargs=argparse.REMAINDER, metavar="COMMAND")
    parser.add_argument("--check", choices=PROGRAMS)
    arguments = parser.parse_args()
    if arguments.check:
        return check(arguments.check)
    command = arguments.run
    # Ending this process by SIGTERM must end the servers too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with running() as environment:
        for name, value in environment.items():
            print(f"export {name}='{value}'", flush=True)
        if command:
            return subprocess.call(command, env={**os.environ, **environment})
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main())
