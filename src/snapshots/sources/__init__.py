"""Where bytes come from: local files and streams, compressed or not."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from snapshots.sources.files import FileSource, open_descriptor
from snapshots.sources.paths import expand, refuse_url
from snapshots.sources.streams import StreamSource

if TYPE_CHECKING:
    from snapshots.ports import Source

__all__ = ["expand", "open_source"]

_STDIN = 0


def open_source(name: str) -> Source:
    """The input of that name; `-` is standard input. InputError, saying why, if it is none."""
    if name == "-":
        return StreamSource(name, _STDIN, owned=False)
    refuse_url(name)
    fd = open_descriptor(name)
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return FileSource(name, fd)
    return StreamSource(name, fd, owned=True)
