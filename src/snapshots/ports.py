"""The seams. Read this file first.

The engine moves records from a `Source` to a `Target` and writes the account of them in the
ledger, all in the target's own transactions. It knows sources and targets only by these
protocols. What a docstring here says an implementer must guarantee is what the conformance
suites in `tests/conformance/` check, for every implementation.

Nothing may reach the engine but errors of `snapshots.errors`: an adapter translates its
driver's errors at its edge, and it alone knows which of them are worth a retry.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

from snapshots._native import Block
from snapshots.model import Column, Contract, Dialect, RowEncoding, TableName, TableShape
from snapshots.stored_rows import RowSelection, StoredRows

Value: TypeAlias = int | float | str | bytes | None
"""What a ledger statement takes and gives."""

ResultRows: TypeAlias = list[tuple[Value, ...]]


@dataclass(frozen=True, slots=True)
class Identity:
    """What is known of an input without reading all of it."""

    name: str
    """As the user gave it; `-` for stdin."""
    size: int | None
    """Bytes as they lie; None where only the end will tell."""
    mtime_ns: int | None
    inode: int | None
    fingerprint: str | None
    """BLAKE3 of size, first and last MiB: equal for equal bytes, cheap at any size. None for
    a stream."""
    etag: str | None = None
    """What a server calls these bytes and no others."""


class Source(Protocol):
    """Bytes of one input, in order."""

    @property
    def identity(self) -> Identity:
        """As it was when the source was opened."""

    @property
    def seekable(self) -> bool:
        """`read(offset)` costs no reading of what lies before the offset."""

    @property
    def remote(self) -> bool:
        """Every reading is a transfer: what can be had without another one should be."""

    @property
    def compressed(self) -> bool:
        """`read` gives other bytes, and as a rule more of them, than lie there."""

    def head(self, size: int) -> bytes:
        """At most `size` first bytes, decompressed; may be called often, consumes nothing."""

    def read(self, offset: int = 0) -> Iterator[bytes]:
        """Decompressed bytes from `offset` on, in pieces of about 1 MiB, never empty ones.

        A stream may be read once; reading it again raises InputError. A cut or corrupt
        compressed file raises InputError after all bytes before the damage were given.
        """

    def raw(self, offset: int = 0) -> Iterator[bytes]:
        """The bytes as they lie, for hashing; the same as `read` for what is not compressed."""

    @property
    def consumed(self) -> int:
        """Bytes as they lie that `read` has taken so far: what progress is measured by."""

    def unchanged(self) -> bool:
        """The input still has the size and time that `identity` says."""

    def close(self) -> None:
        """Never raises."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What the records of an input are, where that needs no detecting."""

    dialect: Dialect
    header: tuple[str, ...]
    """A name for each field of a record."""
    contract: Contract


@runtime_checkable
class Described(Protocol):
    """A source that has made its records itself, from a query for instance.

    No name leads to the same records again, so that a run of it is never resumed.
    """

    @property
    def layout(self) -> Layout:
        """How they are written and what they hold."""

    @property
    def again(self) -> str:
        """What to do to have such records once more; a sentence."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Which values of a table's rows are compared with what its columns would make of them."""

    columns: tuple[str, ...] = ()
    """Their columns, in the order in which they are judged; none, as a rule."""
    notes: tuple[str, ...] = ()
    """A sentence for each column of which nobody can tell whether it alters a value."""
    begin: str = ""
    find: str = ""
    end: str = ""
    """The target's own statements."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that a column would store as another."""

    line: int
    column: str
    text: str
    """The beginning of it."""
    other: str
    """The beginning of what would be stored."""


