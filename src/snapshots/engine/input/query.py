"""Queries as inputs: a SELECT, or a file with one, and the database that is asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from snapshots import locations
from snapshots.contract.contract import contract_of
from snapshots.contract.fit import fit
from snapshots.errors import InputError, SnapshotsError, UsageError
from snapshots.sources.sql import QueryServer, QuerySource, open_query

if TYPE_CHECKING:
    from snapshots.sources.sql.server import ServerKind, Tls

_SHOWN = 60
"""Characters of a query that its name in the ledger has."""

_TLS: dict[str, Tls] = {
    "disable": "off", "allow": "prefer", "prefer": "prefer", "require": "require",
    "verify-ca": "verify", "verify-full": "verify",
}  # fmt: skip
_FILES = {"sslrootcert": "tls_ca", "sslcert": "tls_cert", "sslkey": "tls_key",
          "ssl_ca": "tls_ca", "ssl_cert": "tls_cert", "ssl_key": "tls_key"}  # fmt: skip


def open_asked(
    query: str,
    database: str,
    contract: Path | Mapping[str, Any] | None = None,
    limit: int | None = None,
) -> QuerySource:
    """Asks a database. Rows must match the contract; without one they have the server's types.

    Raises InputError if the query is not one SELECT or the server refuses it, CannotConnect and
    ContractError.
    """
    rules = None if contract is None else contract_of(contract)
    source = open_query(_server(database), _text(query), title(query), limit)
    if rules is not None:
        try:
            source.contract = fit(rules, source.contract, title(query), whose="The contract")
        except SnapshotsError:
            source.close()
            raise
    return source


def title(query: str) -> str:
    """The name of a query in the ledger: its file, or its first characters."""
    if _is_file(query):
        return query
    text = " ".join(query.split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def _text(query: str) -> str:
    if not _is_file(query):
        return query
    try:
        return Path(query).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("The query is not valid UTF-8.", place=query) from error


def _is_file(query: str) -> bool:
    try:
        return Path(query).is_file()
    except OSError:  # longer than any name
        return False


def _server(database: str) -> QueryServer:
    place = locations.query_location(database)
    given: dict[str, Any] = {}
    for name, value in place.options:
        if name == "sslmode" and value in _TLS:
            given["tls"] = _TLS[value]
        elif name in _FILES:
            given[_FILES[name]] = value
        else:
            raise UsageError(
                f"{name}={value} is not a valid option in the URL of a database that is queried."
                if name == "sslmode"
                else f"{name!r} is not an option in the URL of a database that is queried.",
                hint=f"The options are sslmode and {', '.join(_FILES)}.",
            )
    if "tls_ca" in given:
        given.setdefault("tls", "verify")
    port = int(place.port) if place.port and place.port.isdigit() else place.port
    kind = cast("ServerKind", place.kind)
    return QueryServer(kind, place.host, port, place.user, place.password, place.database, **given)
