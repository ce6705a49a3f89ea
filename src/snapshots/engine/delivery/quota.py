"""Counts the requests of a day in the ledger, before they are made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import urlsplit

from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.support.retry import DatabaseRetry
from snapshots.errors import SnapshotsError
from snapshots.ledger import quotas

if TYPE_CHECKING:
    from snapshots.ledger.record import Ledger
    from snapshots.ports import Target

T = TypeVar("T")
_AT_ONCE: Final = 1000
_SHARE: Final = 100


class DayQuota:
    """See `endpoints.http.quota.Quota`. A day begins at 00:00 UTC. For one thread.

    Requests are set aside by the hundredth part of a day's quota: a process that is killed has made
    that many fewer at most.
    """

    def __init__(self, home: Target, url: str, most: int) -> None:
        parts = urlsplit(url)
        self.most = most
        self._server = f"{parts.scheme}://{parts.netloc}".lower()
        self._session = LedgerSession(home, create=False)
        self._day = ""

    def set_aside(self) -> int:
        """See `Quota`. Raises what the ledger raises, once trying again does not help."""
        self._day = _now().date().isoformat()
        wanted = max(1, min(_AT_ONCE, self.most // _SHARE))
        return self._durably(
            lambda ledger: quotas.set_aside(ledger, self._server, self._day, wanted, self.most)
        )

    def give_back(self, requests: int) -> None:
        """See `Quota`."""
        self._durably(lambda ledger: quotas.give_back(ledger, self._server, self._day, requests))
        self._session.close()

    def seconds_left(self) -> float:
        """See `Quota`."""
        # Of the day that was asked about, which may have ended since.
        midnight = datetime.fromisoformat(self._day).replace(tzinfo=UTC) + timedelta(days=1)
        return max(0.0, (midnight - _now()).total_seconds())

    def _durably(self, step: Callable[[Ledger], T]) -> T:
        patience = DatabaseRetry(_go_on)
        while True:
            try:
                return step(self._session.renewed())
            except SnapshotsError as error:
                patience.bear(error, connected=True)
            patience.wait()


def _now() -> datetime:
    return datetime.now(UTC)


def _go_on() -> None:
    """Does not stop: what was heard is written even when the delivery is to stop."""
