"""The databases that are loaded, each with the command its own users would load CSV with.

Every run gets a fresh database with the same typed table, so that no run inherits another's
pages, and its checksum is compared: who loads something else is not measured.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from abc import ABC, abstractmethod
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from tests.support.database_servers import PASSWORD, USER, MariaServer, PostgresServer, Server

from made_rides import COLUMNS
from process_cost import Cost, Failed, run
from tool_environment import newer_postgres

TABLE = "rides"
LINEAGE = ("_import_id", "_line")
CHECKSUM = "SELECT count(*), sum(trip_time), max(trip_miles), max(pickup_datetime) FROM "
ACCEPTED = (0, 3)
"""Our exit codes: all loaded, or loaded with rejects."""


def sql_type(column: str, text: str, timestamp: str, integer: str, real: str) -> str:
    if column.endswith("_datetime"):
        return timestamp
    if column.endswith("LocationID") or column == "trip_time":
        return integer
    return text if column.endswith(("_num", "_flag")) else real


@dataclass(frozen=True)
class Lane:
    """One way of loading one file."""

    title: str
    file: Path
    ours: bool
    loaded: int
    """Rows that must be in the table afterwards."""
    options: tuple[str, ...] = ()
    """More of our command line."""
    exact: bool = False
    """The reference as it must be written to store the same as we do."""


class Target(ABC):
    """A database to load into; a context that its server lives in."""

    name: ClassVar[str]
    reference: ClassVar[str]
    """What it is measured against, in words."""
    types: ClassVar[tuple[str, str, str, str]]
    lineage_key: ClassVar[bool] = False
    """Whether our lineage columns are the table's primary key there."""
    quote: ClassVar[str] = '"'
    loaded_table: ClassVar[str] = TABLE

    def __init__(self) -> None:
        self.stack = ExitStack()
        self.folder = Path()

    def __enter__(self) -> Self:
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stack.close()

    @property
    def server_pid(self) -> int | None:
        return None

    @property
    @abstractmethod
    def url(self) -> str:
        """For our `--database`."""

    @abstractmethod
    def version(self) -> str: ...

    @abstractmethod
    def renew(self) -> None:
        """An empty database, with nothing left to write from before."""

    @abstractmethod
    def sql(self, statement: str) -> str:
        """Runs a statement with the database's own shell; what it prints, without decoration."""

    exact_reference: ClassVar[str] = ""
    """Where the short way of writing it stores something else: the long way's title."""

    @abstractmethod
    def reference_command(self, file: Path, *, exact: bool = False) -> tuple[list[str], str]:
        """The command that is measured against, and its standard input."""

    def run(self, lane: Lane) -> tuple[Cost, str]:
        """Loads the lane's file into a fresh database; the cost and the table's checksum."""
        self.renew()
        self.sql(self.table(lineage=lane.ours))
        os.sync()
        if lane.ours:
            command, stdin = self.our_command(lane), ""
        else:
            command, stdin = self.reference_command(lane.file, exact=lane.exact)
        cost = run(
            command,
            env=self.environment(),
            stdin=stdin,
            server_pid=self.server_pid,
            exit_codes=ACCEPTED if lane.ours else (0,),
        )
        checksum = self.sql(CHECKSUM + self.loaded_table).strip()
        if int(checksum.split()[0]) != lane.loaded:
            raise Failed(f"{lane.title}: {checksum}, where {lane.loaded} rows were expected")
        return cost, checksum

    def our_command(self, lane: Lane) -> list[str]:
        return [
            "snapshots", "import", "--database", self.url, "--table", TABLE,
            "--progress", "none", *lane.options, str(lane.file),
        ]  # fmt: skip

    def table(self, *, lineage: bool) -> str:
        mark = self.quote
        columns = [f"{mark}{name}{mark} {sql_type(name, *self.types)}" for name in COLUMNS]
        if lineage:
            columns += [f"{name} bigint NOT NULL" for name in LINEAGE]
            columns += [f"PRIMARY KEY ({', '.join(LINEAGE)})"] * self.lineage_key
        return f"CREATE TABLE {TABLE} ({', '.join(columns)})"

    def environment(self) -> dict[str, str]:
        """A home of its own: the user's settings and list of databases stay out of it.

        An installed package has its bytecode, so it is not compiled for each run here either.
        """
        home = str(self.folder)
        homes = {"HOME": home, "XDG_STATE_HOME": home, "XDG_CONFIG_HOME": home}
        inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        return {**inherited, **homes}

    def shell(self, command: list[str], stdin: str = "") -> str:
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            text=True,
            env=self.environment(),
            check=False,
        )
        if done.returncode:
            raise Failed(f"{command[0]}: {done.stderr.strip()}")
        return done.stdout


