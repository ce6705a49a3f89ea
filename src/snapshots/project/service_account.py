"""Credentials for the API: a key, and a token that a service account signs and renews."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from snapshots.errors import ProjectError

if TYPE_CHECKING:
    from snapshots.endpoints.http import Auth
    from snapshots.project.settings import Credentials

SECONDS = 3600
"""For which a token is valid."""
RENEWED = 120
"""Seconds before its end at which a token is renewed: requests take time, and clocks differ."""


class ServiceAccount:
    """Signs tokens (RS256) as a service account; asked for headers before each request."""

    def __init__(self, file: Path, key: str, audience: str) -> None:
        """Raises ProjectError if the file is no service account's, or PyJWT is not installed."""
        self._file = file
        self._key = key
        self._audience = audience
        self._known = _read(file)
        self._token = ""
        self._until = 0.0
        self.headers()

    def headers(self) -> Mapping[str, str]:
        """The headers with the API key and a token that stays valid for a while."""
        now = time.time()
        if now > self._until - RENEWED:
            self._token = self._signed(int(now))
            self._until = int(now) + SECONDS
        return {"x-api-key": self._key, "Authorization": f"Bearer {self._token}"}

    def secrets(self) -> tuple[str, ...]:
        """The texts that must never be shown."""
        return (self._key, self._token, self._known["private_key"])

    def _signed(self, now: int) -> str:
        email = self._known["client_email"]
        claims = {"iss": email, "sub": email, "aud": self._audience, "iat": now,
                  "exp": now + SECONDS}  # fmt: skip
        try:
            import jwt
        except ImportError as error:
            raise ProjectError(
                "Service accounts need the packages PyJWT and cryptography, which are not"
                " installed.",
                place=str(self._file),
                hint="pip install 'snapshots[combocurve]'",
            ) from error
        try:
            return jwt.encode(
                claims,
                self._known["private_key"],
                algorithm="RS256",
                headers={"kid": self._known["private_key_id"]},
            )
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            # Never what the error says: it may repeat the key.
            raise ProjectError(
                "The account's private_key is not an RSA key in PEM format.",
                place=str(self._file),
                hint="Download the service account's file again.",
            ) from error


def _read(file: Path) -> dict[str, str]:
    try:
        known: dict[str, str] = json.loads(file.read_text("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise ProjectError(
            "The service account's file is not valid JSON.",
            place=str(file),
            hint="Use the file that ComboCurve provides for the service account.",
        ) from error
    wanted = ("client_email", "private_key", "private_key_id")
    for name in wanted:
        if not isinstance(known, dict) or not isinstance(known.get(name), str):
            raise ProjectError(
                f"The service account's file has no {name}.",
                place=str(file),
                hint=f"It must be JSON with {', '.join(wanted)}.",
            )
    return known


def authority(credentials: Credentials | None) -> Auth | None:
    """The credentials as `snapshots.endpoints.http` takes them; None: there are none."""
    if credentials is None:
        return None
    if credentials.service_account:
        return ServiceAccount(credentials.service_account, credentials.key, credentials.audience)
    from snapshots.endpoints.http import ApiKey

    return ApiKey(credentials.key, token=credentials.token)
