"""The settings of a MySQL or MariaDB database, and its tables."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from pymysql import err

from snapshots.errors import CannotConnect, NoDatabase, TargetError, UsageError
from snapshots.locations import Location
from snapshots.quick_dataclass import dataclass
from snapshots.row_encoding import MARIADB_BULK, TEXT, RowEncoding
from snapshots.targets.mysql.adoption import MysqlAdoption
from snapshots.targets.mysql.bulk import BulkConnection
from snapshots.targets.mysql.catalog import MysqlCatalog
from snapshots.targets.mysql.dialect import DIALECT
from snapshots.targets.mysql.errors import NOT_ALLOWED, UNKNOWN_DATABASE, cannot_connect, code_of
from snapshots.targets.mysql.exact_types import is_inexact
from snapshots.targets.mysql.own_keys import MysqlOwnKeys
from snapshots.targets.mysql.page_cost import MysqlPageCost
from snapshots.targets.mysql.publishing import MysqlPublishing
from snapshots.targets.mysql.quoting import quote
from snapshots.targets.mysql.renaming import MysqlRenaming
from snapshots.targets.mysql.session import CONVERTERS, MysqlSession
from snapshots.targets.mysql.settings import complete, driver_options
from snapshots.targets.mysql.stored_rows import MysqlStoredRows
from snapshots.targets.mysql.table_names import MysqlTableNames
from snapshots.targets.mysql.types import physical_types, sql_type, sql_types
from snapshots.targets.sql import ddl
from snapshots.targets.sql.target import SqlTarget
from snapshots.time_limits import CONNECT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.model import Contract, TableName, TableShape, Type
    from snapshots.ports import Session
    from snapshots.sql_dialect import SqlDialect
    from snapshots.stored_rows import RowSelection, StoredRows

_COLLATIONS = """
SELECT collation_name FROM information_schema.collations
WHERE collation_name IN ('utf8mb4_nopad_bin', 'utf8mb4_0900_bin')
"""
"""MariaDB's and MySQL's names for the comparison of texts by their bytes, nothing ignored."""
_INNODB_COLUMNS = 1017
"""The server's own limit is higher."""


def target(location: Location) -> MysqlTarget:
    """The target for a location of kind `mysql`."""
    return MysqlTarget(complete(location))


def query_location(location: Location) -> Location:
    """See `locations.query_location`: the environment and `~/.my.cnf` are read, too.

    The options stay those that the URL has: a query's driver has names of its own for others.
    """
    return replace(complete(location), options=location.options)


@dataclass(frozen=True)
class MysqlTarget(
    MysqlCatalog,
    MysqlTableNames,
    MysqlPageCost,
    MysqlOwnKeys,
    MysqlPublishing,
    MysqlAdoption,
    MysqlRenaming,
    SqlTarget,
):
    """See `ports.Target`."""

    location: Location

    dialect: ClassVar[SqlDialect] = DIALECT
    max_columns: ClassVar[int] = _INNODB_COLUMNS

    def __post_init__(self) -> None:
        if "," in (self.location.host or ""):
            raise UsageError("A MySQL URL must name one host.")
        driver_options(self.location)

    @property
    def encoding(self) -> RowEncoding:
        return TEXT

    def encoding_for(self, session: Session, shape: TableShape | None) -> RowEncoding:
        bulk = isinstance(session, MysqlSession) and session.takes_bulk
        columns = () if shape is None else shape.columns
        return MARIADB_BULK if bulk and not any(map(is_inexact, columns)) else TEXT

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
            raise CannotConnect(
                error.message, place=self.display(), hint=error.hint, retryable=error.retryable
            ) from error

    def table_name(self, text: str) -> TableName:
        return ddl.table_name(
            text,
            schemas=False,
            own=self.location.database,
            url=lambda name: replace(self.location, database=name).url(),
        )

    def sql_type(self, kind: Type) -> str:
        return sql_type(kind)

    def sql_types(self, contract: Contract) -> list[str]:
        return sql_types(contract)

    def physical_types(self, contract: Contract) -> list[Type]:
        return physical_types(contract)

    def primary_key(self, contract: Contract, *, lineage: bool) -> Sequence[str]:
        # A key that grows with the file keeps InnoDB's pages full, and lets several sessions load
        # at once; an AUTO_INCREMENT would make them wait for each other.
        return contract.primary_key or (ddl.LINEAGE if lineage else ())

    def table_options(self, session: Session) -> str:
        exact = session.execute(_COLLATIONS)
        collation = str(exact[0][0]) if exact else "utf8mb4_bin"
        return f" ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE {collation}"

    def read_rows(
        self, session: Session, shape: TableShape, rows: RowSelection, shown: int
    ) -> StoredRows:
        own = MysqlSession(self._open(self.location.database))
        return MysqlStoredRows(own, session, shape, rows, shown)

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
            **{
                "connect_timeout": CONNECT_SECONDS,
                "read_timeout": CONNECT_SECONDS,
                **driver_options(place),
            },
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
            f"The database {self.location.database!r} does not exist. {why}".strip(),
            place=self.display(),
            hint="Create it, name another in the URL, or GRANT the user CREATE.",
        )
