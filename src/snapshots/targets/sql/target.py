"""What the targets of SQL databases do alike: each one's `target.py` derives from `SqlTarget`."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace

from snapshots.defaults import CHUNK_SIZE
from snapshots.errors import TargetError
from snapshots.table_facts import Comparison, TableDescription
from snapshots.targets.sql import ddl

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from snapshots._native import Block
    from snapshots.model import Column, Contract, TableName, TableShape, Type
    from snapshots.ports import Session
    from snapshots.row_encoding import RowEncoding
    from snapshots.sql_dialect import SqlDialect
    from snapshots.stored_rows import RowSelection, StoredRows
    from snapshots.table_facts import AskedStage, OwnKey, RowPlace


class SqlTarget(ABC):
    """Half of a `ports.Target`: tables made from contracts, and answers that most databases share.

    A target derived from it says which types its columns have (`sql_type`, `physical_types`) and
    which dialect it speaks. The catalogue, names of tables, costs of pages and foreign keys differ
    in every statement; they are classes of their own, and the target derives from those, too:

        class PostgresTarget(PostgresCatalog, PostgresTableNames, ..., SqlTarget): ...
    """

    dialect: ClassVar[SqlDialect]
    max_columns: ClassVar[int]
    """The most columns that a table can have."""
    names_ignore_case: ClassVar[bool] = True
    """Two columns of a table cannot differ in case alone."""
    lineage_type: ClassVar[str] = "bigint"
    """The type of the columns `_import_id` and `_line`."""

    @abstractmethod
    def sql_type(self, kind: Type) -> str:
        """The type that a column of this type is declared with."""

    @abstractmethod
    def physical_types(self, contract: Contract) -> list[Type]:
        """What `inspect` will make of the columns of a table created from the contract."""

    @abstractmethod
    def inspect(self, session: Session, table: TableName) -> TableShape | None:
        """See `ports.Target`."""

    @abstractmethod
    def bases(self, session: Session, table: TableName) -> frozenset[str]:
        """See `ports.Target`."""

    @abstractmethod
    def triggers(self, session: Session, table: TableName) -> tuple[str, ...]:
        """See `ports.Target`."""

    def describe(self, session: Session, table: TableName) -> TableDescription | None:
        shape = self.inspect(session, table)
        if shape is None:
            return None
        return TableDescription(
            shape,
            self.bases(session, table),
            self.triggers(session, table),
            self.passed_by(session, table),
        )

    @abstractmethod
    def read_rows(
        self, session: Session, shape: TableShape, rows: RowSelection, shown: int
    ) -> StoredRows:
        """The rows that `stored_rows` gives, of a table that exists."""

    def sql_types(self, contract: Contract) -> list[str]:
        """The types that the columns of a new table are declared with, in their order."""
        return [self.sql_type(column.type) for column in contract.columns]

    def primary_key(self, contract: Contract, *, lineage: bool) -> Sequence[str]:  # noqa: ARG002
        """The primary key of a new table; empty for none."""
        return contract.primary_key

    def table_options(self, session: Session) -> str:  # noqa: ARG002
        """What stands behind the columns in CREATE TABLE."""
        return ""

    @property
    def name(self) -> str:
        return self.dialect.name

    @property
    def writers(self) -> int | None:
        return None

    @property
    def chunk_bytes(self) -> int:
        return CHUNK_SIZE

    @property
    def local_file(self) -> Path | None:
        return None

    def comparison(
        self,
        session: Session,  # noqa: ARG002
        table: TableName,  # noqa: ARG002
        columns: Sequence[Column],  # noqa: ARG002
        encoding: RowEncoding,  # noqa: ARG002
    ) -> Comparison:
        return Comparison()

    def uptime(self, session: Session) -> float | None:  # noqa: ARG002
        return None

    def passed_by(self, session: Session, table: TableName) -> tuple[str, ...]:  # noqa: ARG002
        return ()

    def orphans(
        self,
        session: Session,  # noqa: ARG002
        table: TableName,  # noqa: ARG002
        columns: Sequence[str],  # noqa: ARG002
        keys: Sequence[OwnKey],  # noqa: ARG002
        blocks: Sequence[Block],  # noqa: ARG002
    ) -> frozenset[int] | None:
        return None

    def row_place(self, session: Session, shape: TableShape) -> RowPlace | None:  # noqa: ARG002
        return None

    def rename_obstacles(self, session: Session, table: TableName) -> tuple[str, ...]:  # noqa: ARG002
        return ("this database offers no way that keeps all of it",)

    def create_clone(self, session: Session, clone: TableName, table: TableName) -> None:
        raise NotImplementedError

    def clone_difference(
        self,
        session: Session,  # noqa: ARG002
        table: TableName,  # noqa: ARG002
        clone: TableName,  # noqa: ARG002
    ) -> str:
        return "it is not renamed"

    def history_obstacles(self, session: Session, table: TableName) -> tuple[str, ...]:  # noqa: ARG002
        return ("This database cannot change the primary key of a table.",)

    def add_intervals(self, session: Session, table: TableName, key: Sequence[str]) -> None:
        raise NotImplementedError

    def ask(
        self,
        session: Session,
        table: TableName,
        columns: Sequence[str],
        rows: str,
        line: str,
        leaving: str = "",
    ) -> AskedStage:
        raise NotImplementedError

    def open_snapshots(self, session: Session) -> frozenset[str] | None:  # noqa: ARG002
        return None

    def exchange(
        self, session: Session, table: TableName, clone: TableName, former: TableName
    ) -> None:
        raise NotImplementedError

    def stored_rows(self, session: Session, rows: RowSelection, shown: int) -> StoredRows:
        shape = self.inspect(session, rows.table)
        if shape is None:
            raise TargetError(f"The table {rows.table} does not exist.")
        return self.read_rows(session, shape, rows, shown)

    def physical(self, contract: Contract) -> Contract:
        columns = tuple(
            replace(column, type=kind, required=ddl.required(contract, column))
            for column, kind in zip(contract.columns, self.physical_types(contract), strict=True)
        )
        return replace(contract, columns=columns)

    def check(self, contract: Contract, *, lineage: bool) -> None:
        ddl.check(
            contract,
            lineage=lineage,
            ignore_case=self.names_ignore_case,
            max_columns=self.max_columns,
        )

    def create_table(
        self, session: Session, table: TableName, contract: Contract, *, lineage: bool
    ) -> None:
        self.check(contract, lineage=lineage)
        session.execute(
            ddl.create_table_sql(
                self.dialect.quote,
                table.sql(self.dialect.quote),
                contract,
                self.sql_types(contract),
                lineage=self.lineage_type if lineage else None,
                primary_key=self.primary_key(contract, lineage=lineage),
                suffix=self.table_options(session),
            )
        )

    def add_columns(self, session: Session, table: TableName, columns: Sequence[Column]) -> None:
        parts = ", ".join(f"ADD COLUMN {self.nullable(column)}" for column in columns)
        session.execute(f"ALTER TABLE {table.sql(self.dialect.quote)} {parts}")

    def nullable(self, column: Column) -> str:
        """A column that takes NULL, as ALTER TABLE declares it."""
        sql_type = self.sql_type(column.type)
        return ddl.column_sql(self.dialect.quote, column.name, sql_type, required=False)
