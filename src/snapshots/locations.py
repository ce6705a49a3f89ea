"""Where a database is: what users write after `--database`, and which target serves it.

    snapshots.db   sqlite:///relative.db   sqlite:////absolute.db
    rides.duckdb   duckdb:///relative.duckdb   duckdb:////absolute.duckdb
    postgresql://user:password@host:5432/database?sslmode=require
    mysql://user:password@host:3306/database         (mariadb:// is the same)
    host   host:port   user@host:port/database   [::1]:5432

With `host:port` the server's own greeting decides whether it is PostgreSQL or MySQL. What is
not written comes from the usual places: `PG*` variables, `.pgpass` and service files;
`MYSQL_HOST`, `MYSQL_TCP_PORT`, `MYSQL_USER`, `MYSQL_PWD` (or `MYSQL_PASSWORD`),
`MYSQL_DATABASE` and `~/.my.cnf`. Where nothing names a user it is the system's user; where
nothing names a database it is `snapshots`, which is created if it is missing.

With nothing written at all it is `SNAPSHOTS_DATABASE`, else the file `snapshots.db` here.

`TargetKind` describes a kind of database to this module; `register` makes another one known.
"""

from __future__ import annotations

import os
import re
import socket
import struct
import threading
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeAlias, cast
from urllib.parse import parse_qsl, quote, unquote, urlencode

from msgspec import Struct

from snapshots.errors import CannotConnect, UsageError
from snapshots.hosts import no_name
from snapshots.redaction import is_secret
from snapshots.time_limits import CONNECT_SECONDS, GREETING_ANSWER_SECONDS, GREETING_SECONDS

if TYPE_CHECKING:
    from snapshots.ports import Target

DatabaseName: TypeAlias = str | os.PathLike[str]
"""What names a database: the text of `--database`, or the path of a file."""

DEFAULT = "sqlite:///snapshots.db"
DATABASE = "snapshots"
"""The database on a server where nothing names another."""


class TargetKind(Struct, frozen=True):
    """A kind of database that can be loaded into: how its URLs read, and where its code is."""

    name: str
    """The target's name, as its dialect has it."""
    title: str
    """What people call the database."""
    schemes: tuple[str, ...]
    """What its URLs may begin with; `Location.url` writes the first of them."""
    module: str
    """The module whose `target(location)` gives the `ports.Target`. It is imported, and its driver
    with it, only when such a database is used."""
    is_file: bool = False
    """A URL names a file of this machine, and no server."""
    suffixes: tuple[str, ...] = ()
    """How names of its files end: such a name is a database without a URL."""
    answers_queries: bool = False
    """`send` and `import` can read the rows of a query from it, so that `module` also has
    `query_location(location)`."""


_KINDS: dict[str, TargetKind] = {}
"""By name."""


def register(kind: TargetKind) -> None:
    """Makes a kind of database known, so that `target` and `locate` understand its URLs.

        register(TargetKind("h2", "H2", ("h2",), "h2_target", is_file=True))

    Call it before the first use of such a URL. A kind of the same name is replaced.
    """
    _KINDS[kind.name] = kind


for _kind in (
    TargetKind(
        "postgres",
        "PostgreSQL",
        ("postgresql", "postgres"),
        "snapshots.targets.postgres",
        answers_queries=True,
    ),
    TargetKind(
        "mysql",
        "MySQL",
        ("mysql", "mariadb"),
        "snapshots.targets.mysql",
        answers_queries=True,
    ),
    TargetKind(
        "sqlite",
        "SQLite",
        ("sqlite",),
        "snapshots.targets.sqlite",
        is_file=True,
        suffixes=(".db", ".sqlite", ".sqlite3"),
    ),
    TargetKind(
        "duckdb",
        "DuckDB",
        ("duckdb",),
        "snapshots.targets.duckdb.located",
        is_file=True,
        suffixes=(".duckdb",),
    ),
):
    register(_kind)

_SUPPORTED = (
    "Use postgresql://, mysql:// (or mariadb://), sqlite:///FILE, duckdb:///FILE, a file name that"
    " ends in .db, .sqlite, .sqlite3 or .duckdb, or host:port."
)
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

_LAST_PORT = 65535
_SSL_REQUEST = struct.pack(">ii", 8, 80877103)


@dataclass(frozen=True, slots=True)
class Location:
    """A database as a user wrote it. A part that was not written is None."""

    kind: str
    """The name of a `TargetKind`."""
    host: str | None = None
    """One name or address; several with commas, of which PostgreSQL's driver takes the first that
    answers."""
    port: str | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    database: str | None = None
    """Its name on the server; the path of the file where the kind `is_file`."""
    options: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def url(self) -> str:
        """Writes the location as a URL that a user can give again. It holds no password."""
        return _url(self)


