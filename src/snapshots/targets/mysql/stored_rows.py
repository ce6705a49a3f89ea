"""Rows of a table of MySQL or MariaDB, compared with an input by the text protocol.

Both sides are texts. The kernel writes those of LOAD DATA, whichever way the rows were loaded. The
server's texts are read by the type of the column. A 32-bit float is selected as a double, because
the server would show only six digits of it.
"""

# ruff: noqa: D102 - ports.StoredRows says what each method does

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pymysql.err import raise_mysql_exception

from snapshots._native import StreamedRows
from snapshots.errors import ConnectionLost, RefusedRows
from snapshots.row_encoding import TEXT, RowEncoding
from snapshots.targets.mysql.quoting import quote
from snapshots.targets.sql.compared import NO_LINE, named
from snapshots.targets.sql.ddl import LINEAGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots._native import Block
    from snapshots.model import Column, TableColumn, TableShape
    from snapshots.ports import Session
    from snapshots.stored_rows import RowsCompared, RowSelection
    from snapshots.targets.mysql.session import MysqlSession

_SNAPSHOT = (
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    # Between two pieces the server waits for the input.
    "SET SESSION net_write_timeout = 86400",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
)
_CAST = re.compile(r"(inet4|inet6)\b")
"""Types of which texts are read as values by the server alone."""
_REAL_BITS = 32


class MysqlStoredRows:
    """Implements `stored_rows.StoredRows`: compares rows of a table with blocks of the input."""

    encoding: RowEncoding = TEXT

    def __init__(
        self,
        session: MysqlSession,
        asked: Session,
        shape: TableShape,
        rows: RowSelection,
        shown: int,
    ) -> None:
        """`session` must have no other use; it is closed with the rows. `asked` is used for further
        questions. `shown` is the most differences to describe."""
        there = {column.name: column for column in shape.columns}
        self._names = [column.name for column in rows.columns]
        self._types = {name: there[name].sql_type for name in self._names if name in there}
        modes, places = [], []
        for column in rows.columns:
            if column.name in rows.left_out:
                modes.append("ignored")
                continue
            mode, place = _compared(column, there[column.name])
            modes.append(mode)
            places.append(place)
        compared = [self._types[one.name] for one in rows.columns if one.name not in rows.left_out]
        self._asking = any(map(_CAST.match, compared))
        self._rows = StreamedRows("packets", "text", modes, self._asking, shown)
        self._session = session
        self._asked = asked
        for statement in _SNAPSHOT:
            session.command(statement)
        self._bytes = session.streamed(_select(rows, places))

    @property
    def blocks_writers(self) -> bool:
        return False

    def compare(self, block: Block, refused: Sequence[int]) -> None:
        lines = list(refused)
        while not self._rows.compare(block, lines):
            self._feed()
        self._require_no_error()
        if self._asking:
            self._settle()

    def pass_by(self) -> None:
        while not self._rows.pass_by():
            self._feed()
        self._require_no_error()

    def take(self) -> RowsCompared:
        return named(self._rows.take(), self._names)

    def cancel(self) -> None:
        self._session.cancel()

    def close(self) -> None:
        # The server would send the rest of the rows before it takes another statement.
        self._session.cancel()
        self._session.close()

    def _feed(self) -> None:
        data = next(self._bytes, b"")
        if not data:
            raise ConnectionLost("the server closed the connection", retryable=True)
        self._rows.feed(data)

    def _require_no_error(self) -> None:
        if (packet := self._rows.error) is not None:
            with self._session.errors():
                raise_mysql_exception(packet)

    def _settle(self) -> None:
        same = []
        for _, column, text, found in self._rows.questions():
            kind = _CAST.match(self._types[self._names[column]])
            same.append(kind is not None and self._made(kind[1], text) == found)
        self._rows.settle(same)

    def _made(self, kind: str, text: str) -> str | None:
        try:
            ((made,),) = self._asked.execute(f"SELECT CAST(CAST(? AS {kind}) AS CHAR)", (text,))
        except RefusedRows:
            return None
        return None if made is None else str(made)


def _compared(column: Column, there: TableColumn) -> tuple[str, str]:
    """Returns how the kernel compares a column's values, and the SQL that selects them."""
    name, kind = quote(column.name), column.type.kind
    declared = there.sql_type.lower()
    if declared.startswith("bit"):
        return "integer", f"{name} + 0"
    if declared.startswith("float") and there.type is not None and there.type.kind == "float":
        return "single", f"{name} + 0e0"
    if kind == "float" and column.type.bits == _REAL_BITS:
        return "single", name
    if kind == "json":
        return ("json_doubles" if there.wire == "binary" else "text"), name
    if kind == "uuid":
        return ("uuid" if declared == "uuid" else "text"), name
    return _MODES[kind], name


_MODES = {
    "boolean": "integer", "integer": "integer", "decimal": "scaled", "float": "float",
    "date": "date", "time": "time", "timestamp": "timestamp", "timestamptz": "timestamptz",
    "text": "text",
}  # fmt: skip


def _select(rows: RowSelection, places: list[str]) -> str:
    import_id, line = map(quote, LINEAGE)
    since = "" if rows.line is None else f" AND {line} >= {rows.line:d}"
    columns = ", ".join((*places, f"CAST(COALESCE({line}, {NO_LINE}) AS SIGNED)"))
    return (
        f"SELECT {columns} FROM {quote(rows.table.name)}"
        f" WHERE {import_id} = {rows.import_id:d}{since} ORDER BY {line}"
    )
