"""What sync needs of the place that it watches: a local folder, or a folder of an object store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal


@dataclass(frozen=True, slots=True)
class FolderFile:
    """A file or an object as it was at the time of the look."""

    path: str
    size: int
    mtime_ns: int
    inode: int | None = None
    ctime_ns: int = field(default=0, compare=False)
    """The time of the last change of its content or its rights. A change of rights alone makes no
    other file of it."""
    etag: str | None = None
    """Of an object: its strong ETag, as `Identity` has it."""


class FolderLook(Struct, frozen=True):
    """What one look has found."""

    files: dict[str, FolderFile] = msgspec.field(default_factory=dict)
    """The files to import, by their paths."""
    ignored: dict[str, str] = msgspec.field(default_factory=dict)
    """The others, and why they are ignored."""


class FolderHint(Struct, frozen=True):
    """A file has changed. With `look`, a folder has changed, and nobody knows how."""

    kind: Literal["created", "changed", "closed", "look"]
    path: str


class Reports(Protocol):
    """Reports of changes as they happen, from a thread of their own."""

    def lost(self) -> bool:
        """Whether another folder has taken the place of the watched one: it was removed and made
        again, or something was mounted there."""

    def folder_replaced(self) -> bool:
        """Whether the path of the watched folder leads to another folder now, or to none."""

    def renew(self) -> None:
        """Watches the folder that is there now. Raises InputError."""

    def end(self) -> None:
        """Ends the watching. May be called again."""


class Watched(Protocol):
    """A place whose files are imported as they arrive."""

    @property
    def path(self) -> str:
        """Its name: a path from the root, or a URL."""

    @property
    def remote(self) -> bool:
        """Whether a server has it: a look takes long, and what it finds is whole."""

    def reports(self, tell: Callable[[FolderHint], None]) -> Reports | None:
        """Begins to report changes of its inputs; None: nobody tells of them. Raises InputError if
        the system cannot do it."""

    def look(self) -> FolderLook:
        """Looks at all of it. Raises InputError."""

    def now(self, path: str) -> FolderFile | None:
        """One of its files as it is now; None if it is gone. Raises InputError if that cannot be
        known."""
