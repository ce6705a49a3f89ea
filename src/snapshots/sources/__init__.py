"""Sources of bytes: local files, streams and URLs, compressed or not."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from snapshots.errors import InputError
from snapshots.redaction import authority, scheme_of, shown
from snapshots.sources.files import FileSource, open_descriptor
from snapshots.sources.names import require_text
from snapshots.sources.paths import expand
from snapshots.sources.remote.access import RemoteAccess
from snapshots.sources.remote.urls import HTTP, STORES
from snapshots.sources.streams import StreamSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.ports import Source

__all__ = ["expand", "open_source", "shown"]

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


def _open_url(name: str, scheme: str, access: RemoteAccess, sized: Callable[[int], None]) -> Source:
    # Only who reads URLs pays for TLS and all that.
    from snapshots.sources.remote.source import UrlSource

    access.policy.check_input(scheme, authority(name))
    if scheme in HTTP:
        from snapshots.sources.remote.http import HttpRemote

        return UrlSource(shown(name), HttpRemote(name, access), access, sized)
    if scheme in STORES:
        from snapshots.sources.remote.stores import StoreRemote

        return UrlSource(name, StoreRemote(name), access, sized)
    raise InputError(
        f"{scheme}:// cannot be read.",
        place=shown(name),
        hint="Download it and import the file, or pipe it in: ... | snapshots import -",
    )
