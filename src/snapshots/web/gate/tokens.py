"""Creates tokens for clients, keeps their hashes in a file, and recognises them.

A token is 256 random bits, which nobody guesses. A plain hash is therefore as good as a slow one.
"""

from __future__ import annotations

import base64
import hmac
import os
import re
import secrets
from hashlib import sha256
from shlex import quote
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from msgspec import Struct

from snapshots import system
from snapshots.errors import UsageError
from snapshots.file_hints import advice, unwritable

if TYPE_CHECKING:
    from pathlib import Path

Scope: TypeAlias = Literal["read", "write"]
"""What a token allows; `write` may do what `read` may."""

_PREFIX = "snapshots_"
_LINE = re.compile(r"(?P<name>[\w.@-]{1,60}) (?P<scope>read|write) sha256:(?P<digest>[0-9a-f]{64})")
_NAME = re.compile(r"[\w.@-]{1,60}")


class Token(Struct, frozen=True):
    """What is known of a token, which is never stored itself."""

    name: str
    scope: Scope
    digest: str


class Tokens:
    """The tokens of a file. One that is added or removed there counts from the next request on."""

    def __init__(self, path: Path) -> None:
        """Raises UsageError if there are none, or if the file cannot be read."""
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._tokens: tuple[Token, ...] = ()
        if not self._read():
            raise UsageError(
                f"{path} has no token",
                hint=f"create one: snapshots token NAME --tokens {quote(str(path))}",
            )

    def find(self, given: str) -> Token | None:
        """Returns the token that matches, or None. It compares with all of them, in constant
        time."""
        digest = _digest(given)
        found = None
        try:
            known = self._read()
        except UsageError:
            # Whoever took the file away wants nobody in.
            return None
        for token in known:
            if hmac.compare_digest(token.digest, digest):
                found = token
        return found

    def _read(self) -> tuple[Token, ...]:
        try:
            status = self._path.stat()
            seen = (status.st_ino, status.st_size, status.st_mtime_ns)
            if seen != self._seen:
                self._tokens = _parse(self._path.read_text("utf-8-sig"), self._path)
                self._seen = seen
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                f"cannot read the tokens in {self._path}: {error}",
                hint=_remedy(self._path, error),
            ) from error
        return self._tokens


def _remedy(path: Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"create one: snapshots token NAME --tokens {quote(str(path))}"
    return advice(error) if isinstance(error, OSError) else "snapshots token writes such a file"


def create(path: Path, name: str, scope: Scope) -> str:
    """Creates a token, adds its hash to the file, and returns it. It is not shown again."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is not a valid name of a token", hint="Use letters, digits and . _ - @"
        )
    known = _parse(path.read_text("utf-8-sig"), path) if path.exists() else ()
    if any(one.name == name for one in known):
        raise UsageError(
            f"{path} already has a token {name}", hint="delete its line, or choose another name"
        )
    token = _PREFIX + secrets.token_urlsafe(32)
    try:
        handle = system.open_bytes(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{name} {scope} sha256:{_digest(token)}\n")
    except OSError as error:
        what, hint = unwritable(path, error)
        raise UsageError(what, place=str(path), hint=hint) from error
    return token


def presented(authorization: str) -> str:
    """Returns the token in an Authorization header: that of Bearer, or the password of Basic."""
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest.strip()).decode("utf-8").partition(":")[2]
        except ValueError:  # no Base64, or not of text
            return ""
    return ""


def _parse(text: str, path: Path) -> tuple[Token, ...]:
    lines = [line.strip() for line in text.splitlines()]
    tokens = []
    for number, line in enumerate(lines, 1):
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise UsageError(
                f"line {number} of {path} is not a valid token",
                hint="Each line must be NAME read|write sha256:HASH, as snapshots token writes it.",
            )
        tokens.append(Token(match["name"], cast("Scope", match["scope"]), match["digest"]))
    return tuple(tokens)


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
