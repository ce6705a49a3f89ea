"""Names as PostgreSQL writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.errors import ContractError
from snapshots.targets.sql import ddl

if TYPE_CHECKING:
    from snapshots.model import TableName

NAME_BYTES = 63
"""PostgreSQL would cut what is longer, without a word."""


def quote(identifier: str) -> str:
    """An identifier; ContractError if PostgreSQL cannot hold it."""
    sql = ddl.quoted(identifier, '"')
    if len(identifier.encode()) > NAME_BYTES:
        raise ContractError(
            f"The name {identifier!r} is longer than PostgreSQL's {NAME_BYTES} bytes.",
            hint="Choose a shorter name.",
        )
    return sql


def qualified(table: TableName) -> str:
    """A table, with its schema if it has one."""
    return table.sql(quote)
