"""Rows of a table of SQLite, compared with an input by type and value."""

# ruff: noqa: D102 - ports.StoredRows says what each method does

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from snapshots._native import SqliteError, SqliteRows
from snapshots.row_encoding import SQLITE_VALUES, RowEncoding
from snapshots.targets.sql.compared import NO_LINE, named
from snapshots.targets.sql.ddl import LINEAGE
from snapshots.targets.sqlite.errors import translate
from snapshots.targets.sqlite.quoting import quote
from snapshots.time_limits import WRITER_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from snapshots._native import Block
    from snapshots.model import TableShape
    from snapshots.ports import Session
    from snapshots.stored_rows import RowsCompared, RowSelection


class SqliteStoredRows:
    """Implements `stored_rows.StoredRows`: compares rows of a table with blocks of the input."""

    encoding: RowEncoding = SQLITE_VALUES

    def __init__(
        self, path: Path, session: Session, shape: TableShape, rows: RowSelection, shown: int
    ) -> None:
        there = {column.name: column for column in shape.columns}
        self._place = str(path)
        self._names = [column.name for column in rows.columns]
        modes, places = [], []
        for column in rows.columns:
            if column.name in rows.left_out:
                modes.append("ignored")
                continue
            like_number = there[column.name].wire == "numeric" or column.type.wire == "numeric"
            modes.append("like_number" if like_number else "text")
            places.append(quote(column.name))
        ((mode,),) = session.execute("PRAGMA journal_mode")
        self._blocks_writers = mode != "wal"
        first = NO_LINE if rows.line is None else rows.line
        with self._errors():
            self._rows = SqliteRows(
                self._place,
                _select(rows, places),
                rows.import_id,
                first,
                modes,
                shown,
                WRITER_SECONDS * 1000,
            )

    @property
    def blocks_writers(self) -> bool:
        return self._blocks_writers

    def compare(self, block: Block, refused: Sequence[int]) -> None:
        with self._errors():
            self._rows.compare(block, list(refused))

    def pass_by(self) -> None:
        with self._errors():
            self._rows.pass_by()

    def take(self) -> RowsCompared:
        return named(self._rows.take(), self._names)

    def cancel(self) -> None:
        with suppress(Exception):
            self._rows.interrupt()

    def close(self) -> None:
        self._rows.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except SqliteError as error:
            raise translate(error, place=self._place, loading=False) from error


def _select(rows: RowSelection, places: list[str]) -> str:
    import_id, line = map(quote, LINEAGE)
    columns = ", ".join((*places, f"CAST(COALESCE({line}, {NO_LINE}) AS INTEGER)"))
    return (
        f"SELECT {columns} FROM {quote(rows.table.name)}"
        f" WHERE {import_id} = ?1 AND COALESCE({line}, {NO_LINE}) >= ?2 ORDER BY {line}"
    )
