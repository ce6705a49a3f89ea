"""The frozen values that all modules pass around.

Nothing here does I/O. The names of fields are those of the ledger, of `--json` and of the docs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

from msgspec import Struct
from msgspec.structs import force_setattr

from snapshots.defaults import MAX_RECORD_SIZE, Nested

TypeKind: TypeAlias = Literal[
    "boolean", "integer", "decimal", "float", "date", "time", "timestamp", "timestamptz",
    "text", "uuid", "json",
]  # fmt: skip
"""What a value is, whatever a target calls it."""

State: TypeAlias = Literal[
    "queued", "running", "finished", "failed", "cancelled", "interrupted", "undone"
]
"""The state of an import. `finished`: the whole input is accounted for. `undone`: its rows were
removed. Imports in all other states except `running` can be resumed."""

FormatName: TypeAlias = Literal["csv", "sheet", "query", "jsonl", "json", "parquet", "frame"]
"""How the bytes of an input are laid out as records: see `formats/formats.py`."""

RunKind: TypeAlias = Literal["import", "delivery"]
"""`import`: the rows are loaded into a table. `delivery`: they are sent to an HTTP API."""


class FieldPlace(NamedTuple):
    """Where a field stands in its line, in characters."""

    start: int
    """Its first character, from 1."""
    width: int | None
    """How many characters it has; None: all up to the end of the line."""


class Dialect(Struct, frozen=True):
    """How the records of an input are written.

    >>> Dialect(delimiter=";", quote="'").terminator
    'lf'
    """

    delimiter: str = ","
    """The text between two fields, mostly one character. If empty, a record is one field."""
    quote: str | None = '"'
    escape: str | None = None
    """The escape character; None for none. Before a quote, a delimiter, a line end or itself it
    makes that data. Before anything else it is data itself. Two quotes within quotes mean one, with
    an escape and without."""
    terminator: Literal["lf", "lf_alone", "cr", "rs"] = "lf"
    """How a record ends. `lf`: with LF; a CR before it belongs to the line end. `lf_alone`: with
    LF; a CR before it is data. `cr`: with CR alone. `rs`: with U+001E, as a query's rows do, so
    that a line end in a value does not count as a line."""
    encoding: str = "utf-8"
    """Python's name of the encoding. The kernel always sees UTF-8; other encodings are decoded
    before."""
    header: bool = True
    preamble: int = 0
    """How many physical lines are skipped before the header, or before the first record."""
    rows_after_header: int = 0
    """How many records after the header are skipped, because they hold types or units."""
    comment: str | None = None
    skip_initial_space: bool = False
    max_record_size: int = MAX_RECORD_SIZE
    """Bytes. A longer record is rejected: `record_too_long`."""
    repeated: str | None = None
    """The header as the input has it. A record with the same fields is rejected: `repeated_header`.
    If it has a byte order mark, only records that have one, too, are."""
    ragged: Literal["reject", "trim", "pad"] = "reject"
    """What is done with a record that is not as wide as the header. `reject`: it is rejected.
    `trim`: empty fields beyond the header are dropped. `pad`: in addition, fields that are missing
    at the end are NULL."""
    cells: bool = False
    """Whether the records are rows of a sheet. A number sign without quotes then begins the error
    of a cell: the record is rejected, `error_cell`."""
    escape_unquoted: bool = True
    """Whether the escape also counts in unquoted fields: true if a user gave it. Older plans lack
    this field, and their chunks were cut as if it were true."""
    syntax: Literal["delimited", "objects", "array"] = "delimited"
    """What a record is. `delimited`: fields with delimiters between them. `objects`: a JSON object
    on a line. `array`: an element of an array of JSON objects. Objects have no delimiter and no
    quote; of the other fields only encoding and `max_record_size` count."""
    names: tuple[str, ...] = ()
    """The names of the fields of JSON objects, in order. A record with another one is rejected."""
    nested: Nested = "json"
    """What becomes of an object in a JSON object. `json`: it is one field. `columns`: its members
    are fields, whose names are joined by dots."""

    escapes: Literal["signs", "postgres", "mysql"] = "signs"
    """What the escape makes of the byte behind it. `signs`: see `escape`. `postgres`, `mysql`:
    the letters of COPY text and of LOAD DATA; before anything else the escape is dropped. A field
    that is `\\N` stays so, as it means NULL."""
    idle: Literal["empty", "blank", "none"] = "empty"
    """Which lines hold no data and are skipped. `empty`: those of empty fields alone. `blank`:
    blank ones. `none`: a blank line is a record with one empty field. Comments, and NULs at the
    end of the input, are skipped in any case."""
    formulas: bool = False
    """Whether a field such as `="007"` is the text 007."""
    places: tuple[FieldPlace, ...] = ()
    """Where the fields of a line stand, in order, if they have fixed widths. Then there is neither
    delimiter nor quote. Spaces around fields are dropped; with `skip_initial_space` also those
    before them. A field is missing where its line ends before it does."""
    decimal_char: str = "."
    """The decimal mark in numbers of columns that name none."""

    def __post_init__(self) -> None:
        """Makes tuples of lists that come from JSON."""
        force_setattr(self, "names", tuple(self.names))
        force_setattr(self, "places", tuple(FieldPlace(*place) for place in self.places))

    @property
    def line_end(self) -> bytes:
        """What ends a line."""
        return {"cr": b"\r", "rs": b"\x1e"}.get(self.terminator, b"\n")

    def without_line_end(self, record: bytes) -> bytes:
        """A record without the line end behind it, if there is one."""
        bare = record.removesuffix(self.line_end)
        return bare.removesuffix(b"\r") if self.terminator == "lf" else bare


Wire: TypeAlias = Literal[
    "", "jsonb", "binary", "numeric", "padded", "tiny", "span", "year",
    "epoch_seconds", "epoch_milliseconds",
]  # fmt: skip
"""What the column also does to a value. `jsonb`, and MySQL's `binary` JSON, keep the last of
members with one name; `binary` rounds numbers to 64 bits. `numeric`: SQLite makes a number of a
text that looks like one. `padded`: blanks at the end of a text are lost. `year`: MySQL changes
years that have not four digits. `tiny`: MySQL's tinyint(1), which also takes numbers. `span`: its
time, which also takes a minus, and hours beyond a day."""


class Type(Struct, frozen=True):
    """A type and its physical limits. A value beyond them is a reject, and is never changed.

    >>> Type("decimal", precision=12, scale=2).kind
    'decimal'
    """

    kind: TypeKind
    bits: int = 64
    """The bits of an integer (8, 16, 24, 32 or 64) or of a float (32 or 64)."""
    unsigned: bool = False
    precision: int | None = None
    """How many digits a decimal has in all; None for no limit."""
    scale: int | None = None
    """How many digits a decimal has after the point; None for no limit."""
    fraction: int = 6
    """How many digits of a second a time or timestamp keeps."""
    max_chars: int | None = None
    max_bytes: int | None = None
    wire: Wire = ""


class Column(Struct, frozen=True):
    """One column of a contract: where its value comes from and what it must be.

    The constraints and formats are those of Frictionless Table Schema, written as there. `minimum`
    and the like are texts, which the kernel reads as values of the column's type.

    >>> Column("price", "Price (EUR)", Type("decimal"), minimum="0").source
    'Price (EUR)'
    """

    name: str
    """The name in the table."""
    source: str
    """The name in the input's header; equal to `name` if the input has no header."""
    type: Type
    format: str = "default"
    """`default`, or a pattern of strptime such as %d/%m/%Y."""
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
    """Texts that mean true. None: true, True, TRUE, 1 (and t, yes, y, on... if an existing table is
    the contract)."""
    false_values: tuple[str, ...] | None = None
    decimal_char: str = "."
    group_char: str | None = None
    bare_number: bool = True
    missing_values: tuple[str, ...] | None = None
    """Texts that mean NULL in this column. None: those of the contract."""
    place: FieldPlace | None = None
    """Where it stands in a line with fields of a fixed width."""


