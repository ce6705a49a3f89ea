"""Where the answer of an API says what became of each record of its request."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from snapshots.errors import UsageError
from snapshots.json_pointer import check


class ItemResults(Struct, frozen=True):
    """The JSON Pointers to the results. All but `items` are looked up in the result of a record.

    >>> ItemResults(items="/results", status="/code").items
    '/results'

    Raises UsageError if a text is no pointer, or nothing tells success from failure.
    """

    items: str
    """The array that has one result for each record, in their order."""
    wrapped: bool = False
    """Each result is the only member of an object, whatever its name is."""
    status: str | None = None
    """The HTTP status of the record."""
    success: str | None = None
    """What is equal to `success_value` if the record was taken."""
    success_value: Any = True
    error: str | None = None
    """Why the record was refused. None: the whole result says it."""
    code: str | None = None
    """What kind of refusal it is."""
    retry: tuple[str, ...] = ()
    """The kinds that pass: such a record is sent again."""
    conflicts: tuple[str, ...] = ()
    """The kinds that an earlier request may have caused, such as a duplicate. After a lost answer
    they reject nothing. Empty: every kind may be one."""

    def __post_init__(self) -> None:
        for name in ("items", "status", "success", "error", "code"):
            if (pointer := getattr(self, name)) is not None:
                check(pointer, f"results.{name}")
        if (self.status is None) == (self.success is None):
            raise UsageError(
                "either status or success says what became of a record",
                place="results",
                hint='Write status = "/code", or success = "/ok".',
            )
        if (self.retry or self.conflicts) and self.code is None:
            raise UsageError(
                "retry and conflicts need code", place="results", hint='Write code = "/error".'
            )


SALESFORCE: Final = ItemResults(
    items="",
    success="/success",
    error="/errors/0/message",
    code="/errors/0/statusCode",
    retry=("UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE"),
    conflicts=(
        *("DUPLICATE_VALUE", "DUPLICATES_DETECTED", "DUPLICATE_EXTERNAL_ID"),
        *("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"),
    ),
)
"""Of sObject Collections: an array of `id`, `success` and `errors`."""
ELASTICSEARCH: Final = ItemResults(items="/items", wrapped=True, status="/status", error="/error")
"""Of `_bulk`: each item is `{"index": {"status": 201, ...}}`, or has another action's name."""
