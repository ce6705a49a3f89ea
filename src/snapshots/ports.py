"""The interfaces between the engine and everything outside of it. Read this file first.

The engine moves records from a `Source` to a `Target` and writes the account of them in the
ledger, all in the target's own transactions. It knows sources and targets only by these
protocols. What a docstring here says an implementer must guarantee is what the conformance
suites in `tests/conformance/` check, for every implementation.

Only errors of `snapshots.errors` may reach the engine: an adapter translates its driver's errors,
and it alone knows which of them are worth a retry.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

from snapshots._native import Block
from snapshots.model import Column, Contract, Dialect, TableName, TableShape
from snapshots.row_encoding import RowEncoding
from snapshots.sql_dialect import SqlDialect
from snapshots.stored_rows import RowSelection, StoredRows
from snapshots.table_facts import (
    Comparison,
    Difference,
    Naming,
    OwnKey,
    ReferencingKey,
    RowPlace,
)

Value: TypeAlias = int | float | str | bytes | None
"""What a ledger statement takes and gives."""

UNDO_ROW = "snapshots_undo_row"
"""The column of an undo table that numbers its rows, where the database needs it."""

ResultRows: TypeAlias = list[tuple[Value, ...]]
RowStream: TypeAlias = Generator[ResultRows, None, None]
"""Rows of a query, a few at a time."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What is known of an input before all of it is read."""

    name: str
    """As the user gave it; `-` for stdin."""
    size: int | None
    """Bytes as stored, before decompression; None where only the end of the input tells."""
    mtime_ns: int | None
    inode: int | None
    fingerprint: str | None
    """BLAKE3 of the size, the first and the last MiB: equal for equal bytes, and cheap at any
    size. None for a stream."""
    etag: str | None = None
    """The server's name for exactly these bytes."""


class Source(Protocol):
    """The bytes of one input, in order."""

    @property
    def identity(self) -> Identity:
        """What the input was when the source was opened."""

    @property
    def seekable(self) -> bool:
        """Whether `read(offset)` starts at the offset without reading what precedes it."""

    @property
    def remote(self) -> bool:
        """Whether every reading is a transfer, so that the engine avoids a second one."""

    @property
    def compressed(self) -> bool:
        """Whether `read` gives other bytes, and as a rule more of them, than are stored."""

    def head(self, size: int) -> bytes:
        """Returns at most `size` first bytes, decompressed. It consumes nothing; call it often."""

    def read(self, offset: int = 0) -> Iterator[bytes]:
        """Yields decompressed bytes from `offset` on, in pieces of about 1 MiB, never empty ones.

        A stream can be read once; reading it again raises InputError. A cut or corrupt compressed
        file raises InputError after it has given all bytes before the damage.
        """

    def raw(self, offset: int = 0) -> Iterator[bytes]:
        """Yields the bytes as stored, for hashing: those of `read` if nothing is compressed."""

    @property
    def consumed(self) -> int:
        """How many stored bytes `read` has taken so far; progress is measured by it."""

    def unchanged(self) -> bool:
        """Returns whether the input still has the size and the time that `identity` says."""

    def close(self) -> None:
        """Releases what the source holds. Never raises."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What the records of an input are, where nothing needs to be detected."""

    dialect: Dialect
    header: tuple[str, ...]
    """A name for each field of a record."""
    contract: Contract


@runtime_checkable
class Described(Protocol):
    """A source that makes its records itself, for instance from the rows of a query.

    No name leads to the same records again, so that an interrupted run of it never resumes.
    """

    @property
    def layout(self) -> Layout:
        """How the records are written, and what they hold."""

    @property
    def again(self) -> str:
        """A sentence that tells the user how to get such records once more."""


