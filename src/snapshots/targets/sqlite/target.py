"""A SQLite file, and its tables."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from snapshots import home
from snapshots._native import SqliteError
from snapshots.errors import CannotConnect, ContractError, NoDatabase, TargetError
from snapshots.locations import Location
from snapshots.model import TableColumn, TableShape
from snapshots.ports import Comparison, Naming
from snapshots.targets.sql import ddl
from snapshots.targets.sqlite import called, pages
from snapshots.targets.sqlite.base_tables import bases
from snapshots.targets.sqlite.errors import cannot_connect
from snapshots.targets.sqlite.own_keys import orphans, own_keys
from snapshots.targets.sqlite.session import SqliteSession
from snapshots.targets.sqlite.stored_rows import SqliteStoredRows
from snapshots.targets.sqlite.types import kernel_type, makes_numbers, physical, sql_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots._native import Block
    from snapshots.model import Column, Contract, RowEncoding, TableName
    from snapshots.ports import OwnKey, ResultRows, RowPlace, Session, Value
    from snapshots.stored_rows import RowSelection, StoredRows

_NAME_BYTES = 1000
"""A limit of ours: SQLite's is that of a statement, a thousand million bytes."""

_MAX_COLUMNS = 2000
_COLUMNS = "SELECT name, type, [notnull], dflt_value, pk, hidden FROM pragma_table_xinfo(?)"
_STRICT = "SELECT 1 FROM pragma_table_list(?) WHERE strict"
_TRIGGERS = (
    "SELECT name, sql FROM sqlite_schema"
    " WHERE type = 'trigger' AND tbl_name = ? COLLATE NOCASE ORDER BY name"
)
_OF_INSERT = re.compile(r"\bINSERT\s+ON\b", re.IGNORECASE)
_NAMED = "SELECT type, sql FROM sqlite_schema WHERE name = ? COLLATE NOCASE"
_INSTEAD_OF_INSERT = re.compile(r"\bINSTEAD\s+OF\s+INSERT\s+ON\b", re.IGNORECASE)
_LEADS_AN_INDEX = (
    "SELECT 1 FROM pragma_index_list(?) AS made, pragma_index_info(made.name) AS of"
    " WHERE made.partial = 0 AND of.seqno = 0 AND of.name = ? COLLATE NOCASE LIMIT 1"
)
_HAS_COLUMN = (
    "SELECT 1 FROM sqlite_schema AS made, pragma_table_info(made.name) AS of"
    " WHERE made.type = 'table' AND of.name = ? COLLATE NOCASE LIMIT 1"
)
_VIRTUAL_TABLE_HIDDEN = 1
_MAIN = "main"
"""What SQLite calls the file itself."""


def target(location: Location) -> SqliteTarget:
    """The target for a location of kind `sqlite`."""
    return SqliteTarget(Path(home.absolute(str(home.required(location.database or "")))))


def _is_view(named: ResultRows) -> bool:
    return any(kind == "view" for kind, _ in named)


def quote(identifier: str) -> str:
    """An identifier; ContractError if it is too long."""
    if len(identifier.encode("utf-8", "surrogatepass")) > _NAME_BYTES:
        raise ContractError(f"The name {identifier[:40]!r}... is too long.")
    return ddl.quoted(identifier, '"')


