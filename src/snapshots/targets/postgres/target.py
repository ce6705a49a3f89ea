"""The settings of a PostgreSQL database, and its tables."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import psycopg
from psycopg import errors as sqlstate

from snapshots.errors import NoDatabase, TargetError
from snapshots.locations import DATABASE, Location
from snapshots.model import TableColumn, TableShape
from snapshots.ports import Comparison, Naming
from snapshots.targets.postgres import called, pages
from snapshots.targets.postgres.altered import comparison
from snapshots.targets.postgres.base_tables import bases
from snapshots.targets.postgres.errors import cannot_connect
from snapshots.targets.postgres.names import NAME_BYTES, qualified, quote
from snapshots.targets.postgres.own_keys import orphans, own_keys
from snapshots.targets.postgres.session import READERS, PostgresSession
from snapshots.targets.postgres.stored_rows import PostgresRows
from snapshots.targets.postgres.types import has_binary_form, kernel_type, sql_type
from snapshots.targets.sql import ddl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots._native import Block
    from snapshots.model import Column, Contract, RowEncoding, TableName
    from snapshots.ports import OwnKey, RowPlace, Session, Value
    from snapshots.stored_rows import RowSelection, StoredRows

_CONNECT_SECONDS = "10"
_MAINTENANCE = "postgres"
_MAX_COLUMNS = 1600

_COLUMNS = """
WITH RECURSIVE named (id) AS (
    SELECT oid FROM pg_class WHERE oid = to_regclass(?) AND relkind IN ('r', 'p', 'v', 'f')
), base (attnum, type, typmod, required) AS (
    SELECT attnum, atttypid, atttypmod, attnotnull
    FROM named JOIN pg_attribute ON attrelid = id AND attnum > 0 AND NOT attisdropped
  UNION ALL
    SELECT attnum, typbasetype, typtypmod, required OR typnotnull
    FROM base JOIN pg_type ON pg_type.oid = base.type WHERE typtype = 'd'
)
SELECT attname, format_type(type, typmod), required,
       atthasdef OR attidentity <> '',
       attgenerated <> '' OR relkind = 'v' AND pg_relation_is_updatable(id, false) = 28
         AND NOT pg_column_is_updatable(id, base.attnum, false) AND NOT instead,
       array_position(indkey::int2[], base.attnum), relkind = 'v'
FROM named
JOIN (SELECT oid, relkind, EXISTS (SELECT FROM pg_trigger WHERE tgrelid = pg_class.oid
        AND tgtype & 68 = 68) OR EXISTS (SELECT FROM pg_rewrite WHERE ev_class = pg_class.oid
        AND ev_type = '3') AS instead FROM pg_class) AS it ON it.oid = id
LEFT JOIN (base JOIN pg_type ON pg_type.oid = type AND typtype <> 'd') ON true
LEFT JOIN pg_attribute ON attrelid = id AND pg_attribute.attnum = base.attnum
LEFT JOIN pg_index ON indrelid = id AND indisprimary
ORDER BY base.attnum
"""
"""A domain stands for the type it is made of; a table without columns is one row without any.
An expression of a view is computed: 28 is INSERT, UPDATE and DELETE, 68 INSTEAD OF INSERT.
"""

_NAMED = """
SELECT CASE relkind WHEN 'i' THEN 'an index' WHEN 'I' THEN 'an index' WHEN 'S' THEN 'a sequence'
         WHEN 'm' THEN 'a materialized view' WHEN 'c' THEN 'a type' WHEN 'v' THEN 'a view'
       END, pg_relation_is_updatable(oid, true) & 8 = 8
FROM pg_class WHERE oid = to_regclass(?)
UNION ALL
SELECT 'a type', false FROM pg_type WHERE oid = to_regtype(?) AND typrelid = 0 AND typelem = 0
  AND typnamespace = COALESCE(to_regnamespace(?), to_regnamespace(quote_ident(current_schema())))
