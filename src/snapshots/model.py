"""The nouns: frozen values that every other module passes around.

Nothing here does I/O. Field names are those of the ledger, of `--json` and of the docs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

TypeKind: TypeAlias = Literal[
    "boolean", "integer", "decimal", "float", "date", "time", "timestamp", "timestamptz",
    "text", "uuid", "json",
]  # fmt: skip
"""What a value is, whatever a target calls it."""

State: TypeAlias = Literal["queued", "running", "finished", "failed", "cancelled", "interrupted"]
"""`finished`: the whole input is accounted for. All others but `running` can be resumed."""

RunKind: TypeAlias = Literal["import", "delivery"]
"""What is done with an input: its rows are loaded into a table, or sent to an HTTP API."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the records of an input are written."""

    delimiter: str = ","
    """Mostly one character. Empty: a record is one field."""
    quote: str | None = '"'
    escape: str | None = None
    """Before a quote, a delimiter, a line end or itself, which is data then; before anything else
    it is data. Two quotes within quotes are one with it as without it."""
    terminator: Literal["lf", "cr", "rs"] = "lf"
    """`lf`: a line ends with LF, a CR before it belongs to the line end. `cr`: with CR alone.
    `rs`: with U+001E, as a query's rows do, so that the line end in a value counts as no line."""
    encoding: str = "utf-8"
    """Python's name. The kernel always sees UTF-8; other encodings are decoded before it."""
    header: bool = True
    preamble: int = 0
    """Physical lines before the header (or the first record); skipped."""
    rows_after_header: int = 0
    """Records just after the header that hold no data (types, units); skipped."""
    comment: str | None = None
    skip_initial_space: bool = False
    max_record_size: int = 8 * 1024 * 1024
    """Bytes. A longer record is rejected: `record_too_long`."""
    repeated: str | None = None
    """The header as it stands in the input: a record whose fields hold the same is rejected,
    `repeated_header`. With a byte order mark: only a record that has one, too."""
    ragged: Literal["reject", "trim", "pad"] = "reject"
    """What is done with a record that is not as wide as the header. `trim`: empty fields beyond
    it are dropped. `pad`: also, fields that are missing at the end are NULL."""
    escape_unquoted: bool = True
    """The escape counts in unquoted fields, too: a user gave it. Plans that were made before there
    was this choice lack it, and their chunks were cut so."""


Wire: TypeAlias = Literal["", "jsonb", "binary", "numeric", "padded", "tiny", "span", "year"]
"""What the column does to a value besides. `jsonb`, and MySQL's `binary` JSON: of members with one
name it keeps the last, and the second one rounds numbers to 64 bits. `numeric`: SQLite makes a
number of a text that looks like one. `padded`: blanks at the end of a text are lost. `year`: MySQL
makes other years of those that have not four digits. `tiny` and `span` are more than their kinds:
MySQL's tinyint(1) also takes numbers, and its time hours beyond a day, and a minus."""


@dataclass(frozen=True, slots=True)
class Type:
    """A type and its physical limits. What does not fit is a reject, never a coercion."""

    kind: TypeKind
    bits: int = 64
    """integer: 8, 16, 24, 32 or 64. float: 32 or 64."""
    unsigned: bool = False
    precision: int | None = None
    """decimal: digits in all; None: no limit."""
    scale: int | None = None
    """decimal: digits after the point; None: no limit."""
    fraction: int = 6
    """time, timestamp, timestamptz: digits of a second that are kept."""
    max_chars: int | None = None
    max_bytes: int | None = None
    wire: Wire = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a contract: where its value comes from and what it must be.

    The constraints and formats are those of Frictionless Table Schema, as written there.
    `minimum` and the like are lexical values, read by the kernel as the column's type.
    """

    name: str
    """In the table."""
    source: str
    """In the input's header; equal to `name` where the input has none."""
    type: Type
    format: str = "default"
    """`default`, or a strptime pattern such as %d/%m/%Y."""
    required: bool = False
    unique: bool = False
    minimum: str | None = None
    maximum: str | None = None
    exclusive_minimum: str | None = None
    exclusive_maximum: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    enum: tuple[str, ...] | None = None
    true_values: tuple[str, ...] | None = None
    """None: true, True, TRUE, 1 (and t, yes, y, on... where an existing table is the contract)."""
    false_values: tuple[str, ...] | None = None
    decimal_char: str = "."
    group_char: str | None = None
    bare_number: bool = True
    missing_values: tuple[str, ...] | None = None
    """Texts that mean NULL in this column. None: those of the contract."""