class InputSchema(Struct, frozen=True):
    """What an input itself says of its columns. It has NULL, so that no text means it."""

    columns: tuple[Column, ...]
    """In the order of the fields, by the input's own names."""
    notes: tuple[str, ...] = ()
    """A sentence for each column whose values are written in another way."""


class Rule(Struct, frozen=True):
    """A rule that one of some columns must have a value, in some records or in all."""

    any_of: tuple[str, ...]
    """The names of the columns."""
    when: str | None = None
    """The column that decides whether the rule is for a record; None: the rule is for all records.
    """
    values: tuple[str, ...] = ()
    """The texts in that column that the rule is for."""


class Contract(Struct, frozen=True):
    """What a row of a table must be: its columns, its primary key and its rules."""

    columns: tuple[Column, ...]
    missing_values: tuple[str, ...] | None = None
    """Texts that mean NULL, quoted or not. A field is compared as it is written, with its escapes.
    None: only an empty field without quotes means NULL."""
    primary_key: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    subset: bool = False
    """Whether an input may have more fields than the columns name. These are not loaded, also if
    the table has columns of their names."""

    @property
    def is_fixed(self) -> bool:
        """Whether it says where fields of fixed widths stand in a line."""
        return any(column.place is not None for column in self.columns)


class TableName(Struct, frozen=True):
    """A table, with its schema if one was named (PostgreSQL). It is never quoted here."""

    name: str
    schema: str | None = None

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name

    def sql(self, quote: Callable[[str], str]) -> str:
        """Returns the name for SQL, each part quoted by `quote`."""
        return ".".join(quote(part) for part in (self.schema, self.name) if part)


