"""BearerTokens that a command of the user prints."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from snapshots.endpoints.http.auth.plain import Post
from snapshots.endpoints.http.auth.tokens import BearerTokens
from snapshots.endpoints.http.response import excerpt
from snapshots.errors import CannotConnect

SECONDS = 60.0
"""For which a command may run."""
_TOKEN = ("access_token", "accessToken", "token")
_FOR = ("expires_in", "expiresIn")
_AT = ("expires_on", "expires_at", "expiresAt", "expiration")


@dataclass(frozen=True, slots=True)
class AuthCommand:
    """Runs a command that prints a token, and sends it as `Authorization: Bearer TOKEN`.

    It prints the token alone, also as a text of JSON; or a JSON object with `access_token` or
    `token`, and perhaps with `expires_in` (seconds), or `expires_at` (a time, or seconds since
    1970). No shell reads the command.
    """

    command: Sequence[str]
    _tokens: BearerTokens = field(default_factory=BearerTokens, repr=False, compare=False)

    def headers(self) -> Mapping[str, str]:
        """The one header, once there is a token."""
        return self._tokens.headers()

    def secrets(self) -> tuple[str, ...]:
        """The last few tokens."""
        return self._tokens.secrets()

    def due(self) -> bool:
        """See `Renewable`."""
        return self._tokens.due()

    async def renew(self, _post: Post) -> None:
        """Runs the command. Raises CannotConnect if it fails, prints no token or takes too long."""
        began = time.monotonic()
        printed = await self._printed()
        token, seconds = _parsed(printed)
        self._tokens.take(token, seconds, self._place, began)

    @property
    def _place(self) -> str:
        return f"--auth-command {self.command[0]}"

    async def _printed(self) -> str:
        pipe = asyncio.subprocess.PIPE
        try:
            child = await asyncio.create_subprocess_exec(
                *self.command, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
            )
        except OSError as error:
            raise CannotConnect(
                f"The command cannot be run: {error.strerror}.",
                place=self._place,
                hint="Check its name. No shell reads it: for pipes, write sh -c '...'.",
            ) from error
        try:
            async with asyncio.timeout(SECONDS):
                out, err = await child.communicate()
        except TimeoutError as error:
            raise CannotConnect(
                f"The command has not ended within {SECONDS:g} s.",
                place=self._place,
                retryable=True,
            ) from error
        finally:
            if child.returncode is None:
                child.kill()
        if child.returncode:
            text = excerpt(err, self.secrets())
            raise CannotConnect(
                f"The command failed with exit code {child.returncode}: {text}".rstrip(": "),
                place=self._place,
                hint="Run it in a shell: it must print a token.",
                retryable=True,
            )
        return out.decode("utf-8", "replace").strip()


def _parsed(printed: str) -> tuple[str, float | None]:
    """The token, and the seconds for which it is valid; None: it does not say so."""
    if not printed.startswith(("{", '"')):
        return printed, None
    try:
        found = json.loads(printed)
    except (ValueError, RecursionError):
        return "", None
    if isinstance(found, str):
        return found, None
    token, valid, ends = (_first(found, names) for names in (_TOKEN, _FOR, _AT))
    seconds = _number(valid)
    if seconds is None and (moment := _moment(ends)) is not None:
        seconds = moment - time.time()
    return str(token or ""), seconds


def _first(found: dict[str, Any], names: Sequence[str]) -> object:
    return next((found[name] for name in names if found.get(name) is not None), None)


def _moment(value: object) -> float | None:
    """Seconds since 1970, of a number or a time; a time without a zone is UTC."""
    if value is None or (number := _number(value)) is not None:
        return number if value is not None else None
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None