class Session(Protocol):
    """One connection with a target, for one thread at a time.

    Outside a transaction each statement commits by itself:

        with session.transaction():
            session.load(table, ["id", "name"], blocks)
            session.execute("UPDATE snapshots_imports SET loaded = ? WHERE id = ?", (1000, 7))
    """

    def transaction(self) -> AbstractContextManager[None]:
        """Commits at the end of the block, and rolls back if the block raises.

        After a normal exit the transaction is durable. A SQLite file with a write-ahead log may
        lose the last transactions in a power cut, each of them whole, rows and account together.
        If the answer to COMMIT is lost the error is ConnectionLost: nobody knows, and the claim
        in the ledger decides later. A rollback that fails never hides the error that caused it.

        A trigger or the database itself may end the transaction early. The session notices that
        before its next statement: this one and all further ones of the block raise TargetError,
        and write nothing. The same holds for a savepoint and for the end of the block.
        """

    def savepoint(self) -> AbstractContextManager[None]:
        """Within a transaction: undoes exactly what the block did if the block raises."""

    def execute(self, sql: str, params: Sequence[Value] = ()) -> ResultRows:
        """Runs one statement with a `?` for each parameter; returns its rows, or an empty list.

        Raises RefusedRows if it violates a constraint: by that a claim finds that it comes second.
        """

    def stream(self, sql: str, params: Sequence[Value] = ()) -> RowStream:
        """Runs one query, and yields its rows a few at a time, however many there are.

        All of them are of one moment. The session takes no other statement until the iterator has
        ended; if that is closed early, close the session, too.
        """

    def executemany(self, sql: str, rows: Sequence[Sequence[Value]]) -> None:
        """Runs the same statement for each row, as fast as the driver can."""

    def change(self, sql: str, params: Sequence[Value] = ()) -> int:
        """Runs one statement that inserts, updates or deletes rows of a user's table; returns how
        many rows it has changed, without those that a trigger has left out.

        Raises RefusedRows, or RefusedAndEnded, where a row is the reason why it cannot be done.
        """

    def insert(
        self, table: TableName, columns: Sequence[str], rows: Sequence[Sequence[Value]]
    ) -> None:
        """Inserts rows of Python values as fast as the database can: rejects may be many."""

    def load(self, table: TableName, columns: Sequence[str], blocks: Iterable[Block]) -> int:
        """Writes the rows of the blocks, which are in the target's encoding; returns how many.

        All or nothing within the surrounding savepoint. Every value is stored as it was given:
        if the target would skip a row, cut, change or default a value, or refuses a row,
        RefusedRows is raised, or RefusedAndEnded if a row has ended the transaction. A trigger may
        leave a row out, as its owner wants: that row counts. Takes the blocks one by one and keeps
        none of them.
        """

    def differences(self, compared: Comparison, blocks: Iterable[Block]) -> list[Difference]:
        """Within a transaction: returns the values that columns would alter, at most one a line.

        The rows of the blocks have each of the comparison's columns twice, and then lineage.
        Triggers and constraints of the table play no part. Raises RefusedRows if a column cannot
        take a value at all; then the surrounding savepoint must be rolled back.
        """

    def name(self, text: str) -> None:
        """Lets others find this session by a name while it lasts. Never raises: a session that
        cannot be named is not found."""

    def end_named(self, text: str) -> int:
        """Ends all sessions of that name that the database lets this user end, whoever opened
        them, and rolls back their transactions; returns how many. Never raises."""

    def limit_time(self, seconds: float) -> None:
        """Makes the server end each later statement that takes longer with an error, if the server
        can do that; otherwise `cancel` is the way."""

    def cancel(self) -> None:
        """Makes the running statement end with an error soon. Any thread may call it. Never
        raises."""

    def close(self) -> None:
        """Closes the connection and rolls back an open transaction. Never raises."""