@dataclass(frozen=True, slots=True)
class Rule:
    """In some records, one of some columns must have a value."""

    any_of: tuple[str, ...]
    """Names of columns."""
    when: str | None = None
    """A column; None: the rule is for all records."""
    values: tuple[str, ...] = ()
    """Texts of it that the rule is for."""


@dataclass(frozen=True, slots=True)
class Contract:
    """What a row of a table must be."""

    columns: tuple[Column, ...]
    missing_values: tuple[str, ...] | None = None
    """Texts that mean NULL, quoted or not; compared with a field as it is written, before escapes
    are taken out of it. None: only an empty field without quotes does."""
    primary_key: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class TableName:
    """A table, with its schema (PostgreSQL) where one was named. Never quoted here."""

    name: str
    schema: str | None = None

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name

    def sql(self, quote: Callable[[str], str]) -> str:
        """As SQL names it, each part quoted as the database does."""
        return ".".join(quote(part) for part in (self.schema, self.name) if part)


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column of a table that exists."""

    name: str
    type: Type | None
    """None: the database has the type and the kernel does not know it; sent as text."""
    sql_type: str
    """As the database says it."""
    nullable: bool
    has_default: bool
    """The database can fill it in: a default, an identity, an AUTO_INCREMENT."""
    generated: bool = False
    """Computed by the database; must not be written."""
    wire: Wire = ""
    """Of the type, where it is not known by that alone."""
    free: bool = False
    """The database reads more forms of a value than the kernel does, who lets it."""
    values: tuple[str, ...] | None = None
    """The only ones that the column takes; None: there is no such list."""


@dataclass(frozen=True, slots=True)
class TableShape:
    """A table that exists, as its database describes it."""

    table: TableName
    columns: tuple[TableColumn, ...]
    primary_key: tuple[str, ...] = ()
    view: bool = False
    """It stands for other tables, and may take no rows: `ports.Target.require_loadable` tells."""


@dataclass(frozen=True, slots=True)
class Counts:
    """The account of some records; `records` is always the sum of the other three."""

    records: int = 0
    loaded: int = 0
    rejected: int = 0
    skipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.records + other.records,
            self.loaded + other.loaded,
            self.rejected + other.rejected,
            self.skipped + other.skipped,
        )

    @property
    def balanced(self) -> bool:
        """Every record is in exactly one bucket."""
        return self.records == self.loaded + self.rejected + self.skipped


@dataclass(frozen=True, slots=True)
class Reject:
    """One record that is not in the table, and why."""

    line: int
    """1-based number of the record's first physical line."""
    byte_offset: int
    """Of the record's first byte in the (decompressed) input."""
    column: str | None
    code: str
    reason: str
    raw: bytes
    """The record as it stands in the input, without its line end; at most 64 KiB of it."""


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """What the ledger knows of one import or delivery."""

    import_id: int
    kind: RunKind
    input: str
    content_hash: str | None
    """BLAKE3 of the input's bytes as they lie, as `b3sum` prints it; None until it is known."""
    database: str
    """Never with a password."""
    table: str
    """Of a delivery the URL that it is sent to."""
    state: State
    records: int
    loaded: int
    """Of a delivery the records that the API has confirmed."""
    rejected: int
    skipped: int
    pending: int
    """Records of a delivery that were read and are not decided; not among `records`."""
    ambiguous: int
    """Records of a delivery that were sent more than once, because an answer was lost."""
    bytes: int | None
    started_at: str
    """UTC, ISO 8601."""
    finished_at: str | None
    seconds: float
    error: str | None
    replaces: int | None = None
    """The import of the same name, into the same table, whose content this one succeeds."""
    damage: str | None = None
    """What the ledger has lost of it, as a sentence."""
    same_as: int | None = None
    """The import that had loaded the same bytes before, so that this one loaded nothing."""
