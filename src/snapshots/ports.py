"""The interfaces between the engine and everything outside of it. Read this file first.

The engine moves records from a `Source` to a `Target` and writes the account of them in the
ledger, all in the target's own transactions. It knows sources and targets only by these
protocols. What a docstring here says an implementer must guarantee is what the conformance
suites in `tests/conformance/` check, for every implementation.

Only errors of `snapshots.errors` may reach the engine: an adapter translates its driver's errors,
and it alone knows which of them are worth a retry.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from msgspec import Struct

from snapshots._native import Block, TypedRows
from snapshots.model import (
    Column,
    Contract,
    FormatName,
    InputSchema,
    Layout,
    TableName,
    TableShape,
)
from snapshots.publishing_port import PublishingTarget
from snapshots.row_encoding import RowEncoding
from snapshots.session_port import ResultRows, RowStream, Session, Value
from snapshots.sql_dialect import SqlDialect
from snapshots.stored_rows import RowSelection, StoredRows
from snapshots.table_facts import (
    Comparison,
    Naming,
    OwnKey,
    ReferencingKey,
    RowPlace,
    TableDescription,
)

__all__ = [
    "Described",
    "Identity",
    "Numbered",
    "ResultRows",
    "RowStream",
    "Session",
    "Source",
    "Target",
    "Value",
]


class Identity(Struct, frozen=True):
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
    def format(self) -> FormatName:
        """How the bytes that `read` gives are laid out as records."""

    @property
    def text_fields(self) -> frozenset[int]:
        """The indexes of the fields that are texts, even if they look like numbers."""

    @property
    def schema(self) -> InputSchema | None:
        """The columns as the input itself declares them; None: values must tell."""

    @property
    def typed_rows(self) -> TypedRows | None:
        """Where `read` leaves the values of its records, beside their text; None: it has none."""

    @property
    def compressed(self) -> bool:
        """Whether `read` gives other bytes, and as a rule more of them, than are stored."""

    @property
    def hides_secret(self) -> bool:
        """Whether the name lacks a secret part, so that it does not lead to the bytes again."""

    def head(self, size: int) -> bytes:
        """Returns at most `size` first bytes, decompressed. It consumes nothing; call it often."""

    def read(self, offset: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yields decompressed bytes from `offset` up to `end`, or to the last one, in pieces of
        about 1 MiB, never empty ones. A remote seekable input transfers no others.

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


@runtime_checkable
class Numbered(Protocol):
    """A source that makes its records of numbered rows, which it finds without those before.

    Its records have other bytes than are stored, so that only it can tell the hash of these.
    """

    @property
    def content_hash(self) -> str | None:
        """The hash of the stored bytes. If it was not known before, it is so once all records have
        been read; None where `raw` is cheap."""

    def read_from_line(self, line: int) -> Iterator[bytes]:
        """Yields the bytes of the records from a line on, those that `read` would give."""


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


class Target(PublishingTarget, Protocol):
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
    def chunk_bytes(self) -> int:
        """How much of the input a transaction commits, unless the user says otherwise."""

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

    def describe(self, session: Session, table: TableName) -> TableDescription | None:
        """Tells what an import asks of its table before it is planned, with as few statements as
        the database allows; None if there is no table."""

    def naming(self, session: Session) -> Naming:
        """Tells how this session names tables."""

    def known_as(self, session: Session, table: TableName) -> TableName | None:
        """Returns the database's own spelling of a name that a table, a view, an index or anything
        else has, with its schema if the database has schemas. None if nothing has the name."""

    def tables(self, session: Session) -> list[TableName]:
        """Returns all tables and views except the database's own, spelled as by `known_as`."""

    def uptime(self, session: Session) -> float | None:
        """Returns the seconds since the server was started; None where nobody can tell."""

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

    def add_columns(self, session: Session, table: TableName, columns: Sequence[Column]) -> None:
        """Adds nullable columns to a table that exists."""
