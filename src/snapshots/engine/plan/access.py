"""How a delivery proves who it is, as the user has written it: secrets are kept elsewhere."""

from __future__ import annotations

import re
import shlex
from typing import Final

from snapshots.defaults import ClientAuth, option
from snapshots.errors import UsageError
from snapshots.quick_dataclass import dataclass

_REFERENCE: Final = re.compile(r"\$\{\w+\}|@.+")
_PASSWORD: Final = re.compile(r"[^:]*:\$\{\w+\}")


@dataclass(frozen=True, slots=True)
class Access:
    """One way to prove who we are. The ledger keeps it: it holds no secrets.

    >>> Access(token_url="https://login.example.org/token", client_id="me",
    ...        client_secret="${SECRET}").client_auth
    'header'

    Raises UsageError for a secret in plain text, two ways at once, or parts of one.
    """

    basic: str | None = option(
        None,
        "Name and password for basic authorization: NAME:${VARIABLE}, or ${VARIABLE} or @FILE for"
        " both.",
    )
    token_file: str | None = option(
        None, "The file of a bearer token. It is read again when it changes."
    )
    auth_command: str | None = option(
        None,
        "The command that prints a bearer token. It runs again before the token ends, and when the"
        " API refuses it.",
    )
    token_url: str | None = option(
        None,
        "The OAuth2 token endpoint. Tokens are got by client credentials, and renewed in time.",
    )
    client_id: str | None = option(None, "With --token-url: the id of the client.")
    client_secret: str | None = option(
        None, "With --token-url: the secret of the client, as ${VARIABLE} or @FILE."
    )
    scope: str | None = option(None, "With --token-url: the scopes to ask for.")
    audience: str | None = option(None, "With --token-url: the audience to ask for.")
    client_auth: ClientAuth = option(
        "header",
        "With --token-url: where id and secret are sent, in a header or in the body.",
        choices=ClientAuth,
    )

    def __post_init__(self) -> None:
        ways = [
            f"--{name.replace('_', '-')}"
            for name in ("basic", "token_file", "auth_command", "token_url")
            if getattr(self, name) is not None
        ]
        if len(ways) > 1:
            raise UsageError(f"{' and '.join(ways)} both prove who we are", hint="Use one of them.")
        client = (self.client_id, self.client_secret)
        if self.token_url is not None and None in client:
            raise UsageError(
                "--token-url needs --client-id and --client-secret",
                hint="Write the secret as a variable: --client-secret '${SECRET}'",
            )
        more = (*client, self.scope, self.audience)
        if self.token_url is None and (any(more) or self.client_auth != "header"):
            raise UsageError("--client-id and its like have no meaning without --token-url")
        if self.client_secret is not None and not _REFERENCE.fullmatch(self.client_secret):
            raise _plain("--client-secret", "'${SECRET}'")
        if self.basic is not None and not (
            _REFERENCE.fullmatch(self.basic) or _PASSWORD.fullmatch(self.basic)
        ):
            raise _plain("--basic", "'NAME:${PASSWORD}'")
        if self.auth_command is not None:
            _require_words(self.auth_command)

    @property
    def given(self) -> bool:
        """Whether there is a way at all."""
        return self != Access()


def _plain(name: str, example: str) -> UsageError:
    return UsageError(
        f"a secret in {name} would be visible in the process list and in the ledger",
        hint=f"Write it as a variable, in single quotes: {name} {example}; or as @FILE.",
    )


def _require_words(command: str) -> None:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"--auth-command is no command: {error}") from error
    if not words:
        raise UsageError("--auth-command is empty")