"""
"""What has a name; 8 is INSERT. A name without a schema is made in the first of the search path."""

_TRIGGERS = """
WITH RECURSIVE family (id) AS (
    SELECT to_regclass(?)::oid
  UNION
    SELECT inhrelid FROM family JOIN pg_inherits ON inhparent = id
)
SELECT DISTINCT tgname FROM family JOIN pg_trigger ON tgrelid = id
WHERE NOT tgisinternal AND tgenabled NOT IN ('D', 'R') AND tgtype & 4 <> 0 ORDER BY 1
"""
"""Those of INSERT, also of the tables that the rows of this one are in."""
_RULES = """
SELECT rulename FROM pg_rewrite
WHERE ev_class = to_regclass(?) AND ev_type = '3' AND ev_enabled NOT IN ('D', 'R') ORDER BY 1
"""

_LEADS_AN_INDEX = """
SELECT 1 FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
WHERE indrelid = to_regclass(?) AND attname = ? AND indisvalid AND indpred IS NULL LIMIT 1
"""

_HAS_COLUMN = """
SELECT 1 FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
WHERE attname = ? AND NOT attisdropped AND relkind IN ('r', 'p', 'f') LIMIT 1
"""


def target(location: Location) -> PostgresTarget:
    """The target for a location of kind `postgres`."""
    return PostgresTarget(location)


@dataclass(frozen=True)
class PostgresTarget:
    """See `ports.Target`. What the location leaves open, libpq takes from its usual places."""

    location: Location

    @property
    def name(self) -> str:
        return "postgres"

    @property
    def encoding(self) -> RowEncoding:
        return "postgres"

    def encoding_for(self, session: Session, shape: TableShape | None) -> RowEncoding:  # noqa: ARG002
        if shape is None:
            return "postgres"
        columns = (column for column in shape.columns if not column.generated)
        return "postgres" if all(map(has_binary_form, columns)) else "text"

    def comparison(
        self, session: Session, table: TableName, columns: Sequence[Column], encoding: RowEncoding
    ) -> Comparison:
        return Comparison() if encoding == "postgres" else comparison(session, table, columns)

    @property
    def writers(self) -> int | None:
        return None

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

    def now_sql(self) -> str:
        return """to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""

    def table_name(self, text: str) -> TableName:
        return ddl.table_name(text, schemas=True)

    def quote(self, identifier: str) -> str:
        return quote(identifier)

    def max_identifier_bytes(self) -> int:
        return NAME_BYTES

    def inspect(self, session: Session, table: TableName) -> TableShape | None:
        found = session.execute(_COLUMNS, (qualified(table),))
        if not found:
            return None
        columns, keys = [], []
        for name, kind, required, default, generated, key, _ in found:
            if name is None:
                continue
            columns.append(
                TableColumn(
                    name=str(name),
                    type=kernel_type(str(kind)),
                    sql_type=str(kind),
                    nullable=not required,
                    has_default=bool(default),
                    generated=bool(generated),
                    wire="padded" if str(kind).startswith("character(") else "",
                    free=str(kind) == "money",
                )
            )
            if isinstance(key, int):
                keys.append((key, str(name)))
        keys_in_order = tuple(name for _, name in sorted(keys))
        return TableShape(table, tuple(columns), keys_in_order, view=bool(found[0][-1]))

    def naming(self, session: Session) -> Naming:
        return called.naming(session)

    def known_as(self, session: Session, table: TableName) -> TableName | None:
        return called.known_as(session, table)

    def tables(self, session: Session) -> list[TableName]:
        return called.tables(session)

    def uptime(self, session: Session) -> float | None:
        return called.uptime(session)

    def require_loadable(self, session: Session, table: TableName) -> None:
        name = qualified(table)
        schema = None if table.schema is None else quote(table.schema)
        for what, takes_rows in session.execute(_NAMED, (name, name, schema)):
            if what == "a view" and not takes_rows:
                raise ddl.takes_no_rows(
                    table, "it takes no rows: it has neither one table behind it nor a trigger"
                )
            if what not in (None, "a view"):
                raise ddl.name_is_taken(table, str(what))

    def triggers(self, session: Session, table: TableName) -> tuple[str, ...]:
        found = session.execute(_TRIGGERS, (qualified(table),))
        return tuple(str(name) for (name,) in found)

    def passed_by(self, session: Session, table: TableName) -> tuple[str, ...]:
        # COPY rewrites no query, which is all that a rule does.
        return tuple(str(name) for (name,) in session.execute(_RULES, (qualified(table),)))

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
        if session.execute(_LEADS_AN_INDEX, (qualified(table), column)):
            return True
        ((text,),) = session.execute(f"EXPLAIN (FORMAT JSON) SELECT 1 FROM {qualified(table)}")
        estimate: int = json.loads(str(text))[0]["Plan"]["Plan Rows"]
        return estimate < rows

    def sorts(self, session: Session, sql: str, params: Sequence[Value], rows: int) -> bool:
        return pages.sorts(session, sql, params, rows)

    def stored_rows(self, session: Session, rows: RowSelection, shown: int) -> StoredRows:
        shape = self.inspect(session, rows.table)
        if shape is None or not isinstance(session, PostgresSession):
            raise TargetError(f"There is no table {rows.table}.")
        own = cast("PostgresSession", self.connect(create=False))
        return PostgresRows(own, session, shape, rows, shown)

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
                replace(
                    column,
                    type=kernel_type(sql_type(column.type)) or column.type,
                    required=ddl.required(contract, column),
                )
                for column in contract.columns
            ),
        )

    def check(self, contract: Contract, *, lineage: bool) -> None:
        ddl.check(contract, lineage=lineage, ignore_case=False, max_columns=_MAX_COLUMNS)

    def create_table(
        self, session: Session, table: TableName, contract: Contract, *, lineage: bool
    ) -> None:
        self.check(contract, lineage=lineage)
        session.execute(
            ddl.create_table_sql(
                quote,
                qualified(table),
                contract,
                [sql_type(column.type) for column in contract.columns],
                lineage="bigint" if lineage else None,
                primary_key=contract.primary_key,
            )
        )

    def add_columns(self, session: Session, table: TableName, columns: Sequence[Column]) -> None:
        parts = [
            f"ADD COLUMN {ddl.column_sql(quote, c.name, sql_type(c.type), required=False)}"
            for c in columns
        ]
        session.execute(f"ALTER TABLE {qualified(table)} {', '.join(parts)}")

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
            "connect_timeout": os.environ.get("PGCONNECT_TIMEOUT", _CONNECT_SECONDS),
            # Any of what is not written before the ? may stand after it, as for libpq.
            **dict(place.options),
            **{name: value for name, value in written.items() if value is not None},
            "client_encoding": "UTF8",
        }
        return psycopg.connect(autocommit=True, context=READERS, **settings)

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
            f"There is no database {self._database!r}. {why}".strip(),
            place=self.display(),
            hint="Create it, name another in the URL, or GRANT the user CREATEDB.",
        )
