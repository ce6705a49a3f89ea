"""Names as SQLite writes them."""

from __future__ import annotations

from snapshots.errors import ContractError
from snapshots.targets.sql import ddl

NAME_BYTES = 1000
"""The project's own limit. SQLite's is the longest statement, a thousand million bytes."""


def quote(identifier: str) -> str:
    """An identifier in double quotes. Raises ContractError if it is too long."""
    if len(identifier.encode("utf-8", "surrogatepass")) > NAME_BYTES:
        raise ContractError(f"The name {identifier[:40]!r}... is too long.")
    return ddl.quoted(identifier, '"')
