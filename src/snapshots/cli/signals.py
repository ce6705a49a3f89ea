"""Ctrl-C and SIGTERM: an import that has begun is asked to stop; all else ends at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from msgspec import Struct, field

from snapshots.engine.events import Event, Failed, ImportResult, Listener, Opened, Started
from snapshots.time_limits import STOP_SECONDS


class Stop(Struct):
    """Whether a signal has come, and what it means for the imports that run."""

    event: threading.Event = field(default_factory=threading.Event)
    code: int | None = None
    """The exit code for the signal, 130 or 143; None: no signal has come."""
    threads: set[int] = field(default_factory=set)
    """Those in which an import is at work."""

    @property
    def loading(self) -> bool:
        """Whether chunks are being loaded, which must be committed or rolled back first."""
        return bool(self.threads)

    def begin(self) -> None:
        """Notes that this thread loads from now on."""
        self.threads.add(threading.get_ident())

    def listen(self, listener: Listener) -> Listener:
        """A listener that also notes here when an import begins and ends."""

        def both(event: Event) -> None:
            # All events of one import come from one thread.
            if isinstance(event, Started) or (isinstance(event, Opened) and event.loaded):
                self.begin()
            elif isinstance(event, ImportResult | Failed):
                self.threads.discard(threading.get_ident())
            listener(event)

        return both


@contextmanager
def stopping() -> Iterator[Stop]:
    """Within the block, signals set the event of `Stop`; afterwards the old handlers return.

    A second signal, or one while nothing is being loaded, raises SystemExit.
    """
    stop = Stop()

    def handle(number: int, _frame: FrameType | None) -> None:
        again = stop.event.is_set()
        stop.code = 128 + number
        stop.event.set()
        if again or not stop.loading:
            raise SystemExit(stop.code)

    with _handled_by(handle):
        yield stop


@contextmanager
def stopped_by(stop: Callable[[], None]) -> Iterator[set[int]]:
    """Within the block, a signal calls `stop`; gives the set of signals that have come.

    A second signal ends the process, and so do STOP_SECONDS after the first one: a silent
    database or collector must not hold up the end. The next start resumes what was not committed,
    as after a kill -9.
    """
    came: set[int] = set()

    def handle(number: int, _frame: FrameType | None) -> None:
        if came:
            raise SystemExit(128 + number)
        came.add(number)
        at_the_latest = threading.Timer(STOP_SECONDS, os._exit, (ended_by(came),))
        at_the_latest.daemon = True
        at_the_latest.start()
        stop()

    with _handled_by(handle):
        yield came


def ended_by(came: set[int]) -> int:
    """The exit code of a service that was stopped: 0 after SIGTERM, 130 after Ctrl-C."""
    return 128 + signal.SIGINT if signal.SIGINT in came else 0


@contextmanager
def _handled_by(handle: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    wanted = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, handle) for number in wanted]
    try:
        yield
    finally:
        for number, handler in zip(wanted, before, strict=True):
            signal.signal(number, handler)
