"""Tells whether some process still writes a file, as far as the system knows."""

from __future__ import annotations

import errno
import os
import sys


def being_written(path: str) -> bool | None:
    """Returns whether anybody has the file open for writing; None if that cannot be known.

    Linux grants a read lease only on a file that nobody can write to at the moment. The lease is
    asked for and given back. Only the file's owner may ask, and few network file systems know
    leases. A process that asks must ignore SIGIO, by which the system wants a lease back.
    """
    if sys.platform != "linux":
        return None
    import fcntl

    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return True if error.errno == errno.EAGAIN else None
    finally:
        os.close(fd)
    return False
