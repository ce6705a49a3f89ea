"""Where a database is: what users write after `--database`, and which adapter serves it.

    snapshots.db   sqlite:///relative.db   sqlite:////absolute.db
    postgresql://user:password@host:5432/database?sslmode=require
    mysql://user:password@host:3306/database         (mariadb:// is the same)
    host   host:port   user@host:port/database   [::1]:5432

With `host:port` the server's own greeting decides whether it is PostgreSQL or MySQL. What is
not written comes from the usual places: `PG*` variables, `.pgpass` and service files;
`MYSQL_HOST`, `MYSQL_TCP_PORT`, `MYSQL_USER`, `MYSQL_PWD` (or `MYSQL_PASSWORD`),
`MYSQL_DATABASE` and `~/.my.cnf`. Where nothing names a user it is the system's user; where
nothing names a database it is `snapshots`, which is created if it is missing.

With nothing written at all it is `SNAPSHOTS_DATABASE`, else the file `snapshots.db` here.
"""

from __future__ import annotations

import os
import re
import socket
import struct
import threading
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Literal, TypeAlias, cast
from urllib.parse import parse_qsl, quote, unquote, urlencode

from snapshots.errors import CannotConnect, UsageError
from snapshots.hosts import no_name
from snapshots.redaction import is_secret

if TYPE_CHECKING:
    from snapshots.ports import Target

TargetKind: TypeAlias = Literal["postgres", "mysql", "sqlite"]

DEFAULT = "sqlite:///snapshots.db"
DATABASE = "snapshots"
"""The database on a server where nothing names another."""

_KINDS: dict[str, TargetKind] = {
    "postgresql": "postgres",
    "postgres": "postgres",
    "mysql": "mysql",
    "mariadb": "mysql",
    "sqlite": "sqlite",
}
_SCHEMES: dict[TargetKind, str] = {"postgres": "postgresql", "mysql": "mysql", "sqlite": "sqlite"}
_SUPPORTED = (
    "Supported are postgresql://, mysql:// (also mariadb://), sqlite:///FILE, "
    "a file that ends in .db, .sqlite or .sqlite3, and host:port."
)
_FILE = re.compile(r"\.(db|sqlite|sqlite3)$", re.IGNORECASE)
_URL = re.compile(r"([A-Za-z][A-Za-z0-9.-]*)(?:\+[A-Za-z0-9_]+)?://(.*)", re.DOTALL)
_AUTHORITY = re.compile(
    r"(?:(?P<login>[^/?]*)@)?(?P<hosts>[^/?@]*)(?:/(?P<database>[^?@]*))?(?:\?(?P<options>.*))?",
    re.DOTALL,
)
# The same for a password with / or ? in it, which standards forbid and people write.
_RAW_AUTHORITY = re.compile(
    r"(?P<login>.*)@(?P<hosts>[^/?@]*)(?:/(?P<database>[^?@]*))?(?:\?(?P<options>[^@]*))?",
    re.DOTALL,
)
_HOST = re.compile(r"(\[[0-9A-Fa-f:.%\w]+\]|[^\[\]:\s]*)(?::(\d+))?")

_CONNECT_SECONDS = 10.0
_GREETING_SECONDS = 0.3
_ANSWER_SECONDS = 5.0
_LAST_PORT = 65535
_SSL_REQUEST = struct.pack(">ii", 8, 80877103)


@dataclass(frozen=True, slots=True)
class Location:
    """A database as it was written; None is what was not."""

    kind: TargetKind
    host: str | None = None
    """Several, with commas, where PostgreSQL may choose."""
    port: str | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    database: str | None = None
    """For SQLite the path of the file."""
    options: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def url(self) -> str:
        """What a user can write again; no password in it."""
        user = f"{quote(self.user, safe='')}@" if self.user else ""
        hosts = (self.host or "").split(",")
        ports = (self.port or "").split(",")
        if len(ports) < len(hosts):
            ports *= len(hosts)
        places = ",".join(
            (f"[{host}]" if ":" in host else quote(host, safe="")) + (f":{port}" if port else "")
            for host, port in zip(hosts, ports, strict=False)
        )
        path = quote(self.database or "", safe="/ :@&=+$,;~!'()*" if self.kind == "sqlite" else "")
        shown = [(name, value) for name, value in self.options if not is_secret(name)]
        return f"{_SCHEMES[self.kind]}://{user}{places}/{path}" + (
            f"?{urlencode(shown)}" if shown else ""
        )


def target(database: str | None = None) -> Target:
    """The target that a user means; only the drivers it needs are imported.

    Connects to a server only where its greeting must tell what it is.
    """
    place = locate(_written(database))
    return cast("Target", import_module(f"snapshots.targets.{place.kind}").target(place))


class TargetSearch:
    """The target that a user means, where its server may not be there yet. Thread-safe."""

    def __init__(self, database: str | None = None) -> None:
        self._database = _written(database)
        self._found: Target | None = None
        self._lock = threading.Lock()

    def target(self) -> Target:
        """What `target` gives, the same each time. Raises CannotConnect, UsageError."""
        with self._lock:
            if self._found is None:
                self._found = target(self._database)
            return self._found

    def display(self) -> str:
        """The target's URL; as long as it is not found, what was written but for the login."""
        found = self._found
        return self._database.rpartition("@")[2].partition("?")[0] if not found else found.display()