class TableColumn(Struct, frozen=True):
    """One column of a table that exists."""

    name: str
    type: Type | None
    """The type; None if the kernel does not know it. Its values are then sent as text."""
    sql_type: str
    """The type, as the database names it."""
    nullable: bool
    has_default: bool
    """Whether the database can fill the column in: with a default, an identity or an
    AUTO_INCREMENT."""
    generated: bool = False
    """Whether the database computes the column; it must not be written then."""
    wire: Wire = ""
    """What the column also does to a value, if its type alone does not tell."""
    free: bool = False
    """Whether the database reads more forms of a value than the kernel, which then leaves it to it.
    """
    values: tuple[str, ...] | None = None
    """The only values that the column takes; None: there is no such list."""


class TableShape(Struct, frozen=True):
    """A table that exists, as its database describes it."""

    table: TableName
    columns: tuple[TableColumn, ...]
    primary_key: tuple[str, ...] = ()
    view: bool = False
    """Whether it stands for other tables, and may take no rows: `ports.Target.require_loadable`
    tells."""


class Counts(Struct, frozen=True):
    """The account of some records; `records` is always the sum of the other three.

    >>> Counts(records=10, loaded=8, rejected=1, skipped=1).balanced
    True
    """

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

    def __sub__(self, other: Counts) -> Counts:
        return Counts(
            self.records - other.records,
            self.loaded - other.loaded,
            self.rejected - other.rejected,
            self.skipped - other.skipped,
        )

    @property
    def balanced(self) -> bool:
        """Whether every record is in exactly one bucket."""
        return self.records == self.loaded + self.rejected + self.skipped


class RowChanges(Struct, frozen=True):
    """What an import has done to the rows of its table, when it was published.

    >>> RowChanges(inserted=3, deleted=2).taken
    3
    """

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    kept: int = 0
    """Rows of before that the input lacks, and that were not deleted."""

    @property
    def taken(self) -> int:
        """Rows of the input that the table has: as many as were loaded."""
        return self.inserted + self.updated + self.unchanged


class Reject(Struct, frozen=True):
    """One record that is not in the table, and why."""

    line: int
    """The number of the record's first physical line, from 1."""
    byte_offset: int
    """The offset of the record's first byte in the (decompressed) input, from 0."""
    column: str | None
    code: str
    reason: str
    raw: bytes
    """The bytes of the record without its line end; at most 64 KiB."""


class ImportRecord(Struct, frozen=True):
    """What the ledger knows of one import or delivery."""

    import_id: int
    kind: RunKind
    input: str
    content_hash: str | None
    """The BLAKE3 hash of the stored input, as `b3sum` prints it. None until it is known."""
    database: str
    """The URL of the database, never with a password."""
    table: str
    """The table of an import; the URL of a delivery."""
    state: State
    records: int
    loaded: int
    """The number of loaded records; of a delivery, the records that the API has confirmed."""
    rejected: int
    skipped: int
    pending: int
    """Records of a delivery that were read, but whose outcome is not known. `records` does not
    include them."""
    ambiguous: int
    """Records of a delivery that were sent more than once because an answer was lost."""
    bytes: int | None
    started_at: str
    """The start in UTC, as ISO 8601."""
    finished_at: str | None
    seconds: float
    error: str | None
    """Why it is not finished, as a sentence."""
    error_code: str | None = None
    """The code of that error, such as `over_budget`."""
    replaces: int | None = None
    """The previous import of this name into this table, if the content has changed since."""
    damage: str | None = None
    """What the ledger has lost of this import, as a sentence; None if nothing."""
    mode: str = "append"
    """What the table holds after the import: see the option of this name."""
    inserted: int = 0
    """Rows that the import has put into its table, and that readers see: 0 until its rows are
    published."""
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    """Rows of before that the import has deleted."""
    kept: int = 0
    """Rows of before that the input lacks, and that were not deleted."""
    removed: int | None = None
    """How many of its rows were removed when it was undone; None: it was not."""
    restored: int | None = None
    """How many rows that it had changed or deleted are in the table again since it was undone."""
    undo_kept: int | None = None
    """How many rows undoing it has left as they are."""
    publish: str | None = None
    """How its version became the table's: `copy` or `rename`; None where there is no choice."""
    as_of: str | None = None
    """The date of the version that it has published, in UTC; None where there is none."""
    same_as: int | None = None
    """The import that had already loaded the same bytes, so that this one loaded nothing."""
    undone_at: str | None = None
    """When it was undone, as UTC in ISO 8601; None: it was not."""
    continues: int | None = None
    """The import that loaded the input before it grew: this one loads the rest."""
    dismissed: int = 0
    """Rejects that somebody has dismissed: they are to stay as they are. `rejected` counts them."""
    open: int = 0
    """Rejects that wait to be corrected or dismissed."""
    corrected: int = 0
    """Records that were rejects first, and were corrected and loaded since."""
    replaced_rows: int | None = None
    """How many rows `replaces` loaded, with the parts that it continues: they stay."""


class Layout(Struct, frozen=True):
    """What the records of an input are, where nothing needs to be detected."""

    dialect: Dialect
    header: tuple[str, ...]
    """A name for each field of a record."""
    contract: Contract
