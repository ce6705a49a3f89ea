"""A bearer token that is replaced by others."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Mapping

from snapshots.errors import CannotConnect

EARLY_SECONDS = 60.0
"""A token is renewed so long before its end: requests take time, and clocks differ."""
EARLY_SHARE = 0.1
"""Of a token that is valid for a short time: when this share of it is left."""
EARLIEST_SECONDS = 2.0
"""At least so long before, as nobody looks more often than once a second."""
REMEMBERED = 3
"""BearerTokens that a late answer may still repeat."""
_TOKEN = re.compile(r"[\x21-\x7e]+")


class BearerTokens:
    """The token that is valid now, and when it ends."""

    def __init__(self) -> None:
        self._known: deque[str] = deque(maxlen=REMEMBERED)
        self._renew_at: float | None = None

    def headers(self) -> Mapping[str, str]:
        """See `Auth`."""
        return {"Authorization": f"Bearer {self._known[-1]}"} if self._known else {}

    def secrets(self) -> tuple[str, ...]:
        """The last few tokens."""
        return tuple(self._known)

    def due(self) -> bool:
        """See `Renewable`."""
        ends = self._renew_at is not None and time.monotonic() >= self._renew_at
        return ends or not self._known

    def take(self, token: str, seconds: float | None, place: str, began: float) -> None:
        """Takes another token, which is valid for so many seconds from `began` on, a time of
        `time.monotonic`; None: nobody knows. Raises CannotConnect if no header can carry it."""
        if not _TOKEN.fullmatch(token):
            raise CannotConnect(
                "The token is empty, or has characters that no header can carry.", place=place
            )
        self._known.append(token)
        if seconds is None:
            self._renew_at = None
        else:
            early = min(EARLY_SECONDS, max(seconds * EARLY_SHARE, EARLIEST_SECONDS), seconds / 2)
            self._renew_at = began + max(0.0, seconds - early)
