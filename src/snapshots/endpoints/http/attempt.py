"""Keeps what has been done about some records so far; their verdicts are made from it."""

from __future__ import annotations

from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from snapshots.endpoints.http.page import RecordOutcome, RecordVerdict
from snapshots.retry import Retries


class Attempt(Struct):
    """The history of one request's records. It stays with them through retries, and in the halves
    of their page."""

    requests: int = 0
    ambiguous: int = 0
    asked_before: bool = False
    """An earlier run may have sent some of these records without an answer."""
    behind: bool = False
    """A gateway got no answer from the server behind it."""
    renewed: bool = False
    """The last answer refused who we are, and that was renewed."""
    retries: Retries | None = None
    """None until a request failed. Halves of a page share it, so that its time is not doubled."""
    narrowed: bool = False
    """The time for retries was shortened: the records are refused, and an earlier request may have
    delivered them."""

    @property
    def unsure(self) -> bool:
        """Whether the records were sent before, and may have been taken."""
        return self.ambiguous > 0 or self.asked_before or self.behind

    def half(self) -> Attempt:
        """Returns the attempt for one half of a page that was refused."""
        return replace(self)

    def delivered(self, status: int) -> RecordVerdict:
        """Returns the verdict of success. It is the same object for all that went well at once,
        which is nearly everything."""
        if self.requests > 1 or self.ambiguous:
            return self.verdict("delivered", status)
        return _at_once(status)

    def verdict(
        self, outcome: RecordOutcome, status: int | None = None, body: str = ""
    ) -> RecordVerdict:
        """Returns the verdict for one of the records."""
        # What a gateway has no answer to is trouble that passes, as a rule; where it does not, the
        # next run is to know that it may have been taken.
        lost = self.behind and outcome == "undeliverable"
        return RecordVerdict(outcome, status, body, self.requests, self.ambiguous or int(lost))


@cache
def _at_once(status: int) -> RecordVerdict:
    return RecordVerdict("delivered", status)
