"""How many requests a server has got today, of all deliveries with one ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from snapshots.ledger.locks import number_of
from snapshots.ledger.rows import insert

if TYPE_CHECKING:
    from snapshots.ledger.record import Ledger
    from snapshots.ledger.rows import Row


def set_aside(ledger: Ledger, server: str, day: str, wanted: int, most: int) -> int:
    """Counts requests that are about to be made, and returns how many may be: at most `wanted`, and
    no more than `most` of all on that day. They count whether they are made or not.

    A day that is over is forgotten.
    """
    with ledger.writing(f"quota {server}"):
        number = number_of(f"quota {server}")
        known = ledger.session.execute(
            "SELECT day, requests FROM snapshots_quotas WHERE number = ?", (number,)
        )
        before = cast("int", known[0][1]) if known and known[0][0] == day else 0
        granted = max(0, min(wanted, most - before))
        row: Row = {"number": number, "server": server, "day": day, "requests": before + granted}
        changed = ("day", "requests")
        insert(
            ledger.session,
            "snapshots_quotas",
            row,
            on_conflict=ledger.target.dialect.or_update(("number",), changed),
        )
    return granted


def give_back(ledger: Ledger, server: str, day: str, requests: int) -> None:
    """Counts requests no more that were set aside on a day, and not made."""
    if requests:
        with ledger.writing(f"quota {server}"):
            ledger.session.execute(
                "UPDATE snapshots_quotas SET requests = requests - ? WHERE number = ? AND day = ?",
                (requests, number_of(f"quota {server}"), day),
            )
