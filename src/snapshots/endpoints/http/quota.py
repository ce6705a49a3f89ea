"""What a delivery must know of the requests that a day may have."""

from __future__ import annotations

from typing import Protocol


class Quota(Protocol):
    """Counts the requests of a day, for all deliveries to one server."""

    most: int
    """The requests of a day."""

    def set_aside(self) -> int:
        """Returns how many more requests may be made now; 0: the day has no more."""

    def give_back(self, requests: int) -> None:
        """Notes that so many of them were not made."""

    def seconds_left(self) -> float:
        """Returns the seconds until the day ends that `set_aside` was asked about."""
