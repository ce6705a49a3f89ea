"""Where a query is run, and what its rows come as."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from snapshots.errors import CannotConnect, InputError
from snapshots.model import Column

ServerKind: TypeAlias = Literal["mysql", "postgres", "sqlserver"]
Tls: TypeAlias = Literal["off", "prefer", "require", "verify"]

Row: TypeAlias = Sequence[str | None]

BATCH = 1000
"""Rows that are fetched at a time."""

CONNECT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class QueryServer:
    """A database server and who asks it."""

    kind: ServerKind
    host: str | None
    """None, here and below: what the server's own clients would take."""
    port: int | str | None
    user: str | None
    password: str | None = field(repr=False)
    database: str | None = None
    tls: Tls = "prefer"
    """off; prefer: as the server offers it; require: encrypted; verify: and its name checked."""
    tls_ca: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.host, self.port) if part)
        return f"{self.kind} at {where or 'localhost'}"


class Query(Protocol):
    """A query that runs in a session that only reads; the rows are the server's until asked for."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """Of its rows, in their order, by the types that the server gives."""

    def batches(self) -> Iterator[Sequence[Row]]:
        """All rows, some at a time, each value as exact text; None is NULL.

        May be called once. InputError where the server breaks off.
        """

    def close(self) -> None:
        """Ends query and session, without reading what is left. Never raises."""


def cannot_connect(server: QueryServer, message: str) -> CannotConnect:
    """There is no session."""
    return CannotConnect(
        f"The session cannot be opened: {message.strip()}",
        place=str(server),
        hint="Check host, port, user, password, database and TLS.",
        retryable=True,
    )


def refused(place: str, message: str, *, lost: bool) -> InputError:
    """The query does not run, or not to its end."""
    if lost:
        return InputError(
            f"The session with the server was lost: {message}", place=place, retryable=True
        )
    return InputError(
        f"The server refuses the query: {message}",
        place=place,
        hint="Correct the query, or let the user read what it asks for.",
    )


def binary(place: str, column: str, encoded: str) -> InputError:
    """Bytes that are no text have no place in JSON."""
    return InputError(
        f"Column {column!r} is binary, which JSON cannot hold.",
        place=place,
        hint=f"Encode it in the query: {encoded.format(column)} AS {column}.",
    )
