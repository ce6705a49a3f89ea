"""Starts `snapshots` without loading Python and the package again: forks of one loaded process.

    python -m tests.support.fork_server 3    # a socket's number; it ends with the socket

What begins is a process as any other, with its own folder, environment, input, output, signals and
exit code, and the child of whoever asks: its parent here ends at once, and the one who asks has
made itself the one to whom orphans go. tests/support/snapshots_process.py is the other side.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import json
import os
import pkgutil
import runpy
import signal
import socket
import struct
import sys
import threading
from contextlib import suppress
from pathlib import Path

SIZE = struct.Struct("!I")
LAZY = (
    "asyncio", "backports.zstd", "charset_normalizer", "encodings.idna", "multiprocessing",
    "psycopg", "psycopg_binary", "pymysql.cursors", "ssl",
    "uvicorn.lifespan.on", "uvicorn.logging", "uvicorn.protocols.http.httptools_impl", "uvloop",
    "watchdog.observers",
)  # fmt: skip
"""What the commands import when they use it, beside the modules of the package."""


def load() -> None:
    """Every module that a command may need."""
    package = importlib.import_module("snapshots")
    for found in pkgutil.walk_packages(package.__path__, "snapshots."):
        if not found.name.endswith(("__main__", "system.windows")):
            importlib.import_module(found.name)
    for name in LAZY:
        with suppress(ImportError):
            importlib.import_module(name)


def keep_what_was_measured() -> None:
    """What was gone through while modules were loaded; each fork begins to measure anew."""
    if "coverage" in sys.modules and (running := sys.modules["coverage"].Coverage.current()):
        running.stop()
        running.save()
        atexit.unregister(running._atexit)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def receive(channel: socket.socket) -> tuple[dict[str, object], list[int]] | None:
    """What is to be started, and its three files; None when nobody asks any more."""
    head, fds, _, _ = socket.recv_fds(channel, SIZE.size, 3)
    if not head:
        return None
    rest, data = SIZE.unpack(head)[0], b""
    while len(data) < rest:
        data += channel.recv(rest - len(data))
    return json.loads(data), fds


def become(wanted: dict[str, object], fds: list[int]) -> None:
    """Makes this process what an interpreter is that was started for it."""
    for number, fd in enumerate(fds):
        os.dup2(fd, number)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.chdir(wanted["folder"])
    os.environ.clear()
    os.environ.update(wanted["environment"])
    sys.argv = [sys.argv[0], *wanted["arguments"]]
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        as_was = getattr(sys, name)
        stream = io.TextIOWrapper(
            io.BufferedWriter(io.FileIO(number, "w", closefd=False)) if number
            else io.BufferedReader(io.FileIO(number, closefd=False)),
            as_was.encoding, as_was.errors, newline="\n" if number else None,
            line_buffering=number == 2 or os.isatty(number),
        )  # fmt: skip
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    # The one module that reads the environment when it is imported.
    importlib.reload(importlib.import_module("snapshots.engine.support.fault_points"))
    if "COVERAGE_PROCESS_CONFIG" in os.environ:
        importlib.import_module("coverage").process_startup(force=True)


def fork(channel: socket.socket, wanted: dict[str, object], fds: list[int]) -> bool:
    """Whether this is the new process; the one who asks is told its number."""
    between = os.fork()
    if between:
        os.waitpid(between, 0)
        channel.sendall(b".")  # it is an orphan by now, and has its new parent
        for fd in fds:
            os.close(fd)
        return False
    child = os.fork()
    if child:
        channel.sendall(SIZE.pack(child))
        os._exit(0)
    become(wanted, fds)
    return True


def serve(channel: socket.socket) -> bool:
    """Whether this is a new process; else nobody asks any more."""
    while (received := receive(channel)) is not None:
        if fork(channel, *received):
            return True
    return False


def leave(code: int) -> None:
    """Ends as an interpreter does, but for what it would give back to the system piece by piece:
    that takes longer than most commands. Where something goes wrong Python goes its own way."""
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(code & 0xFF)


if __name__ == "__main__":
    channel = socket.socket(fileno=int(sys.argv[1]))
    load()
    keep_what_was_measured()
    assert len(list(Path("/proc/self/task").iterdir())) == 1, "a fork has one thread only"
    gc.collect()
    gc.freeze()
    if serve(channel):
        channel.detach()
        try:
            runpy.run_module("snapshots", run_name="__main__", alter_sys=True)
        except SystemExit as end:
            # The counters of a kernel that has some are kept where a process ends by itself.
            if isinstance(end.code, int) and "LLVM_PROFILE_FILE" not in os.environ:
                with suppress(OSError, ValueError):
                    leave(end.code)
            raise
