"""The SQL that differs from database to database, as one object for each target.

The ledger, the engine and `targets/sql/` build their statements with `Target.dialect`; they never
ask which database it is. `SqlDialect` answers as the SQL standard does, and a target's
`dialect.py` overrides what its database writes in another way:

    class PostgresDialect(SqlDialect):
        name = "postgres"
        now = "to_char(clock_timestamp() AT TIME ZONE 'UTC', ...)"

        def quote(self, identifier: str) -> str:
            return quote(identifier)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from snapshots.model import TableColumn, TypeKind

EXACT_KINDS = ("boolean", "integer", "date", "time", "timestamp", "timestamptz", "uuid")
"""Kinds of values that databases with binding types store in one way only."""


class NamedLock(Struct, frozen=True):
    """Two statements: one takes a lock of the whole database, the other gives it back."""

    take: str
    """Waits for the lock; its one row is `(1,)` if the session has got it."""
    release: str


class TransactionLock(Struct, frozen=True):
    """A lock of the whole database which is taken within a transaction, and held until it ends."""

    take: str
    """An expression that waits for the lock; it is 1 once the session has got it."""
    take_free: str
    """An expression that takes the lock if it is free; else it is 0, at once."""
    release: str = ""
    """An expression that gives the lock back after COMMIT or ROLLBACK, where these do not."""


class NumberSequence(Struct, frozen=True):
    """A counter of the database that no transaction holds."""

    following: str
    """An expression for its next number."""
    go_on_behind: str
    """A statement after which it gives no number up to the one of the mark."""


class SqlDialect(ABC):
    """How one database writes SQL. Instances hold no state; any thread may use them."""

    name: ClassVar[str]
    """The target's name, such as `postgres`; users see it in `--json`."""
    now: ClassVar[str]
    """An expression for the current time by the database's clock: UTC, as ISO 8601 text with
    milliseconds and a Z, such as `2027-03-01T09:30:00.125Z`."""
    row_lock: ClassVar[str] = " FOR UPDATE"
    """Ends a SELECT whose rows nobody else may lock or change until the transaction ends. Empty
    where a transaction that may write is alone anyway."""
    share_lock: ClassVar[str] = " FOR SHARE"
    """Ends a SELECT whose rows others may lock alike, and nobody may change."""
    stay_lock: ClassVar[str] = " FOR SHARE"
    """The same, where possible: others may still change columns that are in no key, such as a
    heartbeat. `row_lock` waits for it, and it for `row_lock`."""
    temporary_table: ClassVar[str] = "TABLE"
    """What DROP names a temporary table with, so that it does not end the transaction."""
    one_snapshot: ClassVar[tuple[str, ...]] = ("BEGIN",)
    """Statements after which a session reads the database as it is at its next SELECT, until it
    ends. It may write to its temporary tables."""
    readers_block: ClassVar[str] = ""
    """A query that gives a row where nobody can write while a session reads; empty: never."""
    empty_temporary: ClassVar[str] = "DELETE FROM"
    """What removes all rows of the temporary table that is named next, and frees their space."""
    for_joins: ClassVar[str] = ""
    """A statement that begins a transaction which joins large tables; empty: none is needed."""
    for_joins_alone: ClassVar[str] = ""
    """The same for a transaction in which all statements read whole tables."""
    ddl_commits: ClassVar[bool] = False
    """CREATE and DROP TABLE end the transaction that they stand in."""
    keeps_given_identity: ClassVar[str] = ""
    """Stands in an INSERT before its SELECT: values for identity columns are taken as given."""
    savepoints: ClassVar[bool] = True
    """A transaction goes on after a row was refused under a savepoint. False: it ends, and the
    target is asked beforehand which rows a table refuses; see `PublishingTarget.ask`."""
    migration_lock: ClassVar[NamedLock | None] = None
    """Keeps other processes away while the ledger migrates. None: a transaction does, because the
    database can roll a CREATE or ALTER TABLE back."""
    import_numbers: ClassVar[NumberSequence | None] = None
    """Where the numbers of imports come from, if a sequence that the ledger's migrations create."""
    inserted_number: ClassVar[str | None] = None
    """An expression for the number that the session's last INSERT got from snapshots_imports, where
    its column `id` has a counter. None of both: who begins an import takes the number after the
    largest, and all who do so exclude each other."""
    number_step: ClassVar[str] = "1"
    """An expression for how far apart such numbers are of rows that one INSERT adds: then
    `inserted_number` is the first of them."""
    returns_inserted: ClassVar[bool] = False
    """Whether an INSERT can end with RETURNING, and gives what it has written."""
    listed: ClassVar[str]
    """A query for the texts of a JSON array, which is its parameter, as the column `v`."""
    integer: ClassVar[str] = "bigint"
    """What CAST makes a signed integer of 64 bits with."""
    text: ClassVar[str] = "text"
    """What CAST makes a text of any length with."""
    types_are_binding: ClassVar[bool] = True
    """A column holds values of its declared type alone, so that a date takes a few bytes."""
    takes_any_date: ClassVar[bool] = False
    """The database makes a date or a time of nearly any text, and cannot be asked which one it
    would make. The kernel must read such values as the column's type."""
    deletes_in_any_order: ClassVar[bool] = True
    """One DELETE takes rows that refer to each other. False: the database judges each row by
    itself, and a row must go before the row that it refers to."""
    stored_order: ClassVar[str | None] = None
    """Follows the name of a table to read its rows in their stored order, which the database then
    keeps for every reader. None: the database promises no such order."""

    streams_elsewhere: ClassVar[bool] = False
    """`Session.stream` reads on a session of its own, which sees no temporary table."""
    partial_indexes: ClassVar[bool] = True
    """An index may have only the rows that meet a condition."""

    @property
    def ledger_scripts(self) -> Path:
        """The folder of the ledger's migrations, `NNNN_NAME.sql`.

        The first file creates the ledger of the version that is its number; each later version has
        a file, too.
        """
        return Path(__file__).with_name("ledger") / "sql" / self.name

    def transaction_lock(self, number: int) -> TransactionLock | None:  # noqa: ARG002
        """The lock of a number of 64 bits with a sign. None: the database has no such locks, and
        who asks for one excludes everybody who does."""
        return None

    def lock_rows(self, table: str) -> str:  # noqa: ARG002
        """A statement after which nobody else writes to a table, whose name is quoted, until the
        transaction ends; everybody may read it. Empty where there is no such lock, or no need."""
        return ""

    @abstractmethod
    def quote(self, identifier: str) -> str:
        """An identifier as SQL, whatever characters it has, such as `"first name"`.

        Raises ContractError if the database cannot hold the name.
        """

    def as_integer(self, expression: str) -> str:
        """The expression as a signed integer of 64 bits: sums have wider types."""
        return f"CAST({expression} AS {self.integer})"

    def as_text(self, expression: str) -> str:
        """The expression as text, for types that cannot be compared as they are."""
        return f"CAST({expression} AS {self.text})"

    def byte_length(self, expression: str) -> str:
        """How many bytes the expression's value takes as text."""
        return f"octet_length({expression})"

    def blob_length(self, expression: str) -> str:
        """How many bytes a blob has."""
        return f"LENGTH({expression})"

    def blob_begin(self, expression: str) -> str:
        """The first bytes of a blob, as many as a mark says."""
        return f"SUBSTR({expression}, 1, ?)"

    def exact(self, column: TableColumn, prefix: str = "") -> str:
        """An expression for a column's value from which nothing is lost on its way to a client.

        `prefix` stands before the name, such as `t.`.
        """
        return prefix + self.quote(column.name)

    def limit(self, most: int, skip: int = 0) -> str:
        """Ends a SELECT that gives at most so many rows, after it has skipped some."""
        return f" LIMIT {most:d}" + (f" OFFSET {skip:d}" if skip else "")

    def or_update(self, key: Sequence[str], columns: Sequence[str]) -> str:
        """Ends an INSERT that overwrites some columns of the row which has the same key."""
        news = ", ".join(f"{name} = excluded.{name}" for name in columns)
        return f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {news}"

    def alike(self, column: TableColumn, mine: str, theirs: str) -> str:  # noqa: ARG002
        """A condition: two values of a column, which may be NULL, are stored alike. It is never
        NULL itself.

        `mine` and `theirs` are expressions of the column's type. What is equal by `=` may differ:
        1.0 and 1.00, or two texts of a collation that ignores case.
        """
        return f"{mine} IS NOT DISTINCT FROM {theirs}"

    def equal_is_alike(self, column: TableColumn) -> bool:
        """Whether values of the column that are equal by `=` are always stored alike."""
        return column.type is not None and column.type.kind in EXACT_KINDS

    def update_matching(
        self,
        table: str,
        stage: str,
        same: str,
        news: Mapping[str, str],
        where: str,
    ) -> str:
        """An UPDATE of rows `t` of a table that match rows `s` of another one.

        `news` has an expression for each column to set; all names are quoted. It ends in a
        condition, so that `AND ...` may follow.
        """
        changes = ", ".join(f"{name} = {value}" for name, value in news.items())
        return f"UPDATE {table} AS t SET {changes} FROM {stage} AS s WHERE {same} AND {where}"  # noqa: S608

    def delete_aliased(self, table: str) -> str:
        """The beginning of a DELETE of rows `t` of a table, before its WHERE."""
        return f"DELETE FROM {table} AS t"  # noqa: S608

    def comparable(self, kind: TypeKind | None, column: str) -> tuple[str, str]:
        """How a column is compared with a bound value: its expression, and the mark of the value.

        `column` is quoted; `kind` is None where the kernel does not know the type. The expression
        sorts as the column's values do: a decimal kept as text needs a CAST, for instance. It
        equals `column` where an index on the column can serve.
        """
        return (self.as_text(column) if kind in ("json", None) else column), "?"

    def replace_view(self, view: str, select: str) -> tuple[str, ...]:
        """Statements that create a view, or give it more columns. Its name is quoted."""
        return (f"CREATE OR REPLACE VIEW {view} AS {select}",)

    def moment(self, mark: str = "?") -> str:
        """A time, which is bound as the ledger writes it, as a column of instants holds it."""
        return mark

    def moment_text(self, expression: str) -> str:
        """The time in a column of instants as the ledger writes times."""
        return expression

    def bound(self, value: float | str | bool, text: str) -> int | float | str:  # noqa: ARG002
        """What is bound for such a mark, given a value and the text that it was read from."""
        return int(value) if isinstance(value, bool) else value
