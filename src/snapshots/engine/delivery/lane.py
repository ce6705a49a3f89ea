"""One place for a request under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from snapshots._native import Shuttle

if TYPE_CHECKING:
    from snapshots._native import Credit, Hopper, Outbox
    from snapshots.engine.delivery.parcel import Parcel
    from snapshots.targets.http import Page


class Traffic(Protocol):
    """What all lanes of a delivery have in common."""

    @property
    def closed(self) -> bool:
        """No request may begin now."""

    def began(self) -> None:
        """A request is on its way."""

    def heard(self, parcel: Parcel) -> None:
        """An answer came that settles rows of a parcel."""

    def parcel_of(self, outbox: Outbox) -> Parcel:
        """Whose rows are under way."""

    def more(self) -> bool:
        """Whether there is another parcel to be sent, now that all of the last one was."""


class Lane:
    """The requests of one parcel after the other; see `targets.http.Lane`."""

    def __init__(self, traffic: Traffic, hopper: Hopper, credit: Credit) -> None:
        self._traffic = traffic
        self.shuttle = Shuttle(hopper, credit)
        self.request = b""

    @property
    def parcel(self) -> Parcel:
        """Whose rows are under way."""
        outbox = self.shuttle.outbox
        assert outbox is not None  # noqa: S101 - `next` gave a request
        return self._traffic.parcel_of(outbox)

    @property
    def start(self) -> int:
        """First of the rows under way."""
        return self.shuttle.start

    @property
    def page(self) -> Page:
        """See `targets.http.Lane`."""
        return self.parcel.page(self.shuttle.start, self.shuttle.end)

    def asked_before(self) -> bool:
        """An earlier run may have sent some of the rows under way, and has heard nothing."""
        outbox = self.shuttle.outbox
        return outbox is not None and outbox.was_asked(self.shuttle.start, self.shuttle.end)

    def delivered(self) -> None:
        """See `targets.http.Lane`."""
        self.shuttle.deliver()
        self._traffic.heard(self.parcel)

    def next(self) -> bytes | None:
        """See `targets.http.Lane`."""
        while not self._traffic.closed:
            request = self.shuttle.take()
            if request is not None:
                self._traffic.began()
                self.request = request
                return request
            if not self._traffic.more():
                return None
        return None
