"""A DuckDB file, and its tables."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import duckdb

from snapshots import home
from snapshots.locations import Location
from snapshots.row_encoding import ARROW_ROWS, RowEncoding
from snapshots.targets.duckdb.adoption import DuckdbAdoption
from snapshots.targets.duckdb.catalog import DuckdbCatalog
from snapshots.targets.duckdb.dialect import DIALECT
from snapshots.targets.duckdb.errors import cannot_connect, no_database
from snapshots.targets.duckdb.page_cost import DuckdbPageCost
from snapshots.targets.duckdb.publishing import DuckdbPublishing
from snapshots.targets.duckdb.renaming import DuckdbRenaming
from snapshots.targets.duckdb.session import DuckdbSession
from snapshots.targets.duckdb.stored_rows import DuckdbStoredRows
from snapshots.targets.duckdb.table_names import DuckdbTableNames
from snapshots.targets.duckdb.types import kernel_type, sql_type
from snapshots.targets.sql import ddl
from snapshots.targets.sql.database_file import looked_at
from snapshots.targets.sql.target import SqlTarget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.model import Column, Contract, TableName, TableShape, Type
    from snapshots.ports import Session
    from snapshots.sql_dialect import SqlDialect
    from snapshots.stored_rows import RowSelection, StoredRows

_MAIN = "main"
"""The schema of all tables that are loaded."""
_CHUNK_BYTES = 24 << 20
"""A commit of less than a row group, 122,880 rows, is written twice."""
_MARK = b"DUCK"
"""Every file of DuckDB has it behind the checksum of its first block."""
_MARK_AT = 8


def target(location: Location) -> DuckdbTarget:
    """The target for a location of kind `duckdb`."""
    return DuckdbTarget(Path(home.absolute(str(home.required(location.database or "")))))


@dataclass(frozen=True)
class DuckdbTarget(
    DuckdbAdoption,
    DuckdbCatalog,
    DuckdbTableNames,
    DuckdbPageCost,
    DuckdbPublishing,
    DuckdbRenaming,
    SqlTarget,
):
    """See `ports.Target`."""

    path: Path

    dialect: ClassVar[SqlDialect] = DIALECT
    max_columns: ClassVar[int] = 2000
    """The project's own limit: DuckDB has none."""

    @property
    def encoding(self) -> RowEncoding:
        return ARROW_ROWS

    def encoding_for(self, session: Session, shape: TableShape | None) -> RowEncoding:  # noqa: ARG002
        return ARROW_ROWS

    @property
    def writers(self) -> int | None:
        return 1

    @property
    def chunk_bytes(self) -> int:
        return _CHUNK_BYTES

    @property
    def local_file(self) -> Path | None:
        return self.path

    def display(self) -> str:
        return Location("duckdb", database=str(self.path)).url()

    def connect(self, *, create: bool = True) -> Session:
        with looked_at(self.path, "DuckDB", create=create):
            if not _may_be_duckdb(self.path):
                raise no_database(str(self.path))
            try:
                return DuckdbSession(self.path)
            except duckdb.Error as error:
                raise cannot_connect(error, str(self.path)) from error

    def read_rows(
        self,
        session: Session,  # noqa: ARG002
        shape: TableShape,
        rows: RowSelection,
        shown: int,
    ) -> StoredRows:
        return DuckdbStoredRows(self.path, shape, rows, shown)

    def table_name(self, text: str) -> TableName:
        return ddl.table_name(text, schemas=False, own=_MAIN, url=lambda _: "duckdb:///PATH")

    def sql_type(self, kind: Type) -> str:
        return sql_type(kind)

    def physical_types(self, contract: Contract) -> list[Type]:
        found = [kernel_type(sql_type(column.type)) for column in contract.columns]
        return [kind for kind in found if kind is not None]

    def add_columns(self, session: Session, table: TableName, columns: Sequence[Column]) -> None:
        # A statement adds one.
        for column in columns:
            super().add_columns(session, table, [column])


def _may_be_duckdb(path: Path) -> bool:
    """Whether a file has the mark of DuckDB, or is not there. For one of SQLite, DuckDB would fetch
    an extension from the network."""
    try:
        with path.open("rb") as file:
            return file.read(_MARK_AT + len(_MARK)).endswith(_MARK)
    except OSError:
        return True  # DuckDB says why it cannot be read.
