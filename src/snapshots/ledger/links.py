"""Links to the rejects of one import, as the ledger stores them: of their secrets only the hash."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, cast

from msgspec import Struct

from snapshots.errors import Forbids
from snapshots.ledger import repairs
from snapshots.ledger.rows import insert

if TYPE_CHECKING:
    from snapshots.ledger.history import History
    from snapshots.ledger.record import Ledger

SINCE: Final = 10
"""The first version of the ledger with the table snapshots_links."""
MOST: Final = 100
"""Links of one import, with those that have ended."""


class RejectLink(Struct, frozen=True):
    """A link. Times are as the ledger writes them, by the clock of its database."""

    import_id: int
    number: int
    """Counts the links of the import."""
    digest: str
    """The SHA-256 of the secret, in hexadecimal."""
    made_at: str
    expires_at: str
    by_whom: str
    revoked_at: str | None
    state: str
    """`open`, `expired` or `revoked`."""


def of_import(history: History, import_id: int) -> list[RejectLink]:
    """Returns the links of an import, the newest first."""
    return _read(history, "import_id = ? ORDER BY number DESC", (import_id,))


def find(history: History, import_id: int, number: int) -> RejectLink | None:
    """Returns a link; None if there is none."""
    found = _read(history, "import_id = ? AND number = ?", (import_id, number))
    return found[0] if found else None


def add(ledger: Ledger, import_id: int, digest: str, valid: timedelta, by: str) -> int:
    """Adds a link; returns its number. Raises Forbids if the import has too many."""
    with ledger.session.transaction():
        # Who adds another one waits here.
        repairs.lock(ledger, import_id)
        ((newest, now),) = ledger.session.execute(
            f"SELECT COALESCE(MAX(number), 0), {ledger.now} FROM snapshots_links"
            " WHERE import_id = ?",
            (import_id,),
        )
        number = cast("int", newest) + 1
        if number > MOST:
            raise Forbids(
                f"import {import_id} has had {MOST} links, the most that it may have",
                hint="give people a file to correct instead: snapshots rejects --format fix.csv",
            )
        end = datetime.fromisoformat(str(now)) + valid
        insert(
            ledger.session,
            "snapshots_links",
            {
                "import_id": import_id,
                "number": number,
                "digest": digest,
                "made_at": now,
                "expires_at": end.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "by_whom": by,
            },
        )
    return number


def revoke(ledger: Ledger, import_id: int, number: int) -> bool:
    """Revokes a link, and tells whether it was open until now."""
    with ledger.session.transaction():
        changed = ledger.session.change(
            f"UPDATE snapshots_links SET revoked_at = {ledger.now}"
            f" WHERE import_id = ? AND number = ? AND revoked_at IS NULL"
            f" AND expires_at > {ledger.now}",
            (import_id, number),
        )
    return changed > 0


def _read(history: History, where: str, params: tuple[int, ...]) -> list[RejectLink]:
    if not history.knows(SINCE):
        return []
    rows = history.session.execute(
        "SELECT import_id, number, digest, made_at, expires_at, by_whom, revoked_at,"
        " CASE WHEN revoked_at IS NOT NULL THEN 'revoked'"
        f" WHEN expires_at <= {history.target.dialect.now} THEN 'expired' ELSE 'open' END"
        f" FROM snapshots_links WHERE {where}",
        params,
    )
    return [
        RejectLink(*row)
        for row in cast("list[tuple[int, int, str, str, str, str, str | None, str]]", rows)
    ]
