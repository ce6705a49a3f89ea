"""Parses the URLs of files on SSH servers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from snapshots.errors import InputError
from snapshots.redaction import shown
from snapshots.sources.remote.urls import without_query

_HOME: Final = "/~/"
_MEANT: Final = "/:@!$&'()+,;=~"
"""What a URL's path may have besides letters and digits, and is no pattern."""


@dataclass(frozen=True, slots=True)
class SftpPlace:
    """A server, and who reads there. None: what ~/.ssh/config says, else what `ssh` takes."""

    host: str
    port: int | None
    user: str | None
    password: str | None = field(repr=False)

    @property
    def command(self) -> str:
        """What a user tries by hand."""
        to = self.host if self.user is None else f"{self.user}@{self.host}"
        return f"ssh {to}" if self.port is None else f"ssh -p {self.port} {to}"

    @property
    def login(self) -> dict[str, str | int]:
        """What the library is given, and shall not look up."""
        given = {"port": self.port, "username": self.user, "password": self.password}
        return {name: value for name, value in given.items() if value is not None}

    def url(self, path: str) -> str:
        """The URL of a path on the server; one without a slash begins in the home folder."""
        login = ""
        if self.user is not None:
            secret = "" if self.password is None else f":{quote(self.password, safe='')}"
            login = f"{quote(self.user, safe='')}{secret}@"
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        begin = "" if path.startswith("/") else _HOME
        return f"sftp://{login}{host}{port}{begin}{quote(path, safe=_MEANT)}"


def parse(url: str) -> tuple[SftpPlace, str]:
    """The server of a URL, and the path there; one behind `/~/` begins in the user's home folder.

    Raises InputError if it is no such URL.
    """
    try:
        parts = urlsplit(url)
        place = SftpPlace(
            parts.hostname or "",
            parts.port,
            None if parts.username is None else unquote(parts.username),
            None if parts.password is None else unquote(parts.password),
        )
    except ValueError:
        place = SftpPlace("", None, None, None)
    path = without_query(url).removeprefix(_HOME)
    if not place.host or not path.strip("/"):
        raise InputError(
            "This is not the URL of a file.",
            place=shown(url),
            hint="Write it like sftp://USER@HOST/folder/rides.csv, or sftp://USER@HOST/~/rides.csv"
            " from the home folder.",
        )
    return place, path
