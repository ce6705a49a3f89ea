"""Processes of this Python that answer over a socket, and end with this process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from snapshots import system
from snapshots.errors import ClusterGone, SnapshotsError, out_of_memory

if TYPE_CHECKING:
    from collections.abc import Callable


class Child:
    """A process that runs a module; its argument is the number of its end of the socket."""

    def __init__(self, module: str, *, quiet: bool = False) -> None:
        """`quiet`: what it prints is for nobody. Raises ClusterGone if no process can be
        started."""
        mine, its = socket.socketpair()
        with its:
            self._process = start(module, its.fileno(), quiet=quiet)
        self.connection = Connection(mine.detach())

    def end(self) -> int:
        """Kills it if it lives; returns its exit code."""
        self.connection.close()
        self._process.kill()
        return self._process.wait()


def start(module: str, descriptor: int, *, quiet: bool = False) -> subprocess.Popen[bytes]:
    """Starts a process that has that end of a socket. Raises ClusterGone."""
    # Its own session: Ctrl-C in the terminal is for the driver.
    numbers, passing = system.inherited(descriptor)
    try:
        return subprocess.Popen(  # noqa: S603 - this Python, and a number
            [sys.executable, "-m", module, *numbers],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if quiet else None,
            stderr=subprocess.DEVNULL if quiet else None,
            start_new_session=True,
            env={**os.environ, "PYTHONSAFEPATH": "1"},
            **passing,
        )
    except OSError as error:
        raise ClusterGone(f"no process can be started: {error.strerror}") from error


def answer(
    driver: Connection, find: Callable[[Any], Callable[..., Any]], until: str | None = None
) -> None:
    """Answers the requests of the driver: each is a word and arguments, and `find` has what to call
    for the word. Returns when the driver has closed its end, or died, or `until` was asked."""
    with suppress(EOFError, OSError):
        while True:
            word, args = driver.recv()
            driver.send(_outcome(find(word), args))
            if word == until:
                return


def _outcome(work: Callable[..., Any], args: tuple[Any, ...]) -> tuple[bool, Any]:
    try:
        return True, work(*args)
    except MemoryError:
        return False, out_of_memory()
    except SnapshotsError as error:
        return False, error
    except Exception as error:  # a defect: the driver shows it
        return False, RuntimeError(f"{type(error).__name__}: {error}")
