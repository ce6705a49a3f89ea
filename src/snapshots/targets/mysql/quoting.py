"""Names as MySQL writes them."""

from __future__ import annotations

from snapshots.errors import ContractError
from snapshots.targets.sql import ddl

NAME_CHARACTERS = 64
_LAST_OF_THE_BASIC_PLANE = "\uffff"


def quote(identifier: str) -> str:
    """An identifier; ContractError if MySQL cannot hold it."""
    sql = ddl.quoted(identifier, "`")
    if len(identifier) > NAME_CHARACTERS:
        raise ContractError(
            f"The name {identifier!r} is longer than MySQL's {NAME_CHARACTERS} characters.",
            hint="Choose a shorter name.",
        )
    if identifier[-1].isspace():
        raise ContractError(
            f"The name {identifier!r} ends with a space, which MySQL does not allow."
        )
    if max(identifier) > _LAST_OF_THE_BASIC_PLANE:
        raise ContractError(
            f"The name {identifier!r} has a character that MySQL does not allow in names.",
            hint="MySQL allows characters beyond U+FFFF, such as emoji, only in values.",
        )
    return sql
