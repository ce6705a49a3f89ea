"""Parcels wait here to be sent. A thread of their own packs a few of them ahead, and no more."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from snapshots.engine.support import threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from snapshots.engine.delivery.parcel import Parcel

MOST_READY = 4
"""Parcels in memory: packed, or on their way."""
MOST_COMPARED = 16
"""The same where most rows are not sent, so that parcels are soon done."""
_TICK_SECONDS = 0.1


class ParcelQueue:
    """A queue of parcels. Make it in the event loop that takes them."""

    def __init__(
        self, parcels: Iterable[Parcel], ended: Callable[[], bool], most: int = MOST_READY
    ) -> None:
        """`most`: parcels in memory."""
        self._loop = asyncio.get_running_loop()
        self._parcels = parcels
        self._ended = ended
        self._ready: deque[Parcel | BaseException | None] = deque()
        self._come = asyncio.Event()
        self._slots = threading.Semaphore(most)
        self._over = False
        # It may hang in a read that nobody can end, of a terminal for instance.
        threads.start("reader", self._pack)

    async def take(self) -> Parcel | None:
        """Takes the next parcel; None where there are no more. Raises what reading raises."""
        while not self._over and not self._ended():
            if not self._ready:
                self._come.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._come.wait(), _TICK_SECONDS)
                continue
            made = self._ready.popleft()
            self._over = made is None or isinstance(made, BaseException)
            if isinstance(made, BaseException):
                raise made
            return made
        return None

    def done(self) -> None:
        """Makes room for another parcel, now that one has left the memory."""
        self._slots.release()

    def _pack(self) -> None:
        try:
            for parcel in self._parcels:
                self._put(parcel)
                if not self._wait_for_slot():
                    return
            self._put(None)
        except BaseException as error:  # raised again where it is awaited
            self._put(error)

    def _wait_for_slot(self) -> bool:
        while not self._ended():
            if self._slots.acquire(timeout=_TICK_SECONDS):
                return True
        return False

    def _put(self, made: Parcel | BaseException | None) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._arrived, made)

    def _arrived(self, made: Parcel | BaseException | None) -> None:
        self._ready.append(made)
        self._come.set()