@dataclass(frozen=True, slots=True)
class Naming:
    """How a session names tables."""

    schema: str
    """Of a table whose name stands alone; empty where there is none."""
    ignores_case: bool
    ascii_alone: bool
    """Only that of the letters A to Z, if it ignores case."""
    system: str
    """A regular expression for the database's own tables, as `schema.name`."""


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A foreign key of a table into that table itself."""

    name: str
    """Empty where the database names none when it refuses a row, and no other can be meant."""
    columns: tuple[str, ...]
    parents: tuple[str, ...]
    """The columns that these refer to, in the same order."""
    full: bool = False
    """A row with a value in some of the columns alone has no parent; else it needs none."""


@dataclass(frozen=True, slots=True)
class RowPlace:
    """How a database says where a row of a table is."""

    expression: str
    shown: str
    """The same, as a value that can be read."""
    mark: str
    """What stands in SQL for such a value."""
    form: re.Pattern[str]
    """Of the value, as text."""
    blocks: int | None = None
    """Of the table, where rows come in the order of their places from some blocks at a time."""


class Session(Protocol):
    """One connection with a target, for one thread at a time.

    Outside a transaction each statement commits by itself.
    """

    def transaction(self) -> AbstractContextManager[None]:
        """Commits at the end of the block, rolls back when it raises.

        After a normal exit the transaction is durable. A SQLite file with a write-ahead log may
        lose the last transactions in a power cut, each of them whole, rows and account together.
        When the answer to COMMIT is lost the error is ConnectionLost: nobody knows, and the claim
        in the ledger decides later.
        A rollback that fails never hides the error that caused it.

        Whatever else ends it, a trigger or the database itself, is noticed before the next
        statement: that one and all further ones of the block raise TargetError, and nothing of
        them is written. The same holds for a savepoint and for the end of the block.
        """

    def savepoint(self) -> AbstractContextManager[None]:
        """Within a transaction: undoes what its block did when that raises, and only that."""

    def execute(self, sql: str, params: Sequence[Value] = ()) -> ResultRows:
        """One statement with `?` for each parameter; its rows, or none.

        RefusedRows if it violates a constraint: that is how a claim finds that it comes second.
        """

    def executemany(self, sql: str, rows: Sequence[Sequence[Value]]) -> None:
        """The same statement for each row, as fast as the driver can."""

    def insert(
        self, table: TableName, columns: Sequence[str], rows: Sequence[Sequence[Value]]
    ) -> None:
        """Inserts rows that are Python values, as fast as the database can: rejects may be many."""

    def load(self, table: TableName, columns: Sequence[str], blocks: Iterable[Block]) -> int:
        """Writes the rows of the blocks, which are in the target's encoding; how many.

        All or nothing within the surrounding savepoint. Every value is stored as it was given:
        if the target would skip a row, cut, change or default a value, or refuses a row,
        RefusedRows is raised, or RefusedAndEnded where a row has ended the transaction. What a
        trigger does with a row is its owner's will: one that it leaves out counts. Takes the
        blocks one by one and keeps none.
        """

    def differences(self, compared: Comparison, blocks: Iterable[Block]) -> list[Difference]:
        """Within a transaction: the values that columns would alter, at most one of a line.

        The rows of the blocks have each of the comparison's columns twice, and then lineage.
        Triggers and constraints of the table play no part. RefusedRows if a column cannot take a
        value at all; then the surrounding savepoint must be rolled back.
        """

    def name(self, text: str) -> None:
        """Lets others find this session by a name, while it lasts. Never raises: where it cannot
        be named, it is not found."""

    def end_named(self, text: str) -> int:
        """Ends the sessions of that name, whoever has them open, and what they have not committed;
        how many. Those alone that the database lets this user end. Never raises."""

    def limit_time(self, seconds: float) -> None:
        """A statement that takes longer ends with an error, from now on, where the server sees to
        that by itself; elsewhere `cancel` does."""

    def cancel(self) -> None:
        """From any thread: the statement that runs ends with an error, soon. Never raises."""

    def close(self) -> None:
        """Never raises. An open transaction is rolled back."""


class Target(Protocol):
    """A database that tables can be loaded into. Holds settings, no connection."""

    @property
    def name(self) -> str:
        """postgres, mysql, sqlite: also the name of the ledger's SQL file."""

    @property
    def encoding(self) -> RowEncoding:
        """The kernel's encoding that `Session.load` takes for most tables, of any server."""

    def encoding_for(self, session: Session, shape: TableShape | None) -> RowEncoding:
        """The one that this session takes for this table; None: for one it has created."""

    def comparison(
        self, session: Session, table: TableName, columns: Sequence[Column], encoding: RowEncoding
    ) -> Comparison:
        """What must be compared where such columns are loaded into the table in an encoding.

        Asks the database nothing, and gives an empty one, where the kernel knows all the types.
        """

    @property
    def writers(self) -> int | None:
        """How many sessions may write at once; None: no limit of the target's own."""

    def display(self) -> str:
        """A URL that a user can give to `--database`, with no password."""

    def connect(self, *, create: bool = True) -> Session:
        """A session ready for loading; with `create` makes the database where it is missing
        and may be made.

        Raises NoDatabase where it is missing and stays so, CannotConnect otherwise, saying
        what to do.
        """

    def now_sql(self) -> str:
        """An SQL expression: UTC now by the database's clock, as ISO 8601 text with
        milliseconds and a Z."""

    def table_name(self, text: str) -> TableName:
        """A user's `table` or `schema.table`; TargetError where schemas are not known."""

    def quote(self, identifier: str) -> str:
        """An identifier as SQL, whatever characters it is made of; ContractError if the
        database cannot hold it."""

    def max_identifier_bytes(self) -> int:
        """A longer name of a column cannot be had."""

    def inspect(self, session: Session, table: TableName) -> TableShape | None:
        """The table as it is; None if there is none."""

    def naming(self, session: Session) -> Naming:
        """How this session names tables."""

    def known_as(self, session: Session, table: TableName) -> TableName | None:
        """The table, view, index or whatever else has the name, as the database calls it, with its
        schema where the database has such. None where nothing has the name."""

    def tables(self, session: Session) -> list[TableName]:
        """All tables and views, but for the database's own, as `known_as` calls them."""

    def uptime(self, session: Session) -> float | None:
        """Seconds since the server was started; None where nobody can tell."""

    def require_loadable(self, session: Session, table: TableName) -> None:
        """Of a view, and of a name that no table has: raises TargetError where the view takes no
        rows, or where something else than a table has the name."""

    def triggers(self, session: Session, table: TableName) -> tuple[str, ...]:
        """Names of the triggers that rows which are loaded meet, in their order."""

    def passed_by(self, session: Session, table: TableName) -> tuple[str, ...]:
        """Names of the rules for inserted rows that rows which are loaded do not meet."""

    def own_keys(self, session: Session, table: TableName) -> tuple[OwnKey, ...]:
        """The foreign keys by which rows of the table refer to rows of the same one."""

    def orphans(
        self,
        session: Session,
        table: TableName,
        columns: Sequence[str],
        keys: Sequence[OwnKey],
        blocks: Sequence[Block],
    ) -> frozenset[int] | None:
        """Within a transaction: which of some rows, each a block, have a parent by one of the keys
        neither in the table nor among the others; and so on without those.

        All others have theirs, whatever refers to what. None where only trying can tell.
        """

    def counts_quickly(self, session: Session, table: TableName, column: str, rows: int) -> bool:
        """Whether rows with a value of the column are found at once: it leads an index, or the
        table has fewer than so many rows, as the database estimates."""

    def sorts(self, session: Session, sql: str, params: Sequence[Value], rows: int) -> bool:
        """Whether the database means to sort more than so many rows for a statement, or may."""

    def stored_rows(self, session: Session, rows: RowSelection, shown: int) -> StoredRows:
        """Rows to compare with the input, read on a session of their own; `session` is for
        questions meanwhile. `shown`: differences that are kept at most between two calls of `take`.
        """

    def row_place(self, session: Session, shape: TableShape) -> RowPlace | None:
        """Where a row of the table is, in an order that costs nothing; None where nobody says."""

    def has_column(self, session: Session, column: str) -> bool:
        """Whether any table of the database has a column of this name."""

    def bases(self, session: Session, table: TableName) -> frozenset[str]:
        """The names, as the database has them and without their schemas, of the tables that this
        one stands for: its own, those that a view reads, those above and below it by inheritance.
        None where there is no such table."""

    def physical(self, contract: Contract) -> Contract:
        """The contract with the limits that a table created from it will have."""

    def check(self, contract: Contract, *, lineage: bool) -> None:
        """ContractError where no table can be created from the contract; needs no session."""

    def create_table(
        self, session: Session, table: TableName, contract: Contract, *, lineage: bool
    ) -> None:
        """Creates the table for a contract; with lineage also `_import_id` and `_line`."""

    def add_columns(self, session: Session, table: TableName, columns: Sequence[Column]) -> None:
        """Adds nullable columns to a table that exists."""
