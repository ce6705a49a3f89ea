"""Sources of bytes: local files, streams and URLs, compressed or not, and members of archives."""

from __future__ import annotations

import os
import stat
from contextlib import closing
from glob import has_magic
from typing import TYPE_CHECKING, cast

from snapshots import inner_names
from snapshots.errors import InputChanged, InputError
from snapshots.redaction import authority, scheme_of, shown
from snapshots.sources import paths
from snapshots.sources.base import StoredSource
from snapshots.sources.files import FileSource, open_descriptor
from snapshots.sources.names import require_text
from snapshots.sources.remote.access import RemoteAccess
from snapshots.sources.remote.urls import HTTP, SFTP, STORES
from snapshots.sources.streams import StreamSource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from snapshots.ports import Identity, Source
    from snapshots.sources.remote.protocol import Remote

__all__ = ["expand", "open_again", "open_plain", "open_source", "shown", "within"]

_STDIN = 0
_FREE = RemoteAccess()


def open_source(
    name: str, access: RemoteAccess = _FREE, sized: Callable[[int], None] = lambda _: None
) -> Source:
    """Opens the input of that name; `-` is standard input.

    `sized` is called with the size of a URL's object as soon as the server says it, which may be
    long before the first bytes are here. Raises InputError, saying why, if it cannot be read.
    """
    require_text(name)
    file, inner = (name, "") if _is_there(name) else inner_names.split(name)
    source = _open(file, access, sized)
    if isinstance(source, StoredSource) and source.is_container:
        # Only who reads archives pays for it.
        from snapshots.sources.containers.opening import open_inner

        return open_inner(cast("FileSource", source), inner, access.unpacking)
    if inner:
        source.close()
        raise InputError(
            f"This is not an archive, so that it has no member {inner!r}.",
            place=source.identity.name,
            hint="Name the file alone.",
        )
    return source


def open_plain(name: str, access: RemoteAccess = _FREE) -> FileSource | None:
    """Opens a local file that is an input itself; None if the name means something else, or the
    file holds inputs. Raises InputError if it cannot be read."""
    if name == "-" or scheme_of(name) is not None:
        return None
    source = _open(name, access, lambda _: None)
    if isinstance(source, FileSource) and not source.is_container:
        return source
    source.close()
    return None


def expand(arguments: Sequence[str], access: RemoteAccess = _FREE) -> list[str]:
    """The inputs that arguments stand for, each once, in order.

    A folder stands for its files with names of CSV files, compressed or not. A pattern that the
    shell has left alone stands for the files that it matches, an archive for its members, `-` for
    standard input, and any other URL for itself.

    Raises InputError for an argument that stands for nothing, and UsageError for an empty one.
    """
    names: list[str] = []
    for name in paths.expand(arguments):
        names += within(name, access)
    return list(dict.fromkeys(names))


def within(name: str, access: RemoteAccess = _FREE) -> list[str]:
    """The inputs of an archive, or those that fit the pattern behind the archive's name; of any
    other input its own name. Raises InputError if there is none."""
    file, inner = (name, "") if _is_there(name) else inner_names.split(name)
    if not inner and not inner_names.is_archive(file):
        return [name]
    if inner and not has_magic(inner):
        return [name]
    with closing(_open(file, access, lambda _: None)) as source:
        if not (isinstance(source, StoredSource) and source.is_container):
            return [name]
        from snapshots.sources.containers.opening import inner_inputs

        found = inner_inputs(cast("FileSource", source), inner, access.unpacking)
    return [inner_names.joined(file, one) for one in found] or [name]


def _is_there(name: str) -> bool:
    return scheme_of(name) is None and os.path.lexists(name)


def _open(name: str, access: RemoteAccess, sized: Callable[[int], None]) -> Source:
    """Opens a file, a stream or a URL as it is."""
    scheme = scheme_of(name)
    if scheme is not None:
        return _open_url(name, scheme, access, sized)
    access.policy.check_input("file", name)
    if name == "-":
        return StreamSource(name, _STDIN, owned=False)
    fd = open_descriptor(name)
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return FileSource(name, fd, access.unpacking)
    return StreamSource(name, fd, owned=True)


def open_again(known: Identity, access: RemoteAccess = _FREE) -> Source:
    """Opens an input that another process, maybe on another host, has opened; its bytes are not
    compressed, and `seekable`. Nothing of a URL is fetched: its first answer is compared.

    Raises InputError if it cannot be read here, InputChanged if this is another input.
    """
    scheme = scheme_of(known.name)
    if scheme is not None:
        return _open_url(known.name, scheme, access, lambda _: None, known)
    source = open_source(known.name, access)
    now = source.identity
    if (now.size, now.fingerprint) != (known.size, known.fingerprint):
        source.close()
        raise InputChanged(
            "this host has another file of this name",
            place=known.name,
            hint="Every host needs the same file under the same path.",
        )
    return source


def _open_url(
    name: str,
    scheme: str,
    access: RemoteAccess,
    sized: Callable[[int], None],
    known: Identity | None = None,
) -> Source:
    # Only who reads URLs pays for TLS and all that.
    from snapshots.sources.remote.source import UrlSource

    access.policy.check_input(scheme, authority(name))
    remote: Remote
    if scheme in HTTP:
        from snapshots.sources.remote.http import HttpRemote

        remote = HttpRemote(name, access)
    elif scheme == SFTP:
        from snapshots.sources.remote.sftp import SftpRemote

        remote = SftpRemote(name)
    elif scheme in STORES:
        from snapshots.sources.remote.stores import StoreRemote

        return UrlSource(name, StoreRemote(name), access, sized, known)
    else:
        raise InputError(
            f"{scheme}:// cannot be read.",
            place=shown(name),
            hint="Download it and import the file, or pipe it in: ... | snapshots import -",
        )
    source = UrlSource(shown(name), remote, access, sized, known)
    source.hides_secret = shown(name) != name
    return source