def locate(text: str) -> Location:
    """What a user wrote, taken apart. Error messages never repeat it: it may hold a password."""
    if match := _URL.fullmatch(text):
        scheme, rest = match[1].lower(), match[2]
        kind = _KINDS.get(scheme)
        if kind is None:
            raise UsageError(f"{scheme}:// is not a database that can be used.", hint=_SUPPORTED)
        return _file(rest) if kind == "sqlite" else _server(kind, rest)
    if _FILE.search(text) or text == ":memory:":
        return _file(f"/{text}", quoted=False)
    place = _server("postgres", text)
    if not place.host or "," in place.host:
        raise UsageError("The database is neither a URL nor host:port.", hint=_SUPPORTED)
    return replace(place, kind=_greet(place.host, place.port))


def _written(database: str | None) -> str:
    return database or os.environ.get("SNAPSHOTS_DATABASE") or DEFAULT


def _file(rest: str, *, quoted: bool = True) -> Location:
    path, _, options = rest.partition("?") if quoted else (rest, "", "")
    if not path.startswith("/"):
        raise UsageError(
            "A SQLite URL has three slashes before a relative path, four before an absolute one.",
            hint="For instance sqlite:///snapshots.db or sqlite:////var/lib/snapshots.db.",
        )
    name = unquote(path[1:]) if quoted else path[1:]
    if name in {"", ":memory:"} or options:
        raise UsageError(
            "A SQLite database in memory would be gone with this command."
            if not options
            else "A SQLite URL takes no options.",
            hint="Name a file: sqlite:///snapshots.db.",
        )
    return Location("sqlite", database=name)


def _server(kind: TargetKind, rest: str) -> Location:
    match = _AUTHORITY.fullmatch(rest)
    places = _hosts(match["hosts"]) if match else None
    if match is None or places is None:
        match = _RAW_AUTHORITY.fullmatch(rest)
        places = _hosts(match["hosts"]) if match else None
    if match is None or places is None:
        raise UsageError(
            "The host or the port of the database is not understood.",
            hint=f"{_SUPPORTED} In a password, write @ : / ? and % as %40 %3A %2F %3F and %25.",
        )
    host, port = places
    for name in (host or "").split(","):
        # A path is that of a socket.
        if name and not name.startswith("/") and (why := no_name(name)):
            raise UsageError(f"The database's URL names no host: {why}.", hint=_SUPPORTED)
    user, colon, password = (match["login"] or "").partition(":")
    options = tuple(parse_qsl(match["options"] or "", keep_blank_values=True))
    return Location(
        kind,
        host=host,
        port=port,
        user=unquote(user) or None,
        password=unquote(password) if colon else None,
        database=unquote(match["database"] or "") or None,
        options=options,
    )


def _hosts(text: str) -> tuple[str | None, str | None] | None:
    hosts: list[str] = []
    ports: list[str] = []
    for part in text.split(","):
        match = _HOST.fullmatch(part)
        if match is None or int(match[2] or 0) > _LAST_PORT:
            return None
        hosts.append(unquote(match[1].strip("[]")))
        ports.append(match[2] or "")
    return ",".join(hosts) or None, ",".join(ports) if any(ports) else None


def _greet(host: str, port: str | None) -> TargetKind:
    """Which kind of server answers; with no port, the first that does on the usual two."""
    if port is not None:
        return _greeting(host, int(port))
    try:
        return _greeting(host, 5432)
    except CannotConnect as error:
        try:
            kind = _greeting(host, 3306)
        except CannotConnect:
            raise error from None
        return kind


def _greeting(host: str, port: int) -> TargetKind:
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        connection = socket.create_connection((host, port), timeout=_CONNECT_SECONDS)
    except OSError as error:
        raise _unreachable(place, error) from error
    with connection:
        answer = _answer(connection)
    if answer in {b"S", b"N"} or answer.startswith(b"E\0\0"):
        return "postgres"
    # A packet of MySQL: its length, its number, and a greeting of version 10 or an error.
    if answer[3:5] == b"\0\x0a":
        return "mysql"
    if answer[3:5] == b"\0\xff":
        greeting = answer[7:].decode("utf-8", "replace")
        raise CannotConnect(f"The MySQL server refuses: {greeting}", place=place, retryable=True)
    greeting = repr(answer[:40].decode("ascii", "replace").strip()) if answer else "nothing"
    raise CannotConnect(
        f"What listens there is neither PostgreSQL nor MySQL: it answered {greeting}.",
        place=place,
        hint="Check the port: 5432 is PostgreSQL's usual one, 3306 MySQL's.",
    )


def _answer(connection: socket.socket) -> bytes:
    """MySQL speaks first; PostgreSQL waits to be asked."""
    try:
        connection.settimeout(_GREETING_SECONDS)
        try:
            return connection.recv(1024)
        except TimeoutError:
            connection.settimeout(_ANSWER_SECONDS)
            connection.sendall(_SSL_REQUEST)
            return connection.recv(1024)
    except OSError:
        return b""


def _unreachable(place: str, error: OSError) -> CannotConnect:
    if isinstance(error, socket.gaierror):
        return CannotConnect("No host of that name is known.", place=place, hint=_SUPPORTED)
    if isinstance(error, ConnectionRefusedError):
        return CannotConnect(
            "No server listens there.",
            place=place,
            hint="Start the server, or check host and port.",
            retryable=True,
        )
    if isinstance(error, TimeoutError):
        return CannotConnect(
            "The server does not answer.",
            place=place,
            hint="Check host and port, and whether a firewall lies between.",
            retryable=True,
        )
    return CannotConnect(
        f"The server cannot be reached: {error.strerror or error}.",
        place=place,
        hint="Check host, port and network.",
        retryable=True,
    )
