"""Servers that speak MySQL's protocol, and are known to lack what an import needs."""

from __future__ import annotations

from typing import Final

from snapshots.errors import TargetError

_LACKING: Final = {
    "Dolt": "It takes the word plan for a keyword, and knows neither DO nor START TRANSACTION WITH"
    " CONSISTENT SNAPSHOT.",
}
"""By what a server says in @@version_comment."""


def require_usable(comment: str) -> None:
    """Raises TargetError for a server that would fail in the middle of its first import.

    `comment`: the server's @@version_comment.
    """
    if (lacking := _LACKING.get(comment)) is not None:
        raise TargetError(
            f"This server is {comment}, which cannot keep the ledger. {lacking}",
            hint="Load into MySQL or MariaDB.",
        )