class Target(Protocol):
    """A database that tables can be loaded into. It holds settings and no connection.

        target = locations.target("postgresql://localhost/rides")
        session = target.connect()
        shape = target.inspect(session, target.table_name("public.rides"))

    A target must be picklable and equal to its copy. `targets/sql/target.py` implements what SQL
    databases do alike.
    """

    @property
    def name(self) -> str:
        """The dialect's name, such as `postgres`: for people and `--json`, never for decisions."""

    @property
    def dialect(self) -> SqlDialect:
        """How the database writes what SQL databases write differently."""

    @property
    def encoding(self) -> RowEncoding:
        """The encoding that `Session.load` takes for most tables, whatever the server."""

    def encoding_for(self, session: Session, shape: TableShape | None) -> RowEncoding:
        """Returns the encoding that this session takes for a table; None: for a new one."""

    def comparison(
        self, session: Session, table: TableName, columns: Sequence[Column], encoding: RowEncoding
    ) -> Comparison:
        """Returns what must be compared when such columns of a table are loaded in an encoding.

        Asks the database nothing, and gives an empty one, where the kernel knows all the types.
        """

    @property
    def writers(self) -> int | None:
        """How many sessions may write at once; None: the target sets no limit."""

    @property
    def local_file(self) -> Path | None:
        """The file of this machine that holds the database; None for a server."""

    def display(self) -> str:
        """Returns a URL that a user can give to `--database`. It has no password."""

    def connect(self, *, create: bool = True) -> Session:
        """Returns a session ready for loading; `create` makes a missing database if it may.

        Raises NoDatabase if the database is missing and stays so, and CannotConnect otherwise.
        Each message says what to do.
        """

    def table_name(self, text: str) -> TableName:
        """Parses a user's `table` or `schema.table`. Raises TargetError for anything else, and for
        a schema if the database has none."""

    def inspect(self, session: Session, table: TableName) -> TableShape | None:
        """Describes the table as it is; None if there is none."""

    def naming(self, session: Session) -> Naming:
        """Tells how this session names tables."""

    def known_as(self, session: Session, table: TableName) -> TableName | None:
        """Returns the database's own spelling of a name that a table, a view, an index or anything
        else has, with its schema if the database has schemas. None if nothing has the name."""

    def tables(self, session: Session) -> list[TableName]:
        """Returns all tables and views except the database's own, spelled as by `known_as`."""

    def uptime(self, session: Session) -> float | None:
        """Returns the seconds since the server was started; None where nobody can tell."""

    def index_stage(self, session: Session, stage: TableName, key: Sequence[str]) -> None:
        """Outside a transaction: prepares a loaded stage for statements that look for its rows by
        a key. It may be called again."""

    def fires_triggers(self, session: Session, table: TableName) -> bool:
        """Whether a change of any kind to rows of the table fires a trigger or a rule."""

    def require_loadable(self, session: Session, table: TableName) -> None:
        """Raises TargetError if the name is that of a view which takes no rows, or of something
        else than a table. For a view, or a name that no table has."""

    def triggers(self, session: Session, table: TableName) -> tuple[str, ...]:
        """Returns the names of the triggers that loaded rows fire, in the order of firing."""

    def passed_by(self, session: Session, table: TableName) -> tuple[str, ...]:
        """Returns the names of the rules for inserted rows that `Session.load` goes around."""

    def own_keys(self, session: Session, table: TableName) -> tuple[OwnKey, ...]:
        """Returns the foreign keys by which rows of the table refer to rows of the same table."""

    def referencing_keys(self, session: Session, table: TableName) -> tuple[ReferencingKey, ...]:
        """Returns the foreign keys that refer to the table, its own included."""

    def orphans(
        self,
        session: Session,
        table: TableName,
        columns: Sequence[str],
        keys: Sequence[OwnKey],
        blocks: Sequence[Block],
    ) -> frozenset[int] | None:
        """Within a transaction: finds the rows that would violate one of the keys.

        Each block is one row. A row has its parents in the table or among the other rows; one
        whose parent is itself an orphan is an orphan, too. Returns the indexes of the orphans;
        None if only a load can tell.
        """

    def counts_quickly(self, session: Session, table: TableName, column: str, rows: int) -> bool:
        """Returns whether rows with a value of the column are found at once: the column leads an
        index, or the table has fewer than `rows` rows by the database's estimate."""

    def sorts(self, session: Session, sql: str, params: Sequence[Value], rows: int) -> bool:
        """Returns whether the database may sort more than `rows` rows for a statement."""

    def stored_rows(self, session: Session, rows: RowSelection, shown: int) -> StoredRows:
        """Rows to compare with the input, read on a session of their own; `session` is for
        questions meanwhile. `shown`: differences that are kept at most between two calls of `take`.
        """

    def row_place(self, session: Session, shape: TableShape) -> RowPlace | None:
        """Returns how to read the table's rows in an order that costs nothing; None: there is no
        such order."""

    def has_column(self, session: Session, column: str) -> bool:
        """Returns whether any table of the database has a column of this name."""

    def bases(self, session: Session, table: TableName) -> frozenset[str]:
        """Returns the names, without schemas, of all tables that this one stands for: its own,
        those that a view reads, those above and below it by inheritance. Empty if there is no such
        table."""

    def physical(self, contract: Contract) -> Contract:
        """Returns the contract with the types and limits of a table that is created from it."""

    def check(self, contract: Contract, *, lineage: bool) -> None:
        """Raises ContractError if no table can be created from the contract. Needs no session."""

    def create_table(
        self, session: Session, table: TableName, contract: Contract, *, lineage: bool
    ) -> None:
        """Creates the table for a contract; with lineage also its `_import_id` and `_line`."""

    def create_stage(
        self,
        session: Session,
        stage: TableName,
        table: TableName,
        columns: Sequence[str],
        lineage: tuple[str, str],
    ) -> None:
        """Creates an empty table, if it is missing, that takes the same values for some columns of
        a table, and lineage under these names. It has none of the table's constraints."""

    def trial_stage(
        self,
        session: Session,
        table: TableName,
        columns: Sequence[str],
        lineage: tuple[str, str],
    ) -> TableName:
        """Creates such a table that ends with the session and that nobody else sees; returns its
        name. Call it once for a session."""

    def create_undo_table(
        self, session: Session, undo: TableName, table: TableName, columns: Sequence[str]
    ) -> None:
        """Creates an empty table, if it is missing, that holds the values of some columns of a
        table as they are, in any order and number. It has none of the table's constraints.

        Where a row must come after the row that it refers to, its column UNDO_ROW numbers rows.
        """

    def rename_obstacles(self, session: Session, table: TableName) -> tuple[str, ...]:
        """Returns why a copy of a table cannot take its name and its place, as parts of sentences
        such as `view v depends on it`; empty if it can."""

    def create_clone(self, session: Session, clone: TableName, table: TableName) -> None:
        """Creates an empty copy of a table, outside a transaction: with its columns, keys, indexes,
        constraints and defaults, in the same schema."""

    def clone_difference(self, session: Session, table: TableName, clone: TableName) -> str:
        """Gives a copy with all its rows what its table has besides, such as grants, comments and
        statistics, outside a transaction. Returns in what it differs all the same, as a sentence;
        empty if in nothing."""

    def open_snapshots(self, session: Session) -> frozenset[str] | None:
        """Returns the transactions of others that may read the database as it was at an earlier
        moment, each by a name that no later one has. None: nobody may know."""

    def exchange(
        self, session: Session, table: TableName, clone: TableName, former: TableName
    ) -> None:
        """Renames a table to `former`, and its copy to the table's name, at once for all readers.

        Within a transaction if CREATE TABLE does not end one; otherwise outside. The copy goes on
        counting where the table has stopped. Raises TableInUse where others use the table for
        longer than a second, and a TargetError worth a retry where it was altered meanwhile.
        """

    def bytes_of(self, session: Session, table: TableName) -> int | None:
        """Returns about how many bytes of storage a table takes with its indexes; None where
        nobody can tell."""

    def history_obstacles(self, session: Session, table: TableName) -> tuple[str, ...]:
        """Returns why a table, if it is empty, cannot become one with history, as sentences such
        as `It has another unique key, t_name.`; empty if it can."""

    def add_intervals(self, session: Session, table: TableName, key: Sequence[str]) -> None:
        """Outside a transaction: gives an empty table the columns of a history table, and makes
        `key` and the beginning of the interval its primary key, all at once.

        Raises TargetError, and has changed nothing then, if the table has rows.
        """

    def add_columns(self, session: Session, table: TableName, columns: Sequence[Column]) -> None:
        """Adds nullable columns to a table that exists."""
