"""A slot is the place of one request that is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from snapshots._native import RequestStream

if TYPE_CHECKING:
    from snapshots._native import Credit, CurrentOutbox, Outbox
    from snapshots.endpoints.http import RecordPage
    from snapshots.engine.delivery.parcel import Parcel


class DeliveryTraffic(Protocol):
    """What all slots of a delivery share."""

    @property
    def closed(self) -> bool:
        """Whether no request may begin now."""

    def began(self) -> None:
        """Notes that a request is on its way."""

    def heard(self, parcel: Parcel) -> None:
        """Notes that an answer came which settles rows of a parcel."""

    def parcel_of(self, outbox: Outbox) -> Parcel:
        """Finds the parcel whose rows are under way."""

    def more(self) -> bool:
        """Tells whether there is another parcel to be sent, now that all of the last one was."""


class RequestSlot:
    """Makes the requests of one parcel after the other. See `endpoints.http.RequestSource`."""

    def __init__(self, traffic: DeliveryTraffic, current: CurrentOutbox, credit: Credit) -> None:
        self._traffic = traffic
        self.request_stream = RequestStream(current, credit)
        self.request = b""

    @property
    def parcel(self) -> Parcel:
        """The parcel whose rows are under way."""
        outbox = self.request_stream.outbox
        assert outbox is not None  # noqa: S101 - `next` gave a request
        return self._traffic.parcel_of(outbox)

    @property
    def start(self) -> int:
        """The first of the rows under way."""
        return self.request_stream.start

    @property
    def page(self) -> RecordPage:
        """See `endpoints.http.RequestSource`."""
        return self.parcel.page(self.request_stream.start, self.request_stream.end)

    def asked_before(self) -> bool:
        """Tells whether an earlier run may have sent some of the rows under way, unanswered."""
        outbox = self.request_stream.outbox
        return outbox is not None and outbox.was_asked(
            self.request_stream.start, self.request_stream.end
        )

    def delivered(self) -> None:
        """See `endpoints.http.RequestSource`."""
        self.request_stream.deliver()
        self._traffic.heard(self.parcel)

    def next(self) -> bytes | None:
        """See `endpoints.http.RequestSource`."""
        while not self._traffic.closed:
            request = self.request_stream.take()
            if request is not None:
                self._traffic.began()
                self.request = request
                return request
            if not self._traffic.more():
                return None
        return None
