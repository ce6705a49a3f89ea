"""Makes what proves who we are, with the secrets that the user keeps elsewhere."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from snapshots.endpoints.http import AuthCommand, Basic, ClientCredentials, TokenFile
from snapshots.engine.delivery.looked_up import looked_up
from snapshots.errors import UsageError

if TYPE_CHECKING:
    from snapshots.endpoints.http import Auth
    from snapshots.engine.plan.access import Access


def auth_of(access: Access, found: list[str]) -> Auth | None:
    """Looks the secrets up; `found` gets them. None: there is nothing to prove.

    Raises UsageError if one is not there.
    """
    if access.basic is not None:
        name, colon, password = looked_up(access.basic, "--basic", found).partition(":")
        if not colon:
            raise UsageError("--basic has no password", hint="Write it as NAME:PASSWORD.")
        return Basic(name, password)
    if access.token_file is not None:
        return TokenFile(access.token_file)
    if access.auth_command is not None:
        return AuthCommand(shlex.split(access.auth_command))
    if access.token_url is None:
        return None
    return ClientCredentials(
        access.token_url,
        looked_up(access.client_id or "", "--client-id", found),
        looked_up(access.client_secret or "", "--client-secret", found),
        access.scope,
        access.audience,
        access.client_auth,
    )