class Served(Target):
    """A target that is a server."""

    kind: ClassVar[type[Server]]
    server: Server

    def __enter__(self) -> Self:
        super().__enter__()
        self.server = self.stack.enter_context(self.kind())
        return self

    @property
    def server_pid(self) -> int:
        return self.server.pid

    @property
    def url(self) -> str:
        return self.server.url("bench")


class Postgres(Served):
    name = "postgres"
    reference = "`psql \\copy`"
    types = ("text", "timestamp", "integer", "double precision")
    kind = PostgresServer

    def version(self) -> str:
        return "PostgreSQL " + self._psql("postgres", "SHOW server_version").split()[0]

    def renew(self) -> None:
        self._psql("postgres", "DROP DATABASE IF EXISTS bench WITH (FORCE)")
        self._psql("postgres", "CREATE DATABASE bench")
        self._psql("postgres", "CHECKPOINT")

    def sql(self, statement: str) -> str:
        return self._psql("bench", statement)

    def reference_command(self, file: Path, *, exact: bool = False) -> tuple[list[str], str]:  # noqa: ARG002
        copy = f"\\copy {TABLE} from '{file}' with (format csv, header)"
        return ["psql", "--no-psqlrc", "--quiet", "--dbname", self.url, "--command", copy], ""

    def _psql(self, database: str, statement: str) -> str:
        url = self.server.url(database)
        command = ["psql", "--no-psqlrc", "--quiet", "-At", "-F", " ", "-d", url]
        return self.shell([*command, "--command", statement])


class NewerPostgres(Postgres):
    """PostgreSQL 18, from a wheel. Its programs come first while it is measured."""

    name = "postgres18"

    def __enter__(self) -> Self:
        before = os.environ["PATH"]
        os.environ["PATH"] = os.pathsep.join([str(newer_postgres()), before])
        self.stack.callback(os.environ.__setitem__, "PATH", before)
        return super().__enter__()


class MariaDB(Served):
    name = "mysql"
    reference = "`LOAD DATA LOCAL INFILE`, one connection"
    exact_reference = "`LOAD DATA LOCAL INFILE`, empty fields to NULL"
    types = ("varchar(16)", "datetime", "int", "double")
    lineage_key = True
    quote = "`"
    kind = MariaServer

    def version(self) -> str:
        return "MariaDB " + self._client("SELECT version()", database="").split("-")[0].strip()

    def renew(self) -> None:
        self._client(
            "DROP DATABASE IF EXISTS bench; CREATE DATABASE bench CHARACTER SET utf8mb4",
            database="",
        )

    def sql(self, statement: str) -> str:
        return self._client(statement)

    def reference_command(self, file: Path, *, exact: bool = False) -> tuple[list[str], str]:
        # The short way is faster, and stores empty times as 0000-00-00.
        nullable = ("originating_base_num", "on_scene_datetime")
        fields = ", ".join(f"@{name}" if name in nullable else f"`{name}`" for name in COLUMNS)
        nulls = ", ".join(f"`{name}` = NULLIF(@{name}, '')" for name in nullable)
        load = (
            f"LOAD DATA LOCAL INFILE '{file}' INTO TABLE {TABLE} FIELDS TERMINATED BY ',' "
            f"OPTIONALLY ENCLOSED BY '\"' IGNORE 1 LINES{f' ({fields}) SET {nulls}' * exact}"
        )
        return self._command("bench"), load

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "MYSQL_PWD": PASSWORD}

    def _command(self, database: str) -> list[str]:
        return [
            "mariadb", "--no-defaults", "--local-infile=1", "--batch", "--skip-column-names",
            "--host=127.0.0.1", f"--port={self.server.port}", f"--user={USER}", database,
        ]  # fmt: skip

    def _client(self, statement: str, database: str = "bench") -> str:
        return self.shell(self._command(database), statement)


class SQLite(Target):
    name = "sqlite"
    reference = "`sqlite3 .import --csv`"
    types = ("text", "timestamp", "integer", "real")

    @property
    def file(self) -> Path:
        return self.folder / "bench" / "bench.db"

    @property
    def url(self) -> str:
        return f"sqlite:///{self.file}"

    def version(self) -> str:
        return "sqlite3 " + self.shell(["sqlite3", "--version"]).split()[0]

    def renew(self) -> None:
        shutil.rmtree(self.file.parent, ignore_errors=True)
        self.file.parent.mkdir()

    def sql(self, statement: str) -> str:
        return self.shell(["sqlite3", "-batch", "-separator", " ", str(self.file), statement])

    def reference_command(self, file: Path, *, exact: bool = False) -> tuple[list[str], str]:  # noqa: ARG002
        return ["sqlite3", "-batch", str(self.file), f".import --csv --skip 1 '{file}' {TABLE}"], ""


TARGETS: dict[str, type[Target]] = {
    kind.name: kind for kind in (Postgres, NewerPostgres, MariaDB, SQLite)
}
