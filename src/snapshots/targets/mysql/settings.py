"""Reads what MySQL's own clients take from the environment and from `~/.my.cnf`."""

from __future__ import annotations

import configparser
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from snapshots import home
from snapshots.errors import UsageError
from snapshots.locations import DATABASE

if TYPE_CHECKING:
    from pathlib import Path

    from snapshots.locations import Location

_ENVIRONMENT = {
    "host": ("MYSQL_HOST",),
    "port": ("MYSQL_TCP_PORT",),
    "user": ("MYSQL_USER",),
    "password": ("MYSQL_PWD", "MYSQL_PASSWORD"),
    "database": ("MYSQL_DATABASE",),
}
_GROUPS = ("client", "client-server", "client-mariadb", "snapshots")
_FROM_FILE = {"socket": "unix_socket", "ssl-ca": "ssl_ca", "ssl-cert": "ssl_cert",
              "ssl-key": "ssl_key"}  # fmt: skip
_TEXTS = {"unix_socket", "ssl_ca", "ssl_cert", "ssl_key"}
_FLAGS = {"ssl_disabled", "ssl_verify_cert", "ssl_verify_identity"}
_IGNORED = {"charset"}
"""Options that have no effect. SQLAlchemy's users write `charset`; here it is always utf8mb4."""


def complete(location: Location) -> Location:
    """Fills in what the location leaves open: host, port, user, database, and a password if one is
    found."""
    path = home.expanded("~/.my.cnf")
    file = _option_file(path) if path else {}
    found = {
        name: getattr(location, name) or _first(variables) or file.get(name)
        for name, variables in _ENVIRONMENT.items()
    }
    options = dict(location.options)
    if location.host is None:
        for name, option in _FROM_FILE.items():
            if name in file:
                options.setdefault(option, file[name])
    return replace(
        location,
        host=found["host"] or "localhost",
        port=found["port"] or "3306",
        user=found["user"] or home.user(),
        password=found["password"],
        database=found["database"] or DATABASE,
        options=tuple(options.items()),
    )


def driver_options(location: Location) -> dict[str, object]:
    """Returns the options after the ? of a URL as PyMySQL takes them. Raises UsageError."""
    result: dict[str, object] = {}
    for name, value in location.options:
        if name in _TEXTS:
            result[name] = value
        elif name in _FLAGS:
            result[name] = value.lower() in {"1", "true", "yes", "on"}
        elif name == "connect_timeout" and value.isdigit():
            result[name] = int(value)
        elif name not in _IGNORED:
            known = ", ".join(sorted(_TEXTS | _FLAGS | {"connect_timeout"}))
            raise UsageError(
                f"{name!r} is not an option of MySQL URLs.", hint=f"The options are {known}."
            )
    return result


def _first(variables: tuple[str, ...]) -> str | None:
    return next((os.environ[name] for name in variables if os.environ.get(name)), None)


def _option_file(path: Path) -> dict[str, str]:
    parser = configparser.RawConfigParser(
        allow_no_value=True, strict=False, comment_prefixes=("#", ";", "!")
    )
    try:
        parser.read_string(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, configparser.Error):
        return {}
    return {
        name.replace("_", "-"): value.strip().strip("'\"")
        for group in _GROUPS
        if parser.has_section(group)
        for name, value in parser.items(group)
        if value
    }
