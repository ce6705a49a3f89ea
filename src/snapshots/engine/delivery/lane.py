"""One place for a request under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from snapshots._native import Shuttle

if TYPE_CHECKING:
    from snapshots._native import Credit
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

    def after(self, parcel: Parcel) -> Parcel | None:
        """The one to be sent when all of this one was, if it is there already."""


class Lane:
    """The requests of one parcel after the other; see `targets.http.Lane`."""

    def __init__(self, traffic: Traffic, parcel: Parcel, credit: Credit) -> None:
        self._traffic = traffic
        self._shuttle = Shuttle(parcel.outbox, credit)
        self.parcel = parcel
        self.request = b""
        self.onward = self._shuttle.onward

    @property
    def start(self) -> int:
        """First of the rows under way."""
        return self._shuttle.start

    @property
    def page(self) -> Page:
        """See `targets.http.Lane`."""
        return self.parcel.page(self._shuttle.start, self._shuttle.end)

    def delivered(self) -> None:
        """See `targets.http.Lane`."""
        self._shuttle.deliver()
        self._traffic.heard(self.parcel)

    def next(self) -> bytes | None:
        """See `targets.http.Lane`."""
        while not self._traffic.closed:
            request = self._shuttle.take()
            if request is not None:
                self._traffic.began()
                self.request = request
                return request
            following = self._traffic.after(self.parcel)
            if following is None:
                return None
            self.parcel = following
            self._shuttle.move_to(following.outbox)
        return None
