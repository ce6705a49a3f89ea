"""Limits how many requests of a kind run at once, in all and for each client."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from collections.abc import Iterator

_AGAIN = {"Retry-After": "1"}


class ReadSlots:
    """The slots for one kind of request, in one event loop."""

    def __init__(self, what: str, each: int, most: int | None = None) -> None:
        """`what`: what a client does, as in "may upload files". `most`: of all clients together."""
        self._what, self._each, self._most = what, each, most
        self._of_client: Counter[str] = Counter()

    @contextmanager
    def turn(self, client: str) -> Iterator[None]:
        """Takes a slot for the block. Raises HTTPException if all are taken."""
        if self._of_client[client] >= self._each:
            message = f"A client may {self._what} with at most {self._each} requests at a time."
            raise HTTPException(429, message, headers=_AGAIN)
        if self._most is not None and self._of_client.total() >= self._most:
            message = f"The service is busy: too many clients {self._what}. Try again in a moment."
            raise HTTPException(503, message, headers=_AGAIN)
        self._of_client[client] += 1
        try:
            yield
        finally:
            self._of_client[client] -= 1
            if not self._of_client[client]:
                del self._of_client[client]