@lru_cache(maxsize=64)
def _url(place: Location) -> str:
    """Does what `Location.url` says: once for many imports into one database."""
    kind = _KINDS[place.kind]
    user = f"{quote(place.user, safe='')}@" if place.user else ""
    hosts = (place.host or "").split(",")
    ports = (place.port or "").split(",")
    if len(ports) < len(hosts):
        ports *= len(hosts)
    places = ",".join(
        (f"[{host}]" if ":" in host else quote(host, safe="")) + (f":{port}" if port else "")
        for host, port in zip(hosts, ports, strict=False)
    )
    path = quote(place.database or "", safe="/ :@&=+$,;~!'()*" if kind.is_file else "")
    shown = [(name, value) for name, value in place.options if not is_secret(name)]
    return f"{kind.schemes[0]}://{user}{places}/{path}" + (f"?{urlencode(shown)}" if shown else "")


def target(database: DatabaseName | None = None) -> Target:
    """Returns the target for what a user wrote after `--database`; None: nothing.

        target("sqlite:///rides.db").connect()

    It connects to a server only for `host:port`, whose greeting tells what it is. Raises UsageError
    for a text that names no database, and CannotConnect if no known server answers there.
    """
    place = locate(_written(database))
    return cast("Target", _module(place).target(place))


def is_file(text: str) -> bool:
    """Returns whether a user's text names a file of this machine, and no server."""
    if match := _URL.fullmatch(text):
        return any(one.is_file and match[1].lower() in one.schemes for one in _KINDS.values())
    return _kind_of_file(text) is not None


def query_location(database: str) -> Location:
    """Returns where a query is asked, with what the environment and the user's files say besides.

    The options are those of the URL alone. Raises UsageError if the database takes no queries.
    """
    place = locate(database)
    kind = _KINDS[place.kind]
    if not kind.answers_queries:
        raise UsageError(
            f"A {kind.title} {'file' if kind.is_file else 'database'} cannot be queried.",
            hint="Queries can read from PostgreSQL, MySQL and MariaDB.",
        )
    return cast("Location", _module(place).query_location(place))


def _module(place: Location) -> ModuleType:
    return import_module(_KINDS[place.kind].module)


class TargetSearch:
    """Finds the target that a user means, once its server answers. Thread-safe.

    A service starts with it: `target` raises CannotConnect until the server of a `host:port` is
    there, and then gives the same target each time.
    """

    def __init__(self, database: DatabaseName | None = None) -> None:
        self._database = _written(database)
        self._found: Target | None = None
        self._lock = threading.Lock()

    def target(self) -> Target:
        """Returns what the function `target` gives. Raises CannotConnect and UsageError."""
        with self._lock:
            if self._found is None:
                self._found = target(self._database)
            return self._found

    def display(self) -> str:
        """Returns the target's URL; before it is found, what the user wrote without the login."""
        found = self._found
        return self._database.rpartition("@")[2].partition("?")[0] if not found else found.display()


def locate(text: str) -> Location:
    """Takes what a user wrote apart: `locate("mysql://h/d")` is `Location("mysql", "h",
    database="d")`.

    Raises UsageError. Its message never repeats the text, which may hold a password.
    """
    if match := _URL.fullmatch(text):
        scheme, rest = match[1].lower(), match[2]
        kind = next((one for one in _KINDS.values() if scheme in one.schemes), None)
        if kind is None:
            raise UsageError(f"{scheme}:// databases are not supported.", hint=_SUPPORTED)
        return _file(kind, rest) if kind.is_file else _server(kind.name, rest)
    if kind := _KINDS["sqlite"] if text == ":memory:" else _kind_of_file(text):
        return _file(kind, f"/{text}", quoted=False)
    # A folder may have the name of a host.
    if text.startswith((".", "/")) and os.path.isdir(text):  # noqa: PTH112 - it never raises
        raise UsageError(
            "The database is a folder.", hint=f"Name a file in it: {Path(text, 'snapshots.db')}"
        )
    place = _server("postgres", text)
    if not place.host or "," in place.host:
        raise UsageError("The database must be a URL, a file name or host:port.", hint=_SUPPORTED)
    return replace(place, kind=_greet(place.host, place.port))


def _kind_of_file(name: str) -> TargetKind | None:
    return next((one for one in _KINDS.values() if name.lower().endswith(one.suffixes)), None)


