"""Compares the rows of a block with what an API has confirmed, all of them in a few statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snapshots.ledger.destinations import SentRow
from snapshots.ledger.listed_rows import SAME, listed_rows, update_sent

if TYPE_CHECKING:
    from snapshots.ledger.history import History

_FIELDS = ("key_hash", "row_hash", "line", "number")
"""Of a text as `RowKeys.packed` gives it."""


def unlike(
    ledger: History, destination: int, import_id: int, packed: str, *, every: bool = False
) -> dict[int, SentRow | None]:
    """What is known of rows that a delivery has to look at, by their numbers; None: nothing is.

    Missing are those that the API has already, as long as no other line of the input has their
    key; `every`: none is missing.
    """
    rows = listed_rows(ledger.target.dialect, destination, _FIELDS)
    where = "" if every else f" WHERE t.key_hash IS NULL OR NOT ({_settled(import_id)})"
    found = ledger.session.execute(
        "SELECT s.number, t.version, t.sent_hash, t.row_hash, t.in_doubt, t.import_id, t.line"
        f" FROM ({rows}) AS s LEFT JOIN snapshots_sent_rows AS t"
        f" ON {SAME}{where}",
        (packed,),
    )
    known: dict[int, SentRow | None] = {}
    for number, version, sent_hash, row_hash, doubt, last, line in found:
        values: Any = (version, sent_hash, row_hash, bool(doubt), last, line)
        known[int(str(number))] = None if version is None else SentRow(*values)
    return known


def see_settled(ledger: History, destination: int, import_id: int, packed: str) -> None:
    """Notes in which line a delivery has seen the keys of rows that the API has already."""
    news = {"import_id": str(import_id), "line": "s.line"}
    seen = f"t.import_id = {import_id:d} AND t.line = s.line"
    where = f"{_settled(import_id)} AND NOT ({seen})"
    update_sent(ledger, destination, _FIELDS, packed, news, where)


def _settled(import_id: int) -> str:
    """A condition for a row that the API has, and that no other line of the input has."""
    return (
        "t.in_doubt = 0 AND COALESCE(t.row_hash, '') = s.row_hash"
        f" AND (t.import_id <> {import_id:d} OR t.line IN (0, s.line))"
    )
