"""Windows. What it has in a weaker form, or not at all, is said here."""

import ctypes
import errno
import msvcrt
import os
import signal
import socket
import subprocess
import sys
import threading
from ctypes import wintypes
from pathlib import Path
from typing import Any, Final

assert sys.platform == "win32"  # noqa: S101 - so that mypy knows it, too

RENAMES_OPEN_FILES: Final = False
"""Whether a file that is open can be renamed or removed."""
SHARES_SOCKETS: Final = False
"""Whether a new process can be given a socket."""

_BEHIND: Final = 1 << 30
"""The upper half of a place that no file reaches: nobody can read or write what is locked."""
_QUERY: Final = 0x1000
_STILL_ACTIVE: Final = 259
_ACCESS_DENIED: Final = 5
_LOCK_VIOLATION: Final = 33
_moving = threading.Lock()
_kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
_kernel32.OpenProcess.restype = wintypes.HANDLE
_kernel32.OpenProcess.argtypes = [wintypes.DWORD, wintypes.BOOL, wintypes.DWORD]
_kernel32.LockFile.argtypes = [wintypes.HANDLE, *4 * [wintypes.DWORD]]
_kernel32.CloseHandle.argtypes = [wintypes.HANDLE]
_kernel32.GetExitCodeProcess.argtypes = [wintypes.HANDLE, ctypes.POINTER(wintypes.DWORD)]
_kernel32.GetProcessTimes.argtypes = [wintypes.HANDLE, *4 * [ctypes.POINTER(ctypes.c_uint64)]]

# Files.


READ_WHILE_WRITTEN: Final = False
"""Whether a file can be read at places while another thread writes it: here, reading moves the
place at which the others write."""


def read_at(descriptor: int, size: int, offset: int) -> bytes:
    """Reads from a place, in any thread; may give fewer bytes. Raises OSError."""
    with _moving:
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.read(descriptor, size)


def write_at(descriptor: int, data: memoryview, offset: int) -> int:
    """Writes to a place, in any thread; returns how many bytes it took. Raises OSError."""
    with _moving:
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.write(descriptor, data)


def open_bytes(path: str | Path, flags: int, mode: int = 0o666) -> int:
    """Opens a file whose bytes are read and written as they are. Raises OSError."""
    return os.open(path, flags | os.O_BINARY, mode)


def open_no_link(path: Path, flags: int) -> int:
    """Opens a file, unless its name is that of a link. Raises OSError.

    Weaker than on Unix: a link that is made between look and opening is followed.
    """
    if path.is_symlink():
        raise OSError(errno.ELOOP, "it is a link", str(path))
    return open_bytes(path, flags)


def lock(descriptor: int) -> None:
    """Locks an open file for this process until it is closed.

    Raises BlockingIOError if another has locked it, and OSError if the file system has no locks.
    """
    if not _kernel32.LockFile(msvcrt.get_osfhandle(descriptor), 0, _BEHIND, 1, 0):
        code = ctypes.get_last_error()
        if code == _LOCK_VIOLATION:
            raise BlockingIOError(errno.EAGAIN, "another process has locked it")
        raise ctypes.WinError(code)


def remove_unlocked(path: Path) -> bool:
    """Removes a regular file. Raises OSError, also if a process has it open."""
    path.unlink()
    return True


def sync_folder(folder: Path) -> None:
    """Does nothing: NTFS keeps a journal of the names in a folder, and cannot be told to write."""
    del folder


def being_written(path: str) -> bool | None:
    """Returns None: it cannot be known."""
    del path
    return None


def ignore_lease_breaks() -> None:
    """Does nothing: there are no leases."""


def private_folder(name: str) -> Path:
    """A folder for temporary files. Only this user can enter the one that it is in. Raises
    OSError."""
    import tempfile

    folder = Path(tempfile.gettempdir()) / name
    folder.mkdir(exist_ok=True)
    return folder


# Files and sockets that the kernel, or another process, is given.


def handle_of(descriptor: int) -> int:
    """The number by which the kernel knows an open file."""
    return msvcrt.get_osfhandle(descriptor)


def inherited(*descriptors: int) -> tuple[list[str], dict[str, Any]]:
    """The numbers by which a new process knows open files, and arguments for Popen."""
    handles = [msvcrt.get_osfhandle(one) for one in descriptors]
    for handle in handles:
        os.set_handle_inheritable(handle, True)
    startup = subprocess.STARTUPINFO(lpAttributeList={"handle_list": handles})
    return [str(one) for one in handles], {"startupinfo": startup}


def open_inherited(number: str, flags: int) -> int:
    """The descriptor, in a new process, of an open file."""
    return msvcrt.open_osfhandle(int(number), flags | os.O_BINARY)


def unsent(connection: socket.socket) -> int:
    """Returns 0: the system does not say what the other side has not taken."""
    del connection
    return 0


def send_datagram(address: str, data: bytes) -> None:
    """Does nothing: there is no systemd."""
    del address, data


# Limits of this process.


def most_descriptors(wanted: int) -> int:
    """Returns `wanted`: connections are no file descriptors, and have no limit of their own."""
    return wanted


def limit_work(memory: int, file_bytes: int, cpu_seconds: int) -> None:
    """Does nothing: a workbook that needs too much memory is ended by the system alone."""
    del memory, file_bytes, cpu_seconds


# Processes and users.


def process_table() -> str:
    """Returns nothing: a host has one process table."""
    return ""


def process_exists(pid: int) -> bool:
    """Whether there is a process of that number."""
    return process_started(pid) != "dead"


def process_started(pid: int) -> str:
    """Returns when it started: it tells a reused pid apart. `0`: this user may not know."""
    process = _kernel32.OpenProcess(_QUERY, False, pid)
    if not process:
        return "0" if ctypes.get_last_error() == _ACCESS_DENIED else "dead"
    try:
        code, times = wintypes.DWORD(), [ctypes.c_uint64() for _ in range(4)]
        _kernel32.GetExitCodeProcess(process, ctypes.byref(code))
        _kernel32.GetProcessTimes(process, *map(ctypes.byref, times))
    finally:
        _kernel32.CloseHandle(process)
    return str(times[0].value) if code.value == _STILL_ACTIVE else "dead"


def c_function(name: str) -> Any:
    """Returns None: Windows has several C libraries, each with a memory of its own."""
    del name
    return None


def user_id() -> str:
    """A word for the user, who has no name."""
    return "user"


def die() -> None:
    """Ends this process at once."""
    os.kill(os.getpid(), signal.SIGTERM)


def freeze() -> None:
    """Raises OSError: no process can be stopped."""
    raise OSError("Windows cannot stop a process for a while")
