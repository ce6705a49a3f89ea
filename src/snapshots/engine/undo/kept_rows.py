"""Lists the rows that undoing an import has left as they are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from snapshots.engine.undo.report import KeptRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.ledger.record import Ledger
    from snapshots.model import TableShape

_AT_ONCE = 1000
MOST_LISTED = 10_000
"""Rows that are listed; all of them are counted."""
MOST_SHOWN = 100
"""Rows of the list that a report has."""


def list_kept(
    ledger: Ledger, import_id: int, shape: TableShape, reasons: Sequence[tuple[str, str]]
) -> int:
    """Writes rows `t` of a table into the list of an import; returns how many there are.

    `reasons` has what stands behind FROM and a sentence for each kind. No row may be of two kinds.
    """
    dialect, session = ledger.target.dialect, ledger.session
    names = [column.name for column in shape.columns]
    values = ", ".join(dialect.as_text(f"t.{dialect.quote(name)}") for name in names)
    number = total = 0
    for source, reason in reasons:
        ((count,),) = session.execute(f"SELECT COUNT(*) FROM {source}")
        total += int(str(count))
        most = min(MOST_LISTED - number, int(str(count)))
        for start in range(0, most, _AT_ONCE):
            rows = session.execute(
                f"SELECT {values} FROM {source} ORDER BY 1"
                f"{dialect.limit(min(_AT_ONCE, most - start), start)}"
            )
            texts = [
                json.dumps(
                    {
                        name: value if value is None else _text(value)
                        for name, value in zip(names, row, strict=True)
                    },
                    ensure_ascii=False,
                )
                for row in rows
            ]
            session.executemany(
                "INSERT INTO snapshots_kept_rows (import_id, number, row_values, reason)"
                " VALUES (?, ?, ?, ?)",
                [(import_id, number + at, text, reason) for at, text in enumerate(texts, 1)],
            )
            number += len(texts)
    return total


def first_kept(ledger: Ledger, import_id: int) -> tuple[KeptRow, ...]:
    """Reads the beginning of the list of an import."""
    rows = ledger.session.execute(
        "SELECT row_values, reason FROM snapshots_kept_rows WHERE import_id = ? ORDER BY number"
        f"{ledger.target.dialect.limit(MOST_SHOWN)}",
        (import_id,),
    )
    return tuple(KeptRow(json.loads(str(values)), str(reason)) for values, reason in rows)


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
