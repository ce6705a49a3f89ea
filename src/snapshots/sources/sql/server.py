"""The database server that runs a query, and the interface of a running query."""

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


@dataclass(frozen=True, slots=True)
class QueryServer:
    """A database server, and the user who asks it."""

    kind: ServerKind
    host: str | None
    """None, here and below: the default of the server's own clients."""
    port: int | str | None
    user: str | None
    password: str | None = field(repr=False)
    database: str | None = None
    tls: Tls = "prefer"
    """`prefer`: encrypted if the server offers it; `verify`: encrypted, with its name checked."""
    tls_ca: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.host, self.port) if part)
        return f"{self.kind} at {where or 'localhost'}"


class Query(Protocol):
    """A query in a read-only session. The server keeps the rows until they are asked for."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of its rows, in order, with the types that the server gives."""

    def batches(self) -> Iterator[Sequence[Row]]:
        """Gives all rows, some at a time, each value as exact text; None is NULL.

        May be called once. Raises InputError if the server breaks off.
        """

    def close(self) -> None:
        """Ends query and session without reading the rest. Never raises."""


def cannot_connect(server: QueryServer, message: str) -> CannotConnect:
    """The error for a session that could not begin."""
    reason = message.strip().removeprefix("connection failed: ")
    login = "password" in reason
    return CannotConnect(
        f"The session cannot be opened: {reason}",
        place=str(server),
        hint="Check the user and the password, and the variables that hold them."
        if login
        else "Check the host, port, user, password, database and TLS settings.",
        retryable=True,
    )


def refused(place: str, message: str, *, lost: bool) -> InputError:
    """The error for a query that the server refuses or breaks off."""
    if lost:
        return InputError(
            f"The session with the server was lost: {message}", place=place, retryable=True
        )
    return InputError(
        f"The server refuses the query: {message}",
        place=place,
        hint="Correct the query, or grant the user the right to read its tables.",
    )


def binary(place: str, column: str, encoded: str) -> InputError:
    """The error for a column of bytes, which JSON cannot hold."""
    return InputError(
        f"Column {column!r} is binary, which JSON cannot hold.",
        place=place,
        hint=f"Encode it in the query: {encoded.format(column)} AS {column}.",
    )
