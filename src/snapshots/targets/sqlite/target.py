"""A SQLite file, and its tables."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from snapshots import home
from snapshots._native import SqliteError
from snapshots.locations import Location
from snapshots.quick_dataclass import dataclass
from snapshots.row_encoding import SQLITE_VALUES, RowEncoding
from snapshots.targets.sql import ddl
from snapshots.targets.sql.database_file import looked_at
from snapshots.targets.sql.target import SqlTarget
from snapshots.targets.sqlite.adoption import SqliteAdoption
from snapshots.targets.sqlite.catalog import SqliteCatalog
from snapshots.targets.sqlite.dialect import DIALECT
from snapshots.targets.sqlite.errors import cannot_connect
from snapshots.targets.sqlite.own_keys import SqliteOwnKeys
from snapshots.targets.sqlite.page_cost import SqlitePageCost
from snapshots.targets.sqlite.publishing import SqlitePublishing
from snapshots.targets.sqlite.renaming import SqliteRenaming
from snapshots.targets.sqlite.session import SqliteSession
from snapshots.targets.sqlite.stored_rows import SqliteStoredRows
from snapshots.targets.sqlite.table_names import SqliteTableNames
from snapshots.targets.sqlite.types import physical, sql_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.model import Column, Contract, TableName, TableShape, Type
    from snapshots.ports import Session
    from snapshots.sql_dialect import SqlDialect
    from snapshots.stored_rows import RowSelection, StoredRows

_MAIN = "main"
"""What SQLite calls the file itself."""


def target(location: Location) -> SqliteTarget:
    """The target for a location of kind `sqlite`."""
    return SqliteTarget(Path(home.absolute(str(home.required(location.database or "")))))


@dataclass(frozen=True)
class SqliteTarget(
    SqliteCatalog,
    SqliteTableNames,
    SqlitePageCost,
    SqliteOwnKeys,
    SqliteAdoption,
    SqlitePublishing,
    SqliteRenaming,
    SqlTarget,
):
    """See `ports.Target`."""

    path: Path

    dialect: ClassVar[SqlDialect] = DIALECT
    max_columns: ClassVar[int] = 2000
    lineage_type: ClassVar[str] = "INTEGER"

    @property
    def encoding(self) -> RowEncoding:
        return SQLITE_VALUES

    def encoding_for(self, session: Session, shape: TableShape | None) -> RowEncoding:  # noqa: ARG002
        return SQLITE_VALUES

    @property
    def writers(self) -> int | None:
        return 1

    @property
    def local_file(self) -> Path | None:
        return self.path

    def display(self) -> str:
        return Location("sqlite", database=str(self.path)).url()

    def connect(self, *, create: bool = True) -> Session:
        with looked_at(self.path, "SQLite", create=create):
            try:
                return SqliteSession(self.path)
            except SqliteError as error:
                raise cannot_connect(error, str(self.path)) from error

    def read_rows(
        self, session: Session, shape: TableShape, rows: RowSelection, shown: int
    ) -> StoredRows:
        return SqliteStoredRows(self.path, session, shape, rows, shown)

    def table_name(self, text: str) -> TableName:
        return ddl.table_name(
            text,
            schemas=False,
            own=_MAIN,
            url=lambda _: "sqlite:///PATH",
        )

    def sql_type(self, kind: Type) -> str:
        return sql_type(kind)

    def physical_types(self, contract: Contract) -> list[Type]:
        return [physical(column.type) for column in contract.columns]

    def add_columns(self, session: Session, table: TableName, columns: Sequence[Column]) -> None:
        # A statement adds one.
        for column in columns:
            super().add_columns(session, table, [column])
