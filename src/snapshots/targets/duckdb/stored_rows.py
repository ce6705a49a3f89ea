"""Rows of a table of DuckDB, compared with an input by DuckDB itself.

The rows of a block are joined with the table's by their lines, and only what differs is fetched.
"""

# ruff: noqa: D102 - ports.StoredRows says what each method does

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal

import duckdb

from snapshots._native import ArrowRows
from snapshots.row_encoding import ARROW_ROWS, RowEncoding
from snapshots.stored_rows import RowDifference, RowsCompared
from snapshots.targets.duckdb.dialect import DIALECT
from snapshots.targets.duckdb.errors import translate
from snapshots.targets.duckdb.quoting import quote
from snapshots.targets.sql.compared import NO_LINE
from snapshots.targets.sql.ddl import LINEAGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from snapshots._native import Block
    from snapshots.model import TableColumn, TableShape
    from snapshots.stored_rows import RowSelection

_SHOWN_CHARACTERS = 200


class DuckdbStoredRows:
    """Implements `stored_rows.StoredRows`: compares rows of a table with blocks of the input."""

    encoding: RowEncoding = ARROW_ROWS
    blocks_writers = False

    def __init__(self, path: Path, shape: TableShape, rows: RowSelection, shown: int) -> None:
        there = {column.name: column for column in shape.columns}
        self._place = str(path)
        self._names = [column.name for column in rows.columns]
        self._compared = [
            (at, there[column.name])
            for at, column in enumerate(rows.columns)
            if column.name not in rows.left_out
        ]
        self._from = NO_LINE if rows.line is None else rows.line
        import_id, line = map(quote, LINEAGE)
        self._line = f"COALESCE({line}, {NO_LINE})"
        self._rows = f"{rows.table.sql(quote)} WHERE {import_id} = {rows.import_id:d}"
        self._shown = shown
        self._counts = [0, 0, 0, 0]
        """Equal, changed, missing, more: as in `RowsCompared`."""
        self._by_column: Counter[str] = Counter()
        self._differences: list[RowDifference] = []
        with self._errors():
            self._connection = duckdb.connect(self._place)
            # One snapshot, until it is closed.
            self._connection.execute("SET TimeZone = 'UTC'; BEGIN TRANSACTION")

    def compare(self, block: Block, refused: Sequence[int]) -> None:
        line = f"c{len(self._names) + 1}"
        given = f"SELECT * FROM snapshots_rows WHERE {line} NOT IN ({_listed(refused)})"
        until = f" AND {self._line} < {block.line:d}"
        if block.loaded:
            self._compare(given, line, until, block)
        else:
            self._more(until)
        self._from = max(self._from, block.line)

    def _compare(self, given: str, line: str, until: str, block: Block) -> None:
        """Joins the rows of a block with those of the table. Of rows of one line, which only a
        table has, one is compared."""
        differ = [_differs(at, column) for at, column in self._compared]
        flags = "".join(f", {one} AS f{at}" for at, one in enumerate(differ))
        texts = "".join(
            f", {_text(f'e.c{at}')}, {_text(f't.{quote(column.name)}')}"
            for at, column in self._compared
        )
        pairs = (
            f" FROM ({given}) AS e FULL JOIN (SELECT *, {self._line} AS snapshots_line,"
            f" row_number() OVER (PARTITION BY {self._line}) AS snapshots_nth FROM {self._rows}"
            f" AND {self._line} >= {self._from:d}{until}) AS t"
            f" ON t.snapshots_line = e.{line} AND t.snapshots_nth = 1"
        )
        differs = " OR ".join(f"f{at}" for at in range(len(differ))) or "FALSE"
        sums = "".join(f", COUNT(*) FILTER (both_there AND f{at})" for at in range(len(differ)))
        counts = self._fetch(
            f"SELECT COUNT(*) FILTER (both_there AND NOT ({differs})),"
            f" COUNT(*) FILTER (both_there AND ({differs})),"
            f" COUNT(*) FILTER (theirs IS NULL), COUNT(*) FILTER (mine IS NULL){sums} FROM ("
            f"SELECT e.{line} AS mine, t.snapshots_line AS theirs,"
            f" mine IS NOT NULL AND theirs IS NOT NULL AS both_there{flags}{pairs})",
            block,
        )[0]
        for at, count in enumerate(counts[:4]):
            self._counts[at] += count
        for (at, _), count in zip(self._compared, counts[4:], strict=True):
            self._by_column[self._names[at]] += count
        left = self._shown - len(self._differences)
        if left <= 0 or not any(counts[1:4]):
            return
        found = self._fetch(
            f"SELECT e.{line} AS mine, t.snapshots_line AS theirs{flags}{texts}{pairs}"
            f" WHERE mine IS NULL OR theirs IS NULL OR {differs}"
            f" ORDER BY COALESCE(theirs, mine) LIMIT {left:d}",
            block,
        )
        for mine, theirs, *rest in found:
            flagged, shown = rest[: len(differ)], rest[len(differ) :]
            if mine is None or theirs is None:
                kind: Literal["missing", "more"] = "missing" if theirs is None else "more"
                self._keep(RowDifference(kind, theirs if mine is None else mine, None, None, None))
                continue
            for nth, (at, _) in enumerate(self._compared):
                if flagged[nth]:
                    texts_of = shown[2 * nth : 2 * nth + 2]
                    self._keep(RowDifference("changed", mine, self._names[at], *texts_of))

    def pass_by(self) -> None:
        self._more("")

    def _more(self, until: str) -> None:
        rows = f"FROM {self._rows} AND {self._line} >= {self._from:d}{until}"
        ((count,),) = self._fetch(f"SELECT COUNT(*) {rows}")
        self._counts[3] += count
        left = self._shown - len(self._differences)
        if count and left > 0:
            found = self._fetch(f"SELECT {self._line} {rows} ORDER BY 1 LIMIT {left:d}")
            for (line,) in found:
                self._keep(RowDifference("more", line, None, None, None))

    def _keep(self, difference: RowDifference) -> None:
        if len(self._differences) < self._shown:
            self._differences.append(difference)

    def take(self) -> RowsCompared:
        equal, changed, missing, more = self._counts
        by_column = {name: count for name, count in self._by_column.items() if count}
        taken = RowsCompared(equal, changed, missing, more, 0, by_column, tuple(self._differences))
        self._counts = [0, 0, 0, 0]
        self._by_column.clear()
        self._differences.clear()
        return taken

    def cancel(self) -> None:
        with suppress(Exception):
            self._connection.interrupt()

    def close(self) -> None:
        with suppress(Exception):
            self._connection.close()

    def _fetch(self, sql: str, block: Block | None = None) -> list[tuple[Any, ...]]:
        snapshots_rows = None if block is None else ArrowRows(block, iter(()))  # noqa: F841 - DuckDB looks it up by this name
        with self._errors():
            return self._connection.execute(sql).fetchall()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except duckdb.Error as error:
            raise translate(error, place=self._place, loading=False) from error


def _differs(at: int, column: TableColumn) -> str:
    """The condition that a value of the input is stored as another one."""
    mine = f"CAST(e.c{at} AS {column.sql_type})"
    return f"NOT ({DIALECT.alike(column, mine, f't.{quote(column.name)}')})"


def _text(expression: str) -> str:
    return f"left(CAST({expression} AS VARCHAR), {_SHOWN_CHARACTERS})"


def _listed(lines: Sequence[int]) -> str:
    """Lines for NOT IN. No record has the line 0."""
    return ", ".join(map(str, lines)) or "0"
