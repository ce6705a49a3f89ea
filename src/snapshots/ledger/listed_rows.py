"""Rows of one destination as a single parameter, so that one statement serves all of them.

A statement for each row would be a round trip for each, and a plan.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from snapshots.ledger.history import History
    from snapshots.sql_dialect import SqlDialect

SAME: Final = "t.destination = s.destination AND t.key_hash = s.key_hash"
"""Whether a row `t` of `snapshots_sent_rows` has the key of a listed row `s`."""
_TEXTS: Final = {"key_hash": 32, "row_hash": 32, "sent_hash": 32}
_NUMBERS: Final = {"line": 20, "version": 20, "number": 8, "in_doubt": 1}
_ANY_NUMBER: Final = 10**9


def listed_rows(dialect: SqlDialect, destination: int, fields: Sequence[str]) -> str:
    """A query for rows that are the texts of a JSON array, its parameter: the named fields, one
    after the other, each of its fixed width. The last one may be shorter.

    The limit keeps planners from looking inside. They know that few rows have a destination and a
    key, but not how few have a destination: they would compare each row with all of them.
    """
    parts, start = [f"{destination:d} AS destination"], 1
    for name in fields:
        width = _TEXTS.get(name) or _NUMBERS[name]
        text = f"SUBSTR(v, {start}, {width})"
        parts.append(f"{text if name in _TEXTS else dialect.as_integer(text)} AS {name}")
        start += width
    return f"SELECT {', '.join(parts)} FROM ({dialect.listed}) AS texts{dialect.limit(_ANY_NUMBER)}"


def packed(rows: Iterable[Sequence[str | int]], fields: Sequence[str]) -> str:
    """The parameter of `listed_rows`."""
    widths = [_NUMBERS.get(name, 0) for name in fields]
    return json.dumps(
        [
            "".join(str(one).zfill(width) for one, width in zip(row, widths, strict=True))
            for row in rows
        ]
    )


def update_sent(
    ledger: History,
    destination: int,
    fields: Sequence[str],
    rows: str,
    news: Mapping[str, str],
    where: str = "1 = 1",
) -> None:
    """Changes the rows of `snapshots_sent_rows` whose keys are listed in `rows`, which `packed`
    gives. `news`: an expression for each column, in which `s` is the listed row."""
    dialect = ledger.target.dialect
    stage = f"({listed_rows(dialect, destination, fields)})"
    changes = {dialect.quote(name): value for name, value in news.items()}
    statement = dialect.update_matching("snapshots_sent_rows", stage, SAME, changes, where)
    ledger.session.execute(statement, (rows,))
