"""The settings of a MySQL or MariaDB database, and its tables."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pymysql import err

from snapshots.errors import CannotConnect, NoDatabase, TargetError, UsageError
from snapshots.locations import Location
from snapshots.model import TableColumn, TableShape, Type
from snapshots.ports import Comparison, Naming
from snapshots.targets.mysql import called, pages
from snapshots.targets.mysql.base_tables import bases
from snapshots.targets.mysql.bulk import BulkConnection
from snapshots.targets.mysql.errors import NOT_ALLOWED, UNKNOWN_DATABASE, cannot_connect, code_of
from snapshots.targets.mysql.exact_types import is_inexact
from snapshots.targets.mysql.names import NAME_CHARACTERS, quote
from snapshots.targets.mysql.session import CONVERTERS, MysqlSession
from snapshots.targets.mysql.settings import complete, driver_options
from snapshots.targets.mysql.stored_rows import MysqlRows
from snapshots.targets.mysql.types import (
    kernel_type,
    physical_types,
    sql_type,
    sql_types,
    values_of,
    wire_of,
)
from snapshots.targets.sql import ddl
from snapshots.targets.sql.own_keys import grouped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots._native import Block
    from snapshots.model import Column, Contract, RowEncoding, TableName
    from snapshots.ports import OwnKey, RowPlace, Session, Value
    from snapshots.stored_rows import RowSelection, StoredRows

_COLUMNS = """
SELECT column_name, column_type, is_nullable, COALESCE(column_default, 'NULL') <> 'NULL',
       extra, column_comment, collation_name
FROM information_schema.columns
WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position
"""
_TRIGGERS = """
SELECT trigger_name FROM information_schema.triggers
WHERE event_object_schema = DATABASE() AND event_object_table = ? AND event_manipulation = 'INSERT'
ORDER BY 1
"""
_OWN_KEYS = """
SELECT constraint_name, column_name, referenced_column_name, 0
FROM information_schema.key_column_usage
WHERE table_schema = DATABASE() AND table_name = ?
  AND referenced_table_schema = table_schema AND referenced_table_name = table_name
ORDER BY constraint_name, ordinal_position
"""
_LEADS_AN_INDEX = """
SELECT 1 FROM information_schema.statistics
WHERE table_schema = DATABASE() AND table_name = ? AND column_name = ? AND seq_in_index = 1
"""
_ROWS = """
SELECT table_rows FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_name = ?
"""
_HAS_COLUMN = """
SELECT 1 FROM information_schema.columns
WHERE table_schema = DATABASE() AND column_name = ? LIMIT 1
"""
_PRIMARY_KEY = """
SELECT column_name FROM information_schema.statistics
WHERE table_schema = DATABASE() AND table_name = ? AND index_name = 'PRIMARY'
ORDER BY seq_in_index
"""
_VIEW = """
SELECT 1 FROM information_schema.views
WHERE table_schema = DATABASE() AND table_name = ? AND is_updatable = 'NO'
"""
_KIND = """
SELECT table_type, engine,
       engine IN (SELECT engine FROM information_schema.engines WHERE transactions <> 'YES')
FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?
"""
_COLLATIONS = """
SELECT collation_name FROM information_schema.collations
WHERE collation_name IN ('utf8mb4_nopad_bin', 'utf8mb4_0900_bin')
"""
"""MariaDB's and MySQL's names for the comparison of texts by their bytes, nothing ignored."""
_IS_JSON = """
SELECT check_clause FROM information_schema.check_constraints
WHERE constraint_schema = DATABASE() AND table_name = ? AND check_clause LIKE 'json_valid(%'
"""
"""MariaDB's json is a longtext with a check."""


def target(location: Location) -> MysqlTarget:
    """The target for a location of kind `mysql`."""
    return MysqlTarget(complete(location))


_MAX_COLUMNS = 1017
"""InnoDB's: the server's own limit is higher."""
_SECONDS = 10
"""For a server to answer while a connection is made."""


