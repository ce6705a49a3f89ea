"""Linux, macOS and other systems of the Unix kind."""

import errno
import fcntl
import os
import resource
import signal
import socket
import stat
import sys
import termios
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from zlib import crc32

assert sys.platform != "win32"  # noqa: S101 - so that mypy knows it, too

RENAMES_OPEN_FILES: Final = True
"""Whether a file that is open can be renamed or removed."""
SHARES_SOCKETS: Final = True
"""Whether a new process can be given a socket."""

# Files.


READ_WHILE_WRITTEN: Final = True
"""Whether a file can be read at places while another thread writes it."""


def read_at(descriptor: int, size: int, offset: int) -> bytes:
    """Reads from a place, in any thread; may give fewer bytes. Raises OSError."""
    return os.pread(descriptor, size, offset)


def write_at(descriptor: int, data: memoryview, offset: int) -> int:
    """Writes to a place, in any thread; returns how many bytes it took. Raises OSError."""
    return os.pwrite(descriptor, data, offset)


def open_bytes(path: str | Path, flags: int, mode: int = 0o666) -> int:
    """Opens a file whose bytes are read and written as they are. Raises OSError."""
    return os.open(path, flags, mode)


def open_no_link(path: Path, flags: int) -> int:
    """Opens a file, unless its name is that of a link, and never waits. Raises OSError."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def lock(descriptor: int) -> None:
    """Locks an open file for this process until it is closed.

    Raises BlockingIOError if another has locked it, and OSError if the file system has no locks.
    """
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def remove_unlocked(path: Path) -> bool:
    """Removes a regular file. Raises OSError, also if a process has locked it."""
    handle = open_no_link(path, os.O_RDWR)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return False
        lock(handle)
        path.unlink()
        return True
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Writes the names in a folder to the disk. Raises OSError."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some file systems know no such thing
            raise
    finally:
        os.close(opened)


def being_written(path: str) -> bool | None:
    """Returns whether anybody has the file open for writing; None if that cannot be known.

    Linux grants a read lease only on a file that nobody can write to at the moment. The lease is
    asked for and given back. Only the file's owner may ask, and few network file systems know
    leases. A process that asks must call `ignore_lease_breaks` first.
    """
    if sys.platform != "linux":
        return None
    try:
        opened = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.fcntl(opened, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(opened, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return True if error.errno == errno.EAGAIN else None
    finally:
        os.close(opened)
    return False


def ignore_lease_breaks() -> None:
    """Keeps this process alive when the system wants a lease back."""
    signal.signal(signal.SIGIO, signal.SIG_IGN)


def private_folder(name: str) -> Path:
    """A folder for temporary files that only this user can enter. Raises OSError."""
    import tempfile

    folder = Path(tempfile.gettempdir()) / f"{name}-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077 or folder.is_symlink():
        raise OSError("the folder belongs to somebody else")
    return folder


# Files and sockets that the kernel, or another process, is given.


def handle_of(descriptor: int) -> int:
    """The number by which the kernel knows an open file."""
    return descriptor


def inherited(*descriptors: int) -> tuple[list[str], dict[str, Any]]:
    """The numbers by which a new process knows open files, and arguments for Popen."""
    return [str(one) for one in descriptors], {"pass_fds": descriptors}


def open_inherited(number: str, flags: int) -> int:
    """The descriptor, in a new process, of an open file."""
    del flags
    return int(number)


def unsent(connection: socket.socket) -> int:
    """How many bytes the system holds that the other side has not taken; 0 if it does not say."""
    there = bytes(4)
    with suppress(OSError):
        there = fcntl.ioctl(connection, termios.TIOCOUTQ, there)
    return int.from_bytes(there, sys.byteorder)


def send_datagram(address: str, data: bytes) -> None:
    """Sends to a socket that has a path, or the name of an abstract one. Raises OSError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.connect(address)
        out.sendall(data)


# Limits of this process.


def most_descriptors(wanted: int) -> int:
    """Returns how many files and connections this process may have open, `wanted` at most. Asks for
    so many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            return wanted
    return soft


def limit_work(memory: int, file_bytes: int, cpu_seconds: int) -> None:
    """Limits what this process may take from now on."""
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)  # noqa: PLW2901
        resource.setrlimit(what, (most, hard))


# Processes and users.


def process_table() -> str:
    """What tells this process table from all others: the boot of the kernel and the namespace of
    the process ids. Empty where the system does not say. Linux only."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        namespace = os.stat("/proc/self/ns/pid").st_ino  # noqa: PTH116
    except OSError:
        return ""
    return f"{crc32(f'{boot} {namespace}'.encode()):08x}"


def process_exists(pid: int) -> bool:
    """Whether there is a process of that number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def process_started(pid: int) -> str:
    """Returns the start time in clock ticks since boot: it tells a reused pid apart. Linux only."""
    try:
        found = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return "0"
    fields = found.rpartition(")")[2].split()
    # A process that is dead and not yet waited for is in the table, and does nothing any more.
    return "dead" if fields[0] in "ZX" else fields[19]


def c_function(name: str) -> Any:
    """A function of the C library; None if it has none of that name."""
    import ctypes

    return getattr(ctypes.CDLL(None), name, None)


def user_id() -> str:
    """The number of the user, who may have no name."""
    return str(os.getuid())


def die() -> None:
    """Ends this process as by kill -9."""
    os.kill(os.getpid(), signal.SIGKILL)


def freeze() -> None:
    """Stops this process until it gets SIGCONT."""
    # Sent to the process, another thread might take it, and this one go on for a while.
    signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
