"""Reads sftp: files of a server that is reached over SSH, through asyncssh.

Keys, known hosts and the settings of each host are those of the user's `ssh`: an agent, and
~/.ssh/config with its names, users, keys and hosts in between.
"""

from __future__ import annotations

import asyncio
import os
import stat
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from snapshots.errors import InputError, UsageError
from snapshots.redaction import shown
from snapshots.sources.base import empty
from snapshots.sources.compression import PIECE
from snapshots.sources.remote.access import TransientFailure
from snapshots.sources.remote.protocol import RemoteFacts, RemoteResponse
from snapshots.sources.remote.sftp_place import SftpPlace, parse
from snapshots.time_limits import CONNECT_SECONDS, STALL_SECONDS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from asyncssh import SFTPClient, SFTPClientFile, SSHClientConnection


class SftpServer:
    """A connection to a server, made when it is needed, and again after it broke. Thread-safe."""

    def __init__(self, place: SftpPlace) -> None:
        """Raises UsageError without the package."""
        try:
            import asyncssh
        except ImportError as error:
            raise UsageError(
                "The package for SFTP is not installed.",
                place=place.host,
                hint="Install it: pip install 'snapshots[sftp]'",
            ) from error
        self._ssh = asyncssh
        self._place = place
        self._connecting = asyncio.Lock()
        self._connection: SSHClientConnection | None = None
        self._client: SFTPClient | None = None
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="snapshots-sftp", daemon=True).start()

    def ask(self, what: Callable[[SFTPClient], Awaitable[Any]], name: str) -> Any:
        """What the server answers. Raises TransientFailure if another try may help, else
        InputError."""
        from snapshots.sources.remote.sftp_errors import translated

        try:
            return asyncio.run_coroutine_threadsafe(self._ask(what), self._loop).result()
        except InputError:
            raise
        except Exception as error:
            raise translated(error, self._place, shown(name)) from error

    def release(self, file: SFTPClientFile) -> None:
        """Closes a file, and does not wait for it. Never raises."""
        asyncio.run_coroutine_threadsafe(file.close(), self._loop)

    async def _ask(self, what: Callable[[SFTPClient], Awaitable[Any]]) -> Any:
        client = await self._connected()
        try:
            return await asyncio.wait_for(what(client), STALL_SECONDS)
        except (OSError, self._ssh.DisconnectError, self._ssh.SFTPConnectionLost):
            # A timeout is an OSError.
            self._leave()
            raise

    async def _connected(self) -> SFTPClient:
        async with self._connecting:
            if self._connection is not None and self._connection.is_closed():
                self._leave()
            if self._client is None:
                limits = {"connect_timeout": CONNECT_SECONDS, "login_timeout": STALL_SECONDS}
                self._connection = await self._ssh.connect(
                    self._place.host, **limits, **self._place.login
                )
                self._client = await self._connection.start_sftp_client()
            return self._client

    def _leave(self) -> None:
        if self._connection is not None:
            self._connection.abort()
        self._connection = self._client = None


def server(place: SftpPlace) -> SftpServer:
    """The server, and its connection for as long as this process lives."""
    return _server(place, os.getpid())


@lru_cache(maxsize=8)
def _server(place: SftpPlace, _process: int) -> SftpServer:
    """A child process cannot use its parent's connection."""
    return SftpServer(place)


class SftpRemote:
    """One file on a server. Every answer is a range."""

    def __init__(self, name: str) -> None:
        """`name` is `sftp://user@host:port/path`. Raises InputError and UsageError."""
        self._name = name
        place, self._path = parse(name)
        self._server = server(place)

    def get(self, start: int = 0, end: int | None = None) -> RemoteResponse:
        """See `protocol.Remote`."""
        file, facts = self._server.ask(self._open, self._name)
        if not facts.size:
            self._server.release(file)
            raise empty(shown(self._name))
        body = _Body(self._server, file, self._name, start, min(end or PIECE, facts.size))
        return RemoteResponse(facts, True, body)

    def expect(self, facts: RemoteFacts) -> None:
        """Does nothing: every answer says what it is about."""

    def close(self) -> None:
        """Does nothing: each question ends by itself after 30 s of silence."""

    async def _open(self, client: SFTPClient) -> tuple[SFTPClientFile, RemoteFacts]:
        about = await client.stat(self._path)
        if stat.S_ISDIR(about.permissions or 0):
            name = shown(self._name).rstrip("/")
            raise InputError(
                "This is a folder.",
                place=name,
                hint=f"Name its files with a pattern: '{name}/*.csv'",
            )
        file = await client.open(self._path, "rb")
        about = await file.stat()
        modified = None if about.mtime is None else int(about.mtime) * 1_000_000_000
        return file, RemoteFacts(about.size, None, modified)


class _Body:
    """A range of a file that is open on the server."""

    def __init__(
        self, server: SftpServer, file: SFTPClientFile, name: str, start: int, end: int
    ) -> None:
        self._server = server
        self._file = file
        self._name = name
        self._at = start
        self._end = end

    def __iter__(self) -> Iterator[bytes]:
        while self._at < self._end:
            piece: bytes = self._server.ask(self._read, self._name)
            if not piece:
                raise TransientFailure.of(
                    f"The file on the server ends {self._end - self._at} bytes early.",
                    shown(self._name),
                    "Try again.",
                )
            self._at += len(piece)
            yield piece

    async def _read(self, _: SFTPClient) -> bytes:
        return await self._file.read(min(PIECE, self._end - self._at), self._at)

    def close(self) -> None:
        """See `RemoteBody`."""
        self._server.release(self._file)


def files_of(pattern: str) -> list[str]:
    """The URLs of the files that match, sorted. Raises InputError if there is none."""
    from snapshots.sources.remote.sftp_errors import NoFile

    place, path = parse(pattern)

    async def found(client: SFTPClient) -> list[str]:
        names = await client.glob_sftpname([path])
        return sorted(
            str(one.filename) for one in names if not stat.S_ISDIR(one.attrs.permissions or 0)
        )

    try:
        names = server(place).ask(found, pattern)
    except NoFile:
        names = []
    if not names:
        raise InputError(
            "No file matches the pattern.",
            place=shown(pattern),
            hint="Check the folder. A * stands for no slash; write ** for folders.",
        )
    return [place.url(name) for name in names]
