"""Small disks, which are full or read-only when a test wants it."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

_PAGE = 4096


class Disk:
    """A file system of its own, in memory, on a folder that is there."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder = folder
        self._filler = folder / "filler"
        _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0777", "tmpfs", str(folder))

    def __enter__(self) -> Disk:
        return self

    def __exit__(self, *_: object) -> None:
        _run("umount", "--lazy", str(self.folder))

    def fill(self) -> None:
        """Takes all the room that is left, while others may be writing."""
        with self._filler.open("ab") as file:
            size, step = 0, shutil.disk_usage(self.folder).free
            while step >= _PAGE:
                try:
                    os.posix_fallocate(file.fileno(), size, step)
                    size += step
                except OSError:
                    step //= 2

    def free(self) -> None:
        """Gives it back."""
        self._filler.unlink()

    def forbid_writing(self) -> None:
        """As a disk is after an error, or when it was mounted so. Nobody may have a file open."""
        _run("mount", "-o", "remount,ro", str(self.folder))

    def allow_writing(self) -> None:
        _run("mount", "-o", "remount,rw", str(self.folder))


@functools.cache
def may_mount() -> bool:
    """Whether this user, or sudo without asking, may mount a file system here."""
    folder = Path(tempfile.mkdtemp())
    try:
        with Disk(folder, 1):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False
    finally:
        folder.rmdir()


def _run(*command: str) -> None:
    as_root = command if os.getuid() == 0 else ("sudo", "-n", *command)
    subprocess.run(as_root, check=True, stderr=subprocess.DEVNULL)
