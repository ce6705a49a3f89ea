"""Rows of a table of PostgreSQL, compared with an input by the bytes of binary COPY.

If the import sent binary rows, the same bytes come back, except for what the column itself changes:
the number of decimals, blanks at the end, the text of JSON. If it sent text, for types that the
kernel does not know, the texts of values are compared. If they differ, PostgreSQL converts the
input's text, and the result is compared.
"""

# ruff: noqa: D102 - ports.StoredRows says what each method does

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from snapshots._native import StreamedRows
from snapshots.errors import ConnectionLost, SnapshotsError
from snapshots.row_encoding import POSTGRES_COPY, TEXT, RowEncoding
from snapshots.targets.postgres.quoting import qualified, quote
from snapshots.targets.postgres.types import has_binary_form
from snapshots.targets.sql.compared import NO_LINE, named
from snapshots.targets.sql.ddl import LINEAGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots._native import Block
    from snapshots.model import TableColumn, TableShape, Type
    from snapshots.ports import Session
    from snapshots.stored_rows import RowsCompared, RowSelection
    from snapshots.targets.postgres.session import PostgresSession

_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_AS_USUAL = "SET enable_seqscan = on"
"""The ledger's sessions prefer indexes; a table is read whole."""
_ASKED_AT_ONCE = 2000

_BASE = """
WITH RECURSIVE base(oid) AS (
    SELECT CAST(? AS regtype)::oid
    UNION ALL
    SELECT t.typbasetype FROM base JOIN pg_type t USING (oid) WHERE t.typtype = 'd'
)
SELECT count(*) FROM base WHERE oid IN ('json'::regtype, 'jsonb'::regtype)
"""
"""Whether a type is JSON, or a domain over it: a JSON text is no such value yet."""


class PostgresStoredRows:
    """Implements `stored_rows.StoredRows`: compares rows of a table with blocks of the input."""

    def __init__(
        self,
        session: PostgresSession,
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
        compared = [one for one in rows.columns if one.name not in rows.left_out]
        binary = rows.encoding is POSTGRES_COPY and all(
            has_binary_form(there[one.name]) and _form(there[one.name].type) == _form(one.type)
            for one in compared
        )
        self.encoding: RowEncoding = POSTGRES_COPY if binary else TEXT
        modes, places = [], []
        for column in rows.columns:
            if column.name in rows.left_out:
                modes.append("ignored")
                continue
            name = quote(column.name)
            if binary:
                modes.append(_binary_mode(there[column.name]))
                places.append(name)
            else:
                modes.append("text" if column.type.kind == "json" else _MODES[column.type.kind])
                places.append(f"CAST({name} AS text)")
        encoding: Literal["postgres", "text"] = "postgres" if binary else "text"
        self._rows = StreamedRows("copy", encoding, modes, not binary, shown)
        self._session = session
        self._asked = asked
        self._asking = not binary
        self._is_json: dict[str, bool] = {}
        session.command(_AS_USUAL)
        session.command(_SNAPSHOT)
        self._bytes = session.copied(_select(rows, places))

    @property
    def blocks_writers(self) -> bool:
        return False

    def compare(self, block: Block, refused: Sequence[int]) -> None:
        lines = list(refused)
        while not self._rows.compare(block, lines):
            self._feed()
        if self._asking:
            self._settle()

    def pass_by(self) -> None:
        while not self._rows.pass_by():
            self._feed()

    def take(self) -> RowsCompared:
        return named(self._rows.take(), self._names)

    def cancel(self) -> None:
        self._session.cancel()

    def close(self) -> None:
        self._session.close()

    def _feed(self) -> None:
        data = next(self._bytes, None)
        if data is not None:
            self._rows.feed(data)
            return
        try:
            self._rows.end()
        except ValueError as error:
            raise ConnectionLost(f"PostgreSQL: {error}") from error

    def _settle(self) -> None:
        questions = self._rows.questions()
        if not questions:
            return
        same = [False] * len(questions)
        for column in {column for _, column, _, _ in questions}:
            places = [at for at, one in enumerate(questions) if one[1] == column]
            for start in range(0, len(places), _ASKED_AT_ONCE):
                some = places[start : start + _ASKED_AT_ONCE]
                made = self._made(self._types[self._names[column]], [questions[n][2] for n in some])
                for place, text in zip(some, made, strict=True):
                    same[place] = text == questions[place][3]
        self._rows.settle(same)

    def _made(self, sql_type: str, texts: list[str]) -> list[str | None]:
        """Returns what a type makes of texts, as texts; None for texts that it does not accept."""
        if sql_type not in self._is_json:
            self._is_json[sql_type] = self._asked.execute(_BASE, (sql_type,)) != [(0,)]
        # A JSON string goes through the input function of the type, with its modifier, as COPY's
        # texts do.
        kind, value = (
            ("text", f"CAST(r.v AS {sql_type})") if self._is_json[sql_type] else (sql_type, "r.v")
        )
        query = (
            f"SELECT CAST({value} AS text) FROM json_to_recordset(CAST(? AS json))"
            f" AS r(n integer, v {kind}) ORDER BY r.n"
        )

        def ask(some: list[str]) -> list[str | None]:
            given = json.dumps([{"n": n, "v": text} for n, text in enumerate(some)])
            rows = self._asked.execute(query, (given,))
            return [None if text is None else str(text) for (text,) in rows]

        try:
            return ask(texts)
        except SnapshotsError as error:
            if isinstance(error, ConnectionLost) or len(texts) == 1:
                if len(texts) == 1 and not isinstance(error, ConnectionLost):
                    return [None]
                raise
        return [text for one in texts for text in self._made(sql_type, [one])]


def _select(rows: RowSelection, places: list[str]) -> str:
    import_id, line = map(quote, LINEAGE)
    since = "" if rows.line is None else f" AND {line} >= {rows.line:d}"
    columns = ", ".join((*places, f"CAST(COALESCE({line}, {NO_LINE}) AS bigint)"))
    return (
        f"COPY (SELECT {columns} FROM {qualified(rows.table)}"
        f" WHERE {import_id} = {rows.import_id:d}{since} ORDER BY {line} NULLS FIRST)"
        " TO STDOUT (FORMAT binary)"
    )


_MODES = {
    "boolean": "boolean", "integer": "integer", "decimal": "numeric", "float": "float",
    "date": "date", "time": "time", "timestamp": "timestamp", "timestamptz": "timestamptz",
    "text": "text", "uuid": "uuid",
}  # fmt: skip


def _binary_mode(column: TableColumn) -> str:
    kind = column.type
    if kind is None:
        return "text"
    if kind.kind == "json":
        return "json" if column.sql_type == "jsonb" else "text"
    if kind.kind == "decimal":
        return "numeric" if kind.scale is None else "scaled"
    return "padded" if column.wire == "padded" else _MODES[kind.kind]


def _form(kind: Type | None) -> tuple[object, ...]:
    """Returns what decides the binary form of a type's values: equal for equal forms."""
    if kind is None:
        return ()
    if kind.kind == "integer":
        bits = kind.bits + (1 if kind.unsigned else 0)
        return ("integer", next(size for size in (16, 32, 64, 128) if bits <= size))
    if kind.kind == "float":
        return ("float", kind.bits)
    return (kind.kind, kind.wire if kind.kind == "json" else "")
