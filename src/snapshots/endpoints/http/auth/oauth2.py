"""OAuth2 tokens by client credentials (RFC 6749, 4.4), got over the way that the API is reached."""

from __future__ import annotations

import base64
import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlencode

from snapshots.defaults import ClientAuth
from snapshots.endpoints.http.auth.plain import Post
from snapshots.endpoints.http.auth.tokens import BearerTokens
from snapshots.endpoints.http.response import NoAnswer, Response, excerpt
from snapshots.errors import CannotConnect

_FORM = "application/x-www-form-urlencoded"
_LATER = {408, 425, 429}


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """Gets tokens from a token endpoint, and sends them as `Authorization: Bearer TOKEN`."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str | None = None
    audience: str | None = None
    client_auth: ClientAuth = "header"
    """Where the token endpoint gets id and secret: in a header (Basic), or in the body."""
    _tokens: BearerTokens = field(default_factory=BearerTokens, repr=False, compare=False)

    def headers(self) -> Mapping[str, str]:
        """The one header, once there is a token."""
        return self._tokens.headers()

    def secrets(self) -> tuple[str, ...]:
        """The secret of the client, and the last few tokens."""
        quoted = quote_plus(self.client_secret)
        return (self.client_secret, quoted, self._basic, *self._tokens.secrets())

    def due(self) -> bool:
        """See `Renewable`."""
        return self._tokens.due()

    async def renew(self, post: Post) -> None:
        """Asks for a token. Raises CannotConnect if there is none; it is `retryable` if the token
        endpoint does not answer, or answers that it cannot now."""
        began = time.monotonic()
        try:
            answer = await self._asked(post)
        except NoAnswer as failure:
            raise CannotConnect(
                f"The token endpoint cannot be reached: {failure}",
                place=self.token_url,
                hint="Check --token-url, and that the server runs.",
                retryable=True,
            ) from failure
        found = _object(answer.body)
        if answer.status >= 300 or not isinstance(found.get("access_token"), str):
            raise self._refusal(answer, found)
        kind = str(found.get("token_type") or "Bearer")
        if kind.lower() != "bearer":
            raise CannotConnect(
                f"The token endpoint gives tokens of type {kind!r}, and only bearer tokens can be"
                " sent.",
                place=self.token_url,
            )
        seconds = _seconds(found.get("expires_in"))
        self._tokens.take(found["access_token"], seconds, self.token_url, began)

    async def _asked(self, post: Post) -> Response:
        wanted = {"grant_type": "client_credentials"}
        headers = {"Content-Type": _FORM, "Accept": "application/json"}
        if self.client_auth == "header":
            headers["Authorization"] = f"Basic {self._basic}"
        else:
            wanted |= {"client_id": self.client_id, "client_secret": self.client_secret}
        more = {"scope": self.scope, "audience": self.audience}
        wanted |= {name: value for name, value in more.items() if value}
        return await post(self.token_url, headers, urlencode(wanted).encode())

    @property
    def _basic(self) -> str:
        # RFC 6749 has both encoded as in a form before they are joined (2.3.1).
        pair = f"{quote_plus(self.client_id)}:{quote_plus(self.client_secret)}"
        return base64.b64encode(pair.encode()).decode("ascii")

    def _refusal(self, answer: Response, found: Mapping[str, Any]) -> CannotConnect:
        reason = " ".join(str(found[k]) for k in ("error", "error_description") if k in found)
        text = excerpt(reason or answer.body, self.secrets())
        later = answer.status >= 500 or answer.status in _LATER
        what = "gives no token now" if later else "gives no token"
        return CannotConnect(
            f"The token endpoint {what}: {answer.status} {text}".rstrip(),
            place=self.token_url,
            hint="" if later else "Check the id and secret of the client, its scope and audience.",
            retryable=later,
        )


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _seconds(value: object) -> float | None:
    """For how long a token is valid. Some servers write the number as a text."""
    try:
        seconds = float(str(value))
    except ValueError:
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
