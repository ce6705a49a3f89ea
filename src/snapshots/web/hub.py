"""Tells listeners which imports have changed."""

from __future__ import annotations

import asyncio
import traceback
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from anyio import to_thread

from snapshots.engine.history.progress import status
from snapshots.engine.support.fault_points import fault_point
from snapshots.errors import CannotConnect, SnapshotsError
from snapshots.web import schemas

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.ledger.history import History
    from snapshots.ports import Value
    from snapshots.web.session_pool import SessionPool

LOOK_SECONDS = 0.5
QUIET_SECONDS = 15.0
"""Seconds of silence before a comment tells proxies and clients that the connection still works."""
MOST_LISTENERS = 200
LATE = 1000
"""An import may be committed behind so many that were begun after it, and is told all the same."""
_AT_ONCE = 500


class Mailbox:
    """What one listener has not been sent yet: the last known state of each import.

    A slow listener misses states in between, and never fills the memory.
    """

    def __init__(self) -> None:
        self._letters: dict[int, schemas.Import] = {}
        self._something = asyncio.Event()
        self.opened = asyncio.Event()
        """Set once all further changes are put in."""

    def put(self, letters: dict[int, schemas.Import]) -> None:
        """Puts changes in. Call it from the loop's thread."""
        self._letters |= letters
        self._something.set()

    async def take(self) -> dict[int, schemas.Import]:
        """Waits a while for changes, and returns them; empty if there were none."""
        try:
            async with asyncio.timeout(QUIET_SECONDS):
                await self._something.wait()
        except TimeoutError:
            return {}
        self._something.clear()
        letters, self._letters = self._letters, {}
        return letters


class Hub:
    """Looks into the ledger while somebody listens, once for all listeners."""

    def __init__(self, pool: SessionPool) -> None:
        self._pool = pool
        self._listeners: set[Mailbox] = set()
        self._somebody = asyncio.Event()
        self._known: dict[int, tuple[Value, ...]] | None = None
        self._numbers: set[int] = set()
        """Of the newest imports, as far as they are in the ledger."""
        self.closed = False
        """Set by any thread to end all listening."""

    @contextmanager
    def listener(self) -> Iterator[Mailbox]:
        """Gives a mailbox for changes from now on."""
        mailbox = Mailbox()
        self._listeners.add(mailbox)
        self._somebody.set()
        try:
            yield mailbox
        finally:
            self._listeners.discard(mailbox)

    def admit(self) -> None:
        """Raises CannotConnect if too many listen already, or if no changes are sent any more."""
        if self.closed:
            raise CannotConnect("the service is shutting down", retryable=True)
        if len(self._listeners) >= MOST_LISTENERS:
            raise CannotConnect(
                f"{MOST_LISTENERS} clients are already following imports", retryable=True
            )

    async def run(self) -> None:
        """Runs until the hub is closed; then every listener ends."""
        while not self.closed:
            if self._listeners:
                await self._tell()
            else:
                self._known = None
            await self._pause()
        for mailbox in self._listeners:
            mailbox.opened.set()
            mailbox.put({})

    async def _tell(self) -> None:
        listeners = set(self._listeners)
        try:
            changed = await to_thread.run_sync(self._look)
        except SnapshotsError:
            # The database is away; what changes meanwhile is seen when it is back.
            return
        except Exception as error:
            # Whoever listens would wait for ever if this ended, and not know it.
            traceback.print_exception(error)
            return
        for mailbox in listeners:
            mailbox.opened.set()
            if changed:
                mailbox.put(changed)

    async def _pause(self) -> None:
        """Waits between two looks; less if somebody has just begun to listen."""
        self._somebody.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await self._somebody.wait()

    def _look(self) -> dict[int, schemas.Import]:
        """Returns the imports that run, and those that have changed. Runs on a thread."""
        fault_point("telling")
        with self._pool.ledger() as ledger:
            now = ledger.unsettled()
            newest = max(self._numbers, default=0) or ledger.newest()
            numbers = ledger.numbers_after(newest - LATE)
            if self._known is None:
                self._known, self._numbers = now, numbers
            changed = {one for one, known in now.items() if known[0] == "running"}
            changed |= {one for one in now | self._known if now.get(one) != self._known.get(one)}
            changed |= numbers - self._numbers
            self._known, self._numbers = now, numbers
            return _views(ledger, sorted(changed))


def _views(history: History, import_ids: list[int]) -> dict[int, schemas.Import]:
    found: dict[int, schemas.Import] = {}
    for at in range(0, len(import_ids), _AT_ONCE):
        for entry in history.entries_of(import_ids[at : at + _AT_ONCE]):
            if entry.kind == "import":
                found[entry.import_id] = schemas.shown(status(history, entry))
    return found
