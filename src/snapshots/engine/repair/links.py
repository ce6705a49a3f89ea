"""Makes links with which somebody who has no token corrects the rejects of one import.

The secret of a link is 256 random bits, which nobody guesses. A plain hash is therefore as good as
a slow one.
"""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from snapshots.engine.repair import allowed
from snapshots.errors import UsageError
from snapshots.ledger import links
from snapshots.plain import plain

if TYPE_CHECKING:
    from snapshots.ledger.history import History
    from snapshots.ledger.links import RejectLink
    from snapshots.ledger.record import Ledger

PREFIX: Final = "snapshots_link_"
"""How the token of a link begins. No other token begins so."""
LONGEST: Final = timedelta(days=90)
DEFAULT: Final = timedelta(days=7)
_TOKEN: Final = re.compile(
    PREFIX + r"(?P<import>[0-9]{1,18})_(?P<number>[0-9]{1,9})_(?P<secret>[\w-]{43})", re.ASCII
)
_NONE: Final = "0" * 64
"""A digest that no secret has, as far as anybody knows."""


class NewLink(Struct, frozen=True):
    """A link that was just made. Its token is not shown again."""

    import_id: int
    number: int
    token: str
    expires_at: str

    @property
    def path(self) -> str:
        """The address of its page, without the service's own."""
        return f"/shared/{self.token}"

    def to_object(self) -> dict[str, Any]:
        """The link as JSON has it."""
        return {**plain(self), "path": self.path}


def share(ledger: Ledger, import_id: int, valid: timedelta, by: str) -> NewLink:
    """Makes a link to the rejects of a finished import.

    Raises UsageError if it is to be valid for too long, NoSuchImport, or Forbids if the rejects
    cannot be corrected.
    """
    if not timedelta(0) < valid <= LONGEST:
        raise UsageError(
            f"a link is valid for at most {LONGEST.days} days",
            hint="make another one when it has expired",
        )
    allowed.require_replayable(ledger, allowed.find(ledger, import_id))
    secret = secrets.token_urlsafe(32)
    number = links.add(ledger, import_id, _digest(secret), valid, by)
    made = links.find(ledger, import_id, number)
    assert made is not None  # noqa: S101 - for the type checker
    return NewLink(import_id, number, f"{PREFIX}{import_id}_{number}_{secret}", made.expires_at)


def known(history: History, token: str) -> RejectLink | None:
    """Returns the open link that a token is of; None if there is none. The secret is compared in
    constant time."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        return None
    found = links.find(history, int(match["import"]), int(match["number"]))
    digest = _digest(match["secret"])
    same = hmac.compare_digest(_NONE if found is None else found.digest, digest)
    return found if found is not None and same and found.state == "open" else None


def revoke(ledger: Ledger, import_id: int, number: int | None) -> int:
    """Revokes one link of an import, or all that are open; returns how many.

    Raises NoSuchImport, and UsageError if it has no such link.
    """
    allowed.find(ledger, import_id)
    there = links.of_import(ledger, import_id)
    wanted = [one for one in there if number is None or one.number == number]
    if number is not None and not wanted:
        raise UsageError(
            f"import {import_id} has no link {number}",
            hint=f"see its links with snapshots share {import_id} --list",
        )
    return sum(links.revoke(ledger, import_id, one.number) for one in wanted)


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