def text_of(database: DatabaseName) -> str:
    """What a user would write for a database. Raises UsageError for a path of no known ending,
    because the text might name a host."""
    text = os.fspath(database)
    if not isinstance(database, str) and _kind_of_file(text) is None:
        endings = ", ".join(ending for kind in _KINDS.values() for ending in kind.suffixes)
        raise UsageError(
            "The path names no database by its ending.", place=text, hint=f"Use one of {endings}."
        )
    return text


def _written(database: DatabaseName | None) -> str:
    given = "" if database is None else text_of(database)
    return given or os.environ.get("SNAPSHOTS_DATABASE") or DEFAULT


def _file(kind: TargetKind, rest: str, *, quoted: bool = True) -> Location:
    scheme = kind.schemes[0]
    path, _, options = rest.partition("?") if quoted else (rest, "", "")
    if not path.startswith("/"):
        raise UsageError(
            f"A {kind.title} URL needs three slashes before a relative path, four before an"
            " absolute path.",
            hint=f"For example {scheme}:///snapshots.db or {scheme}:////var/lib/snapshots.db.",
        )
    name = unquote(path[1:]) if quoted else path[1:]
    if name in {"", ":memory:"} or options:
        raise UsageError(
            f"A {kind.title} database in memory would end with this command."
            if not options
            else f"A {kind.title} URL must not have options.",
            hint=f"Name a file: {scheme}:///snapshots.db.",
        )
    return Location(kind.name, database=name)


def _server(kind: str, rest: str) -> Location:
    match = _AUTHORITY.fullmatch(rest)
    places = _hosts(match["hosts"]) if match else None
    if match is None or places is None:
        match = _RAW_AUTHORITY.fullmatch(rest)
        places = _hosts(match["hosts"]) if match else None
    if match is None or places is None:
        raise UsageError(
            "The host or the port of the database is not valid.",
            hint=f"{_SUPPORTED} In a password, write @ : / ? and % as %40 %3A %2F %3F and %25.",
        )
    host, port = places
    for name in (host or "").split(","):
        # A path is that of a socket.
        if name and not name.startswith("/") and (why := no_name(name)):
            raise UsageError(f"The database's URL has no valid host: {why}.", hint=_SUPPORTED)
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


def _greet(host: str, port: str | None) -> str:
    """The kind of the server that answers; with no port, of the first one on the usual two."""
    if port is not None:
        return _greeting(host, int(port))
    try:
        return _greeting(host, 5432)
    except CannotConnect as error:
        try:
            kind = _greeting(host, 3306)
        except CannotConnect:
            if isinstance(error.__cause__, socket.gaierror):
                error.hint += " The name of a SQLite file ends in .db."
            raise error from None
        return kind


def _greeting(host: str, port: int) -> str:
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        connection = socket.create_connection((host, port), timeout=CONNECT_SECONDS)
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
        raise CannotConnect(
            f"The MySQL server refuses the connection: {greeting}", place=place, retryable=True
        )
    greeting = repr(answer[:40].decode("ascii", "replace").strip()) if answer else "nothing"
    raise CannotConnect(
        f"The server is neither PostgreSQL nor MySQL: it answered {greeting}.",
        place=place,
        hint="Check the port: PostgreSQL usually has 5432, MySQL 3306.",
    )


def _answer(connection: socket.socket) -> bytes:
    """MySQL speaks first; PostgreSQL waits to be asked."""
    try:
        connection.settimeout(GREETING_SECONDS)
        try:
            return connection.recv(1024)
        except TimeoutError:
            connection.settimeout(GREETING_ANSWER_SECONDS)
            connection.sendall(_SSL_REQUEST)
            return connection.recv(1024)
    except OSError:
        return b""


def _unreachable(place: str, error: OSError) -> CannotConnect:
    if isinstance(error, socket.gaierror):
        return CannotConnect(
            "The host name is unknown.", place=place, hint="Check the name of the host."
        )
    if isinstance(error, ConnectionRefusedError):
        return CannotConnect(
            "No server listens on this port.",
            place=place,
            hint="Start the server, or check the host and port.",
            retryable=True,
        )
    if isinstance(error, TimeoutError):
        return CannotConnect(
            "The server does not answer.",
            place=place,
            hint="Check the host, the port and any firewall between.",
            retryable=True,
        )
    return CannotConnect(
        f"The server cannot be reached: {error.strerror or error}.",
        place=place,
        hint="Check the host, the port and the network.",
        retryable=True,
    )
