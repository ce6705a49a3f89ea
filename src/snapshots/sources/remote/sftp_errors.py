"""Errors for what an SSH server refuses: each says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncssh as ssh

from snapshots.errors import InputError
from snapshots.sources.remote.access import TransientFailure
from snapshots.sources.remote.refusals import no_connection

if TYPE_CHECKING:
    from snapshots.sources.remote.sftp_place import SftpPlace


class NoFile(InputError):
    """There is no file of that name."""


def translated(error: Exception, server: SftpPlace, place: str) -> Exception:
    """The error to raise for what the library says; `place` is the URL as it may be shown."""
    if isinstance(error, ssh.HostKeyNotVerifiable):
        return InputError(
            "The server's host key is not known, or it has changed.",
            place=place,
            hint=f"Check the key, and accept it once with: {server.command}",
        )
    if isinstance(error, ssh.PermissionDenied):
        return InputError(
            "The server refuses the login.",
            place=place,
            hint=f"Check that this works without a question: {server.command}. The URL may have a"
            " password: sftp://USER:PASSWORD@HOST/...",
        )
    if isinstance(error, (ssh.ConfigParseError, ssh.KeyImportError, ssh.KeyEncryptionError)):
        return InputError(
            f"The settings of SSH cannot be used: {error}.",
            place=place,
            hint="Check ~/.ssh/config. Add a key with a passphrase to an agent: ssh-add",
        )
    return _of_the_file(error, place) or _of_the_network(error, place) or error


def _of_the_file(error: Exception, place: str) -> InputError | None:
    if isinstance(error, (ssh.SFTPNoSuchFile, ssh.SFTPNoSuchPath)):
        return NoFile(
            "The file does not exist.",
            place=place,
            hint="Check the path. From the home folder, it is sftp://HOST/~/FILE.",
        )
    if isinstance(error, ssh.SFTPPermissionDenied):
        return InputError(
            "The server denies access to the file.", place=place, hint="Check who may read it."
        )
    return None


def _of_the_network(error: Exception, place: str) -> InputError | None:
    if isinstance(error, OSError):
        return no_connection(error, place)
    if isinstance(error, ssh.Error):
        why = (error.reason or type(error).__name__).rstrip(".")
        return TransientFailure.of(f"The SSH server fails: {why}.", place, "Try again later.")
    return None
