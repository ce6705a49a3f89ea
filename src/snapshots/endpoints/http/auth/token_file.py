"""A token in a file that another program replaces."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from snapshots.endpoints.http.auth.plain import Post
from snapshots.endpoints.http.auth.tokens import BearerTokens
from snapshots.errors import CannotConnect, SnapshotsError, UsageError


class TokenFile:
    """Sends what a file holds as `Authorization: Bearer TOKEN`. It is read again when it changes.

    Raises UsageError if it cannot be read at first, or is empty. A file that is missing or empty
    later is being replaced: until then the last token counts.
    """

    def __init__(self, file: str | os.PathLike[str]) -> None:
        self._file = Path(file)
        self._tokens = BearerTokens()
        self._seen: tuple[int, int, int] | None = None
        try:
            self._read()
        except (OSError, UnicodeDecodeError, SnapshotsError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise UsageError(
                f"the token cannot be read: {why}", place=str(file), hint="see --token-file"
            ) from error

    def headers(self) -> Mapping[str, str]:
        """The one header."""
        try:
            self._read()
        except (OSError, UnicodeDecodeError, SnapshotsError):
            self._seen = None
        return self._tokens.headers()

    def secrets(self) -> tuple[str, ...]:
        """The last few tokens."""
        return self._tokens.secrets()

    def due(self) -> bool:
        """Never: `headers` reads the file."""
        return False

    async def renew(self, _post: Post) -> None:
        """Reads the file again, whatever its time says. Raises CannotConnect, which is `retryable`,
        while it is being replaced."""
        self._seen = None
        try:
            self._read()
        except (OSError, UnicodeDecodeError, SnapshotsError) as error:
            raise CannotConnect(
                "The API refuses the token, and its file has no other one.",
                place=str(self._file),
                retryable=True,
            ) from error

    def _read(self) -> None:
        state = self._file.stat()
        seen = (state.st_ino, state.st_mtime_ns, state.st_size)
        if seen != self._seen:
            token = self._file.read_text("utf-8-sig").strip()
            if (token,) != self._tokens.secrets()[-1:]:
                self._tokens.take(token, None, str(self._file), 0.0)
            self._seen = seen