@dataclass(frozen=True)
class SqliteTarget:
    """See `ports.Target`."""

    path: Path

    @property
    def name(self) -> str:
        return "sqlite"

    @property
    def encoding(self) -> RowEncoding:
        return "sqlite"

    def encoding_for(self, session: Session, shape: TableShape | None) -> RowEncoding:  # noqa: ARG002
        return "sqlite"

    def comparison(
        self,
        session: Session,  # noqa: ARG002
        table: TableName,  # noqa: ARG002
        columns: Sequence[Column],  # noqa: ARG002
        encoding: RowEncoding,  # noqa: ARG002
    ) -> Comparison:
        return Comparison()

    @property
    def writers(self) -> int | None:
        return 1

    def display(self) -> str:
        return Location("sqlite", database=str(self.path)).url()

    def connect(self, *, create: bool = True) -> Session:
        try:
            self._look(create=create)
            return SqliteSession(self.path)
        except SqliteError as error:
            raise cannot_connect(error, str(self.path)) from error
        except OSError as error:
            raise CannotConnect(
                f"The file cannot be opened: {error.strerror}.",
                place=str(self.path),
                hint="Check the permissions of the file and of its folder.",
            ) from error

    def _look(self, *, create: bool) -> None:
        if self.path.is_dir():
            raise CannotConnect(
                "This is a folder.", place=str(self.path), hint="Name a file in it."
            )
        if not self.path.parent.is_dir():
            raise CannotConnect(
                "The folder of the SQLite file does not exist.",
                place=str(self.path),
                hint=f"Create it: mkdir -p {self.path.parent}",
            )
        if not create and not self.path.exists():
            raise NoDatabase(
                "There is no such file.", place=str(self.path), hint="Check the name of the file."
            )

    def now_sql(self) -> str:
        return "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"

    def table_name(self, text: str) -> TableName:
        return ddl.table_name(
            text,
            schemas=False,
            own=_MAIN,
            url=lambda _: "sqlite:///PATH",
        )

    def quote(self, identifier: str) -> str:
        return quote(identifier)

    def max_identifier_bytes(self) -> int:
        return _NAME_BYTES

    def inspect(self, session: Session, table: TableName) -> TableShape | None:
        found = session.execute(_COLUMNS, (table.name,))
        if not found:
            return None
        named = session.execute(_NAMED, (table.name,))
        columns, keys = [], []
        strict = bool(session.execute(_STRICT, (table.name,)))
        for name, kind, required, default, key, hidden in found:
            if hidden == _VIRTUAL_TABLE_HIDDEN:
                continue
            # The one column type whose NULL SQLite replaces: the number of the row.
            row_number = bool(key) and str(kind).upper() == "INTEGER"
            columns.append(
                TableColumn(
                    name=str(name),
                    type=kernel_type(str(kind), strict=strict),
                    sql_type=str(kind),
                    nullable=not required and not row_number,
                    has_default=default is not None or row_number,
                    generated=bool(hidden),
                    wire="numeric" if makes_numbers(str(kind)) else "",
                )
            )
            if isinstance(key, int) and key:
                keys.append((key, str(name)))
        keys_in_order = tuple(name for _, name in sorted(keys))
        return TableShape(table, tuple(columns), keys_in_order, view=_is_view(named))

    def naming(self, _session: Session) -> Naming:
        return called.naming()

    def known_as(self, session: Session, table: TableName) -> TableName | None:
        return called.known_as(session, table)

    def tables(self, session: Session) -> list[TableName]:
        return called.tables(session)

    def uptime(self, _session: Session) -> float | None:
        return None

    def require_loadable(self, session: Session, table: TableName) -> None:
        named = session.execute(_NAMED, (table.name,))
        if _is_view(named):
            triggers = session.execute(_TRIGGERS, (table.name,))
            if not any(_INSTEAD_OF_INSERT.search(str(sql)) for _, sql in triggers):
                raise ddl.takes_no_rows(
                    table, "SQLite puts rows into one by a trigger INSTEAD OF INSERT alone"
                )
        elif any(kind == "index" for kind, _ in named):
            raise ddl.name_is_taken(table, "an index")

    def triggers(self, session: Session, table: TableName) -> tuple[str, ...]:
        found = session.execute(_TRIGGERS, (table.name,))
        return tuple(str(name) for name, sql in found if _OF_INSERT.search(str(sql)))

    def passed_by(self, session: Session, table: TableName) -> tuple[str, ...]:  # noqa: ARG002
        return ()

    def own_keys(self, session: Session, table: TableName) -> tuple[OwnKey, ...]:
        return own_keys(session, table)

    def orphans(
        self,
        session: Session,
        table: TableName,
        columns: Sequence[str],
        keys: Sequence[OwnKey],
        blocks: Sequence[Block],
    ) -> frozenset[int] | None:
        return orphans(session, table, columns, keys, blocks)

    def counts_quickly(self, session: Session, table: TableName, column: str, rows: int) -> bool:
        if session.execute(_LEADS_AN_INDEX, (table.name, column)):
            return True
        # SQLite has no estimate unless somebody has run ANALYZE; so many rows are counted soon.
        some = f"SELECT 1 FROM {quote(table.name)} LIMIT {rows:d}"
        return session.execute(f"SELECT COUNT(*) FROM ({some})") != [(rows,)]

    def sorts(self, session: Session, sql: str, params: Sequence[Value], rows: int) -> bool:  # noqa: ARG002
        return pages.sorts(session, sql, params)

    def stored_rows(self, session: Session, rows: RowSelection, shown: int) -> StoredRows:
        shape = self.inspect(session, rows.table)
        if shape is None:
            raise TargetError(f"There is no table {rows.table}.")
        return SqliteStoredRows(self.path, session, shape, rows, shown)

    def row_place(self, session: Session, shape: TableShape) -> RowPlace | None:
        return pages.row_place(session, shape)

    def has_column(self, session: Session, column: str) -> bool:
        return bool(session.execute(_HAS_COLUMN, (column,)))

    def bases(self, session: Session, table: TableName) -> frozenset[str]:
        return bases(session, table)

    def physical(self, contract: Contract) -> Contract:
        return replace(
            contract,
            columns=tuple(
                replace(c, type=physical(c.type), required=ddl.required(contract, c))
                for c in contract.columns
            ),
        )

    def check(self, contract: Contract, *, lineage: bool) -> None:
        ddl.check(contract, lineage=lineage, ignore_case=True, max_columns=_MAX_COLUMNS)

    def create_table(
        self, session: Session, table: TableName, contract: Contract, *, lineage: bool
    ) -> None:
        self.check(contract, lineage=lineage)
        session.execute(
            ddl.create_table_sql(
                quote,
                quote(table.name),
                contract,
                [sql_type(column.type) for column in contract.columns],
                lineage="INTEGER" if lineage else None,
                primary_key=contract.primary_key,
            )
        )

    def add_columns(self, session: Session, table: TableName, columns: Sequence[Column]) -> None:
        for column in columns:
            part = ddl.column_sql(quote, column.name, sql_type(column.type), required=False)
            session.execute(f"ALTER TABLE {quote(table.name)} ADD COLUMN {part}")
