"""The settings of the service."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from msgspec import Struct, field

from snapshots.engine.plan.open_tables import OpenTables
from snapshots.errors import UsageError
from snapshots.sources.unpacked_limit import UnpackedLimit

if TYPE_CHECKING:
    from pathlib import Path

    from snapshots.ports import Target

BODY_BYTES = 1 << 20


class ServiceSettings(Struct, frozen=True):
    """The settings of one process that serves."""

    target: Target
    files: Path
    """The folder of uploads: nothing else of this machine can be imported."""
    queue_bound: int
    """The most imports that may wait."""
    rate_limit: float
    """Requests a second of one client; 0 for no limit."""
    max_upload: int
    """The most bytes of an uploaded file."""
    disk_floor: int
    """Bytes that must stay free on the disks of uploads and of a SQLite database."""
    tables: OpenTables = field(default_factory=OpenTables)
    """The tables that clients may reach, besides the ones that imports have created."""
    allowed: frozenset[str] = frozenset()
    """Hosts that URLs may name though they are not on the public internet."""
    unpacking: UnpackedLimit = field(default_factory=UnpackedLimit)
    """How large compressed input may become."""
    tokens: Path | None = None
    """The file of tokens; None: nobody needs one."""
    names: frozenset[str] | None = None
    """The names in the Host header that the service answers to; None: any."""
    max_body: int = BODY_BYTES
    """The most bytes of any other request."""

    def written_to(self) -> tuple[Path, ...]:
        """The folders of this machine that grow."""
        file = self.target.local_file
        return (self.files,) if file is None else (self.files, file.parent)


def require_apart(settings: ServiceSettings) -> None:
    """Raises UsageError if uploads could replace the database."""
    folders = [folder.resolve() for folder in settings.written_to()]
    if len(folders) > len(set(folders)):
        raise UsageError(
            f"the database is in the folder of uploads, {settings.files}",
            hint="name another folder with --files",
        )


def require_token(host: str, tokens: Path | None) -> None:
    """Raises UsageError if others can reach the service and it asks for no token."""
    if tokens is None and not is_loopback(host):
        raise UsageError(
            f"--host {host} is reachable from other machines, but the service requires no token",
            hint="create one with snapshots token NAME --tokens FILE, and add --tokens FILE",
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
