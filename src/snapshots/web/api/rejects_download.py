"""Sends rejects as a download, page by page: no session is held while a client reads slowly."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from snapshots.plain import plain
from snapshots.screen_text import plain_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from snapshots.model import Reject
    from snapshots.web.session_pool import SessionPool

JSON_LINES = "application/jsonl"
CSV = "text/csv"
_PAGE = 200
"""Rejects that are read at a time; each has up to 64 KiB of its record."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A spreadsheet takes a cell that begins so for a formula, or looks at what comes next."""
_HEAD = ("line", "byte_offset", "column", "code", "reason", "raw")


def lines(
    pool: SessionPool,
    import_id: int,
    form: str,
    *,
    escape_formulas: bool,
    code: str | None,
    after: int,
    limit: int | None,
) -> Iterator[str]:
    """Yields the rejects past a byte of the input, as pieces of text.

    `escape_formulas`, which is for CSV alone, keeps spreadsheets from reading a cell as a formula.
    """
    cells = _escaped_cells if escape_formulas else _cells
    if form == "csv":
        yield _csv([_HEAD])
    left = limit
    while left is None or left > 0:
        most = _PAGE if left is None else min(left, _PAGE)
        with pool.ledger() as ledger:
            page = ledger.rejects_after(import_id, after, () if code is None else (code,), most)
        if not page:
            return
        yield _csv(map(cells, page)) if form == "csv" else "".join(map(_json, page))
        after = page[-1].byte_offset
        left = None if left is None else left - len(page)


def _json(reject: Reject) -> str:
    line = json.dumps({**plain(reject), "raw": _text(reject)}, ensure_ascii=False)
    return plain_json(line) + "\n"


def _cells(reject: Reject) -> tuple[object, ...]:
    return (
        reject.line, reject.byte_offset, reject.column, reject.code, reject.reason, _text(reject),
    )  # fmt: skip


def _escaped_cells(reject: Reject) -> tuple[object, ...]:
    """Returns the cells. An apostrophe precedes each text that looks like a formula."""
    return tuple(
        f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
        for cell in _cells(reject)
    )


def _csv(rows: Iterable[tuple[object, ...]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _text(reject: Reject) -> str:
    """Returns the record's bytes as text, or in hexadecimal if they are no UTF-8."""
    return reject.raw.decode("utf-8", "backslashreplace")
