"""What APIs have answered to the records of deliveries, of which one value each is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from msgspec import Struct

from snapshots.model import TableName

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snapshots.ledger.history import History
    from snapshots.ports import Session

SINCE: Final = 12
"""The first version of the ledger with this table."""
_TABLE: Final = TableName("snapshots_answers")
_COLUMNS = ("import_id", "line", "key_text", "answer")
_AT_ONCE: Final = 1000


class Answer(Struct, frozen=True):
    """What is kept of the answer to one record."""

    line: int
    """The line of the record in its input."""
    key: str | None
    """The key of the record as a JSON object; None: the delivery has no key."""
    answer: str
    """The value as JSON, such as `"001xx000003DGb2"`."""


def keep(session: Session, import_id: int, answers: Sequence[Answer]) -> None:
    """Writes answers. Call it in the transaction that writes down that the records were taken."""
    if answers:
        rows = [(import_id, one.line, one.key, one.answer) for one in answers]
        session.insert(_TABLE, _COLUMNS, rows)


def after(history: History, import_id: int, line: int, most: int = _AT_ONCE) -> list[Answer]:
    """Reads the first answers to records behind a line."""
    if not history.knows(SINCE):
        return []
    rows = history.session.execute(
        "SELECT line, key_text, answer FROM snapshots_answers WHERE import_id = ? AND line > ?"
        f" ORDER BY line{history.target.dialect.limit(most)}",
        (import_id, line),
    )
    return [Answer(*cast("tuple[int, str | None, str]", row)) for row in rows]


def every(history: History, import_id: int, most: int | None = None) -> Iterator[Answer]:
    """Reads the answers to a delivery in the order of its input, a page at a time."""
    line, left = -1, most
    while left is None or left > 0:
        page = after(history, import_id, line, _AT_ONCE if left is None else min(left, _AT_ONCE))
        if not page:
            return
        yield from page
        line = page[-1].line
        left = None if left is None else left - len(page)
