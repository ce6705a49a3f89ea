"""Makes the items of an iterator ahead, on a thread of their own."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct

from snapshots.engine.support import threads

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

T = TypeVar("T")


class _Item(Struct, Generic[T], frozen=True):
    value: T


class _End:
    """Says that no item follows."""


def prefetched(
    items: Iterator[T], depth: int = 2, *, wait: bool = True
) -> Generator[T, None, None]:
    """Yields the same items, of which at most `depth` are made before they are asked for.

    An error of `items` is raised where its item would have come. Closing the iterator, or
    dropping it, ends the thread. Without `wait`, the thread may end later: `items` may wait long.
    """
    maker = _Maker(items, depth)
    try:
        while not isinstance(made := maker.ready.get(), _End):
            if isinstance(made, BaseException):
                raise made
            yield made.value
    finally:
        maker.close(wait=wait)


class _Maker(Generic[T]):
    def __init__(self, items: Iterator[T], depth: int) -> None:
        self.ready: queue.Queue[_Item[T] | _End | BaseException] = queue.Queue(depth)
        self._items = items
        self._dropped = threading.Event()
        self._thread = threads.start("prefetch", self._make)

    def close(self, *, wait: bool) -> None:
        self._dropped.set()
        if wait:
            self._thread.join()

    def _make(self) -> None:
        try:
            for item in self._items:
                if not self._put(_Item(item)):
                    return
            self._put(_End())
        except BaseException as error:  # raised again where it is awaited
            self._put(error)

    def _put(self, made: _Item[T] | _End | BaseException) -> bool:
        while not self._dropped.is_set():
            try:
                self.ready.put(made, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False