@dataclass(frozen=True)
class MysqlTarget:
    """See `ports.Target`."""

    location: Location

    def __post_init__(self) -> None:
        if "," in (self.location.host or ""):
            raise UsageError("A MySQL URL names one host.")
        driver_options(self.location)

    @property
    def name(self) -> str:
        return "mysql"

    @property
    def encoding(self) -> RowEncoding:
        return "text"

    def encoding_for(self, session: Session, shape: TableShape | None) -> RowEncoding:
        bulk = isinstance(session, MysqlSession) and session.takes_bulk
        columns = () if shape is None else shape.columns
        return "mariadb" if bulk and not any(map(is_inexact, columns)) else "text"

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
        return None

    def display(self) -> str:
        return self.location.url()

    def connect(self, *, create: bool = True) -> Session:
        try:
            try:
                return MysqlSession(self._open(self.location.database))
            except err.Error as error:
                if code_of(error) != UNKNOWN_DATABASE:
                    raise
                if not create:
                    raise self._no_database() from None
                self._create_database()
                return MysqlSession(self._open(self.location.database))
        except CannotConnect:
            raise
        except (err.Error, OSError, RuntimeError) as error:
            # RuntimeError: a kind of login needs a package that is not installed.
            raise cannot_connect(error, self.display()) from error
        except TargetError as error:
            raise CannotConnect(error.message, place=self.display(), hint=error.hint) from error

    def now_sql(self) -> str:
        return "CONCAT(REPLACE(UTC_TIMESTAMP(3), ' ', 'T'), 'Z')"

    def table_name(self, text: str) -> TableName:
        return ddl.table_name(
            text,
            schemas=False,
            own=self.location.database,
            url=lambda name: replace(self.location, database=name).url(),
        )

    def quote(self, identifier: str) -> str:
        return quote(identifier)

    def max_identifier_bytes(self) -> int:
        return NAME_CHARACTERS

    def inspect(self, session: Session, table: TableName) -> TableShape | None:
        found = session.execute(_COLUMNS, (table.name,))
        if not found:
            return None
        ((kind, engine, plain),) = session.execute(_KIND, (table.name,))
        if str(kind) == "SEQUENCE":
            raise ddl.name_is_taken(table, "a sequence")
        if plain:
            raise TargetError(
                f"The table's engine, {engine!s}, has no transactions, so that nothing can"
                " be loaded exactly once.",
                place=str(table),
                hint=f"ALTER TABLE {quote(table.name)} ENGINE = InnoDB",
            )
        maria = "MariaDB" in str(session.execute("SELECT VERSION()")[0][0])
        json = self._json_columns(session, table) if maria else set()
        columns = []
        for name, declared, nullable, default, extra, comment, collation in found:
            known = kernel_type(str(declared), comment=str(comment), collation=str(collation))
            extras = str(extra).upper()
            columns.append(
                TableColumn(
                    name=str(name),
                    type=Type("json") if name in json else known,
                    sql_type=str(declared),
                    nullable=nullable == "YES",
                    has_default=bool(default) or "AUTO_INCREMENT" in extras,
                    generated="VIRTUAL" in extras or "STORED" in extras or "PERSISTENT" in extras,
                    wire=wire_of(str(declared), known),
                    values=values_of(str(declared)),
                )
            )
        keys = session.execute(_PRIMARY_KEY, (table.name,))
        key = tuple(str(name) for (name,) in keys)
        return TableShape(table, tuple(columns), key, view=str(kind) == "VIEW")

    def naming(self, session: Session) -> Naming:
        return called.naming(session)

    def known_as(self, session: Session, table: TableName) -> TableName | None:
        return called.known_as(session, table)

    def tables(self, session: Session) -> list[TableName]:
        return called.tables(session)

    def uptime(self, session: Session) -> float | None:
        return called.uptime(session)

    def require_loadable(self, session: Session, table: TableName) -> None:
        if session.execute(_VIEW, (table.name,)):
            raise ddl.takes_no_rows(table, "it takes no rows: it sums up, joins or is read-only")

    def triggers(self, session: Session, table: TableName) -> tuple[str, ...]:
        return tuple(str(name) for (name,) in session.execute(_TRIGGERS, (table.name,)))

    def passed_by(self, session: Session, table: TableName) -> tuple[str, ...]:  # noqa: ARG002
        return ()

    def own_keys(self, session: Session, table: TableName) -> tuple[OwnKey, ...]:
        return grouped(session.execute(_OWN_KEYS, (table.name,)))

    def orphans(
        self,
        session: Session,  # noqa: ARG002
        table: TableName,  # noqa: ARG002
        columns: Sequence[str],  # noqa: ARG002
        keys: Sequence[OwnKey],  # noqa: ARG002
        blocks: Sequence[Block],  # noqa: ARG002
    ) -> frozenset[int] | None:
        # InnoDB judges each row when it comes: a parent must be there before.
        return None

    def counts_quickly(self, session: Session, table: TableName, column: str, rows: int) -> bool:
        if session.execute(_LEADS_AN_INDEX, (table.name, column)):
            return True
        estimate = session.execute(_ROWS, (table.name,))
        return bool(estimate) and int(estimate[0][0] or 0) < rows

    def sorts(self, session: Session, sql: str, params: Sequence[Value], rows: int) -> bool:
        return pages.sorts(session, sql, params, rows)

    def stored_rows(self, session: Session, rows: RowSelection, shown: int) -> StoredRows:
        shape = self.inspect(session, rows.table)
        if shape is None:
            raise TargetError(f"There is no table {rows.table}.")
        connection = self._open(self.location.database)
        return MysqlRows(MysqlSession(connection), session, shape, rows, shown)

    def row_place(self, session: Session, shape: TableShape) -> RowPlace | None:  # noqa: ARG002
        # Where a table has no key InnoDB makes one, which nobody can read.
        return None

    def has_column(self, session: Session, column: str) -> bool:
        return bool(session.execute(_HAS_COLUMN, (column,)))

    def bases(self, session: Session, table: TableName) -> frozenset[str]:
        return bases(session, table)

    def physical(self, contract: Contract) -> Contract:
        return replace(
            contract,
            columns=tuple(
                replace(column, type=kind, required=ddl.required(contract, column))
                for column, kind in zip(contract.columns, physical_types(contract), strict=True)
            ),
        )

    def check(self, contract: Contract, *, lineage: bool) -> None:
        ddl.check(contract, lineage=lineage, ignore_case=True, max_columns=_MAX_COLUMNS)

    def create_table(
        self, session: Session, table: TableName, contract: Contract, *, lineage: bool
    ) -> None:
        self.check(contract, lineage=lineage)
        exact = session.execute(_COLLATIONS)
        collation = str(exact[0][0]) if exact else "utf8mb4_bin"
        session.execute(
            ddl.create_table_sql(
                quote,
                quote(table.name),
                contract,
                sql_types(contract),
                lineage="bigint" if lineage else None,
                # A key that grows with the file keeps InnoDB's pages full, and lets several
                # sessions load at once; an AUTO_INCREMENT would make them wait for each other.
                primary_key=contract.primary_key or (ddl.LINEAGE if lineage else ()),
                suffix=f" ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE {collation}",
            )
        )

    def add_columns(self, session: Session, table: TableName, columns: Sequence[Column]) -> None:
        parts = [
            f"ADD COLUMN {ddl.column_sql(quote, c.name, sql_type(c.type), required=False)}"
            for c in columns
        ]
        session.execute(f"ALTER TABLE {quote(table.name)} {', '.join(parts)}")

    def _json_columns(self, session: Session, table: TableName) -> set[str]:
        clauses = session.execute(_IS_JSON, (table.name,))
        return {str(clause)[12:-2].replace("``", "`") for (clause,) in clauses}

    def _open(self, database: str | None) -> BulkConnection:
        place = self.location
        connection = BulkConnection(
            host=place.host,
            port=int(place.port or 0),
            user=place.user,
            password=(place.password or "").encode(),
            database=database,
            charset="utf8mb4",
            autocommit=True,
            conv=CONVERTERS,
            program_name="snapshots",
            **{"connect_timeout": _SECONDS, "read_timeout": _SECONDS, **driver_options(place)},
        )
        if "read_timeout" not in dict(place.options):
            # What listens there may be no MySQL and say nothing; a statement may take its time.
            connection.wait_for_answers()
        return connection

    def _create_database(self) -> None:
        name = quote(self.location.database or "")
        with self._open(None) as connection:
            try:
                connection.query(f"CREATE DATABASE IF NOT EXISTS {name} CHARACTER SET utf8mb4")
            except err.Error as error:
                if code_of(error) != NOT_ALLOWED:
                    raise
                raise self._no_database("This user may not create it.") from error

    def _no_database(self, why: str = "") -> NoDatabase:
        return NoDatabase(
            f"There is no database {self.location.database!r}. {why}".strip(),
            place=self.display(),
            hint="Create it, name another in the URL, or GRANT the user CREATE.",
        )
