"""The settings of a PostgreSQL database, and its tables."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

import psycopg
from psycopg import errors as sqlstate

from snapshots.errors import NoDatabase
from snapshots.locations import DATABASE, Location
from snapshots.row_encoding import POSTGRES_COPY, TEXT, RowEncoding
from snapshots.table_facts import Comparison
from snapshots.targets.postgres.adoption import PostgresAdoption
from snapshots.targets.postgres.altered import comparison
from snapshots.targets.postgres.catalog import PostgresCatalog
from snapshots.targets.postgres.dialect import DIALECT
from snapshots.targets.postgres.errors import cannot_connect
from snapshots.targets.postgres.own_keys import PostgresOwnKeys
from snapshots.targets.postgres.page_cost import PostgresPageCost
from snapshots.targets.postgres.publishing import PostgresPublishing
from snapshots.targets.postgres.quoting import quote
from snapshots.targets.postgres.renaming import PostgresRenaming
from snapshots.targets.postgres.session import READERS, PostgresSession
from snapshots.targets.postgres.stored_rows import PostgresStoredRows
from snapshots.targets.postgres.table_names import PostgresTableNames
from snapshots.targets.postgres.types import has_binary_form, kernel_type, sql_type
from snapshots.targets.sql import ddl
from snapshots.targets.sql.target import SqlTarget
from snapshots.time_limits import CONNECT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.model import Column, Contract, TableName, TableShape, Type
    from snapshots.ports import Session
    from snapshots.sql_dialect import SqlDialect
    from snapshots.stored_rows import RowSelection, StoredRows

_MAINTENANCE = "postgres"


def target(location: Location) -> PostgresTarget:
    """The target for a location of kind `postgres`."""
    return PostgresTarget(location)


def query_location(location: Location) -> Location:
    """See `locations.query_location`: nothing is added."""
    return location


@dataclass(frozen=True)
class PostgresTarget(
    PostgresCatalog,
    PostgresTableNames,
    PostgresPageCost,
    PostgresOwnKeys,
    PostgresPublishing,
    PostgresAdoption,
    PostgresRenaming,
    SqlTarget,
):
    """See `ports.Target`. What the location leaves open, libpq takes from its usual places."""

    location: Location

    dialect: ClassVar[SqlDialect] = DIALECT
    max_columns: ClassVar[int] = 1600
    names_ignore_case: ClassVar[bool] = False

    @property
    def encoding(self) -> RowEncoding:
        return POSTGRES_COPY

    def encoding_for(self, session: Session, shape: TableShape | None) -> RowEncoding:  # noqa: ARG002
        if shape is None:
            return POSTGRES_COPY
        columns = (column for column in shape.columns if not column.generated)
        return POSTGRES_COPY if all(map(has_binary_form, columns)) else TEXT

    def comparison(
        self, session: Session, table: TableName, columns: Sequence[Column], encoding: RowEncoding
    ) -> Comparison:
        return Comparison() if encoding.binary else comparison(session, table, columns)

    def display(self) -> str:
        return replace(self.location, database=self._database).url()

    def connect(self, *, create: bool = True) -> Session:
        try:
            try:
                return self._session(self._database)
            except psycopg.OperationalError:
                if (exists := self._exists()) is None:
                    raise
                if not exists and not create:
                    raise self._no_database() from None
                if not exists:
                    self._create_database()
                # Where it exists by now, another process may just have made it.
                return self._session(self._database)
        except psycopg.Error as error:
            raise cannot_connect(error, self.display()) from error

    def table_name(self, text: str) -> TableName:
        return ddl.table_name(text, schemas=True)

    def sql_type(self, kind: Type) -> str:
        return sql_type(kind)

    def physical_types(self, contract: Contract) -> list[Type]:
        return [kernel_type(sql_type(one.type)) or one.type for one in contract.columns]

    @property
    def _database(self) -> str | None:
        """None: libpq's service file names it."""
        options = dict(self.location.options)
        named = self.location.database or options.get("dbname") or os.environ.get("PGDATABASE")
        if named or "service" in options or "PGSERVICE" in os.environ:
            return named
        return DATABASE

    def _open(self, database: str | None) -> psycopg.Connection[Any]:
        place = self.location
        written = {
            "host": place.host,
            "port": place.port,
            "user": place.user,
            "password": place.password,
            "dbname": database,
        }
        settings: dict[str, Any] = {
            "application_name": "snapshots",
            "connect_timeout": os.environ.get("PGCONNECT_TIMEOUT", str(CONNECT_SECONDS)),
            # Any of what is not written before the ? may stand after it, as for libpq.
            **dict(place.options),
            **{name: value for name, value in written.items() if value is not None},
            "client_encoding": "UTF8",
        }
        return psycopg.connect(autocommit=True, context=READERS, **settings)

    def read_rows(
        self, session: Session, shape: TableShape, rows: RowSelection, shown: int
    ) -> StoredRows:
        own = cast("PostgresSession", self.connect(create=False))
        return PostgresStoredRows(own, session, shape, rows, shown)

    def _session(self, database: str | None) -> Session:
        return PostgresSession(self._open(database))

    def _exists(self) -> bool | None:
        """Whether the server has the database; None where it cannot be asked.

        Asked of the server rather than of its message, which may be in any language.
        """
        if self._database is not None:
            with suppress(psycopg.Error), self._open(_MAINTENANCE) as connection:
                known = "SELECT 1 FROM pg_database WHERE datname = %s"
                return connection.execute(known, (self._database,)).fetchone() is not None
        return None

    def _create_database(self) -> None:
        name = quote(self._database or "")
        with self._open(_MAINTENANCE) as connection:
            try:
                connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
            except (sqlstate.DuplicateDatabase, sqlstate.UniqueViolation):
                pass  # another process was faster
            except sqlstate.InsufficientPrivilege as error:
                raise self._no_database("This user may not create it.") from error

    def _no_database(self, why: str = "") -> NoDatabase:
        return NoDatabase(
            f"The database {self._database!r} does not exist. {why}".strip(),
            place=self.display(),
            hint="Create it, name another in the URL, or GRANT the user CREATEDB.",
        )
