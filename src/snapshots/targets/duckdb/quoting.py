"""Names as DuckDB writes and compares them."""

from __future__ import annotations

import string

from snapshots.errors import ContractError
from snapshots.targets.sql import ddl

NAME_BYTES = 1000
"""The project's own limit: DuckDB has none."""
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def quote(identifier: str) -> str:
    """An identifier in double quotes. Raises ContractError if it is too long."""
    if len(identifier.encode("utf-8", "surrogatepass")) > NAME_BYTES:
        raise ContractError(f"The name {identifier[:40]!r}... is too long.")
    return ddl.quoted(identifier, '"')


def folded(name: str) -> str:
    """The name as DuckDB compares it: without the case of the letters A to Z."""
    return name.translate(_LOWER)
