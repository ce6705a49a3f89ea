"""What to do about a file or folder that cannot be used: the advice fits what is really there."""

from __future__ import annotations

import errno
from pathlib import Path
from shlex import quote

_ADVICE = {
    errno.ENOENT: "Check its name.",
    errno.EACCES: "Let this user read it.",
    errno.EPERM: "Let this user read it.",
    errno.EISDIR: "It is a folder: name a file in it.",
    errno.ENOTDIR: "Check its name: a part of the path is a file, and no folder.",
    errno.ENAMETOOLONG: "Give it a shorter name.",
    errno.ENOSPC: "Free space on the disk.",
    errno.EROFS: "The disk is read-only: name a file on another.",
}

_TO_WRITE = dict.fromkeys((errno.EACCES, errno.EPERM), "Let this user write into its folder.")


def advice(error: OSError) -> str:
    """Returns what to do about a file that cannot be used."""
    return _ADVICE.get(error.errno or 0, "Check its name, and that this user may use it.")


def unwritable(path: Path, error: OSError) -> tuple[str, str]:
    """Returns what to say of a file that cannot be written, and what to do."""
    if error.errno in {errno.ENOENT, errno.ENOTDIR} and not path.parent.is_dir():
        why = f"the folder {path.parent} does not exist"
        return f"It cannot be written: {why}.", missing_folder(path.parent)
    hint = _TO_WRITE.get(error.errno or 0) or advice(error)
    return f"It cannot be written: {error.strerror}.", hint


def blocking_file(folder: Path | str) -> str | None:
    """Returns the file that has the name of the folder, or of one above it; None: there is none.

    Where there is one, the folder cannot be created.
    """
    path = Path(folder)
    for part in (path, *path.parents):
        try:
            if part.is_dir():
                return None
            if part.exists():
                return str(part)
        except OSError:
            continue
    return None


def missing_folder(folder: Path | str) -> str:
    """Returns what to do where a folder is wanted and there is none."""
    if blocked := blocking_file(folder):
        return f"{quote(blocked)} is a file: name a folder instead."
    return f"Create it: mkdir -p {quote(str(folder))}"
