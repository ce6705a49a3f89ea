"""Asks the ledger at each scrape, and does not wait for a database that does not answer."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from snapshots.engine.history.totals import states_of
from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.errors import SnapshotsError
from snapshots.time_limits import PROBE_SECONDS

if TYPE_CHECKING:
    from snapshots.ledger.totals import StateCounts
    from snapshots.locations import TargetSearch


class LedgerProbe:
    """One session with the database, kept from scrape to scrape. Thread-safe."""

    def __init__(self, database: TargetSearch) -> None:
        self._database = database
        self._ledger_session: LedgerSession | None = None
        self._lock = threading.Lock()
        self._asking: threading.Thread | None = None
        self._answer: StateCounts | None = None

    def ask(self) -> StateCounts | None:
        """Returns what the ledger says now; None if the database does not answer in time."""
        with self._lock:
            if self._asking is None or not self._asking.is_alive():
                self._answer = None
                # A thread that hangs in a connection must not keep the process from ending.
                self._asking = threading.Thread(
                    target=self._ask, name="snapshots-probe", daemon=True
                )
                self._asking.start()
            self._asking.join(PROBE_SECONDS)
            return None if self._asking.is_alive() else self._answer

    def _ask(self) -> None:
        try:
            if self._ledger_session is None:
                self._ledger_session = LedgerSession(self._database.target(), create=False)
            self._answer = states_of(self._ledger_session)
        except SnapshotsError:
            if self._ledger_session is not None:
                self._ledger_session.close()
