"""The Rust kernel. All offsets and sizes are in bytes; lines are 1-based."""

from collections.abc import Iterable, Sequence
from typing import Generic, Literal, TypeAlias, TypeVar, final

Buffer: TypeAlias = bytes | bytearray | memoryview
Value: TypeAlias = int | float | str | bytes | None
RejectTuple: TypeAlias = tuple[int, int, str | None, str, str, bytes]
"""line, byte_offset, column, code, reason, raw (at most 64 KiB)."""
Owner = TypeVar("Owner")

@final
class Hasher:
    """BLAKE3 whose state can be stored and restored."""

    def __init__(self, state: bytes | None = None) -> None:
        """`state`: a result of `state()`. ValueError if it is none."""
    def update(self, data: Buffer) -> None: ...
    def state(self) -> bytes:
        """The state at `aligned`. It has less than 2 KB, however much was hashed."""
    @property
    def aligned(self) -> int:
        """The offset that `state()` stands for: a multiple of 1 MiB, at most `length`."""
    @property
    def length(self) -> int: ...
    def hexdigest(self) -> str: ...

@final
class Chunk:
    """Whole records, contiguous in the input. Immutable; the bytes stay in Rust."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def line(self) -> int:
        """Number of the first physical line."""
    @property
    def overlong(self) -> bool:
        """Whether the chunk is one record that is too long. It holds the first 64 KiB of it."""
    def digest(self, length: int) -> bytes | None:
        """The BLAKE3 hash of the first `length` bytes. None if the chunk does not hold them all."""
    def __len__(self) -> int:
        """Bytes held."""
    def __bytes__(self) -> bytes: ...
    @staticmethod
    def of(data: Buffer, start: int = 0, line: int = 1) -> Chunk:
        """Makes a chunk of bytes that are known to be whole records."""

@final
class Splitter:
    """Cuts a stream of UTF-8 bytes into chunks of whole records."""

    def __init__(self, dialect: str, chunk_size: int, offset: int = 0, line: int = 1) -> None:
        """`dialect`: JSON of model.Dialect. `offset`, `line`: of the first byte fed, which
        must begin a record. ValueError if the JSON is wrong."""
    def feed(self, data: Buffer) -> list[Chunk]: ...
    def finish(self) -> list[Chunk]:
        """Ends the input, and gives the rest of it. The last record may lack a line end."""

@final
class Records:
    """Parses the first records of an input, to read headers and detect dialects. It is slow."""

    @staticmethod
    def parse(data: Buffer, dialect: str, limit: int) -> list[tuple[int, int, list[bytes] | None]]:
        """(line, byte offset, fields) of the first `limit` records of data that start at
        offset 0 of an input; blank lines and comments are left out; the preamble is skipped;
        the header is returned as any other record. fields is None where quoting is broken.
        A last record without line end counts as whole."""
    @staticmethod
    def written(data: Buffer, dialect: str, limit: int) -> list[list[tuple[bytes, bool]] | None]:
        """The fields of the same records as they are written, with escapes, and whether each is in
        quotes."""

    @staticmethod
    def measure(
        data: Buffer, dialect: str, limit: int
    ) -> tuple[list[int], list[int], list[int], list[int], list[float]]:
        """Measures the same records. Gives a list for each measure: the offset; the number of
        fields (0: broken quoting); the number of fields in quotes; and of the first 250 records the
        number of fields that look like values of a type, and the mean worth of the cells, from 0 to
        1."""

@final
class Block:
    """What `Converter.convert` made of a run of records in one chunk."""

    @property
    def payload(self) -> bytes:
        """The rows as bytes of the encoding. Empty for `sqlite`, whose rows stay in Rust. `json`
        objects have a newline between them, and none within."""
    def view(self) -> memoryview:
        """A read-only view of the rows, for targets that send them without a copy. Not for
        `json`."""
    @property
    def encoding(self) -> str: ...
    @property
    def records(self) -> int: ...
    @property
    def loaded(self) -> int: ...
    @property
    def rejected(self) -> int: ...
    @property
    def skipped(self) -> int: ...
    @property
    def start(self) -> int:
        """The offset in the chunk of the first record. A header is no record."""
    @property
    def first_line(self) -> int:
        """The line number at `start`."""
    @property
    def position(self) -> int:
        """The offset in the chunk of the first byte that was not converted."""
    @property
    def line(self) -> int:
        """The line number at `position`."""
    def rejects(self) -> list[RejectTuple]: ...
    def record(self, row: int) -> tuple[int, int, bytes]:
        """(line, byte_offset, raw) of one row's record, as in RejectTuple; with encoding `json`
        only. IndexError if there is no such row."""
    def raw(self, limit: int = 65536) -> bytes:
        """The raw bytes of the block's records without the last line end, at most `limit` of
        them."""

@final
class Outbox:
    """The rows of a block of encoding `json`, sent as requests of at most `size` rows each. For one
    thread at a time. A range of rows is its first row and the row after its last."""

    def __init__(
        self, block: Block, secret: bytes, key_header: str, size: int, array: bool
    ) -> None:
        """`key_header`: the header that carries the key of a request; empty for none. `array`:
        whether the body is an array of the rows. ValueError if the block has no JSON."""
    def restore(self, sent: str) -> None:
        """Marks the rows as decided that `sent` gave. ValueError if there are no such rows."""
    def decide(self, start: int, end: int) -> None:
        """Marks a range of rows as decided."""
    def deliver(self, start: int, end: int) -> None:
        """Marks a range of rows as accepted by the API."""
    @property
    def delivered(self) -> int:
        """The number of rows that `deliver` has marked."""
    @property
    def pending(self) -> int:
        """The number of rows that are not decided."""
    def sent(self) -> str:
        """The rows that are decided, such as `0-41,43`."""
    def restore_asked(self, asked: str) -> None:
        """Marks the rows as sent without an answer that `asked` gave. ValueError if there are no
        such rows."""
    def ask(self, start: int, end: int) -> None:
        """Marks a range of rows as sent without an answer."""
    def ask_first(self, most: int) -> int:
        """Marks the first rows that are not decided, at most `most`, as sent without an answer.
        Gives the number of rows marked."""
    def was_asked(self, start: int, end: int) -> bool:
        """Whether any of these rows was sent before without an answer."""
    def asked(self) -> str:
        """The rows that were sent without an answer and are not decided, such as `0-41,43`."""
    @property
    def asked_decided(self) -> int:
        """The number of rows that were sent before without an answer and are decided by now."""
    def bodies(self, start: int, end: int) -> list[bytes]:
        """The JSON objects of a range of rows."""
    def keys(self, start: int, end: int) -> list[str]:
        """The keys of a range of rows: 32 hexadecimal digits, the same for the same line and object
        under the same secret."""

@final
class Credit:
    """The right to send requests without asking Python, and a count of those that were sent."""

    def __init__(self) -> None: ...
    def grant(self, requests: int, seconds: float, head: bytes) -> None:
        """Grants `requests` requests within `seconds` seconds, which begin with `head`."""
    def revoke(self) -> None:
        """Takes the credit back."""
    @property
    def used(self) -> int:
        """The requests that were sent on this credit. Each followed a success."""
    def answers(self) -> list[tuple[int, int]]:
        """Gives (status, count) of the successes since the last call."""

@final
class CurrentOutbox:
    """The outbox that streams continue with once their own has no rows left."""

    def __init__(self) -> None: ...
    def fill(self, outbox: Outbox) -> None:
        """Sets the outbox."""

@final
class RequestStream:
    """Makes one request at a time. Several streams may share a `CurrentOutbox` and a `Credit`."""

    def __init__(self, current: CurrentOutbox, credit: Credit) -> None: ...
    @property
    def outbox(self) -> Outbox | None:
        """The outbox whose rows are under way. None before the first request."""
    @property
    def start(self) -> int:
        """The first row that is under way."""
    @property
    def end(self) -> int:
        """The row after the last one that is under way."""
    def take(self) -> bytes | None:
        """Takes the next run of rows that are not decided, at most `size`, and gives the part of
        their request after the common headers. None once every row was requested."""
    def deliver(self) -> None:
        """Marks the rows that are under way as accepted. ValueError if there are none."""
    def onward(self, data: bytes) -> bytes | None:
        """If `data` is a plain success, and credit and rows are left: marks the rows under way as
        accepted, and gives the next request. Otherwise does nothing and gives None."""

@final
class ConnectionPoller(Generic[Owner]):
    """Sends the next request after each plain success, over the connections of one event loop,
    without waking Python. The owner of a connection also reads and writes. The poller does so only
    from the moment that it has sent a request until an answer comes that it leaves to the owner.
    For one thread."""

    def __init__(self, most: int) -> None:
        """`most`: the most connections that may take part at a time."""
    def join(self, socket: int, owner: Owner) -> int:
        """Adds a connection, until `leave`, and gives its number. `socket`: its file descriptor,
        which must not block. OSError if it is closed, if `most` connections take part, or if no
        file descriptor is left: each connection needs one more."""
    def leave(self, number: int) -> None:
        """Removes a connection."""
    def lend(self, number: int, request_stream: RequestStream | None) -> None:
        """Sets the stream that makes the requests of a connection. None leaves them to its
        owner."""
    def waits(self, number: int) -> float:
        """The seconds since the poller sent a request; infinite if it sent none."""
    def pause(self) -> bool:
        """Makes `go_on` leave other connections alone. Says whether it served them before."""
    def resume(self) -> None:
        """Makes `go_on` serve the other connections again."""
    def go_on(self, number: int, answer: bytes) -> tuple[Owner, bytes, bytes | None] | None:
        """Sends the request that follows an answer. Unless paused, it then serves the answers that
        have come over other connections, until none is left or one must be left to its owner.

        Then gives (owner, answer, unsent): `unsent` is the rest of a request to write, or None if
        the owner must read the answer. ValueError if the connection has no stream."""

def request_end(bodies: list[bytes], keys: list[str], key_header: str, array: bool) -> bytes:
    """The part of a request with these records after the common headers: its key, its length and
    its body. The key is that of the one record, or is made from the keys of all records."""

@final
class AlteredRecords:
    """Records of which the database would alter a value."""

    def __init__(self, found: list[tuple[int, str, str]]) -> None:
        """`found`: the line of each record, the column, and a sentence."""
    def __len__(self) -> int: ...

@final
class Converter:
    """Turns records into rows of one encoding. Immutable, and safe to share between threads."""

    def __init__(self, spec: str) -> None:
        """`spec`: the JSON of formats/kernel_json.py. ValueError with a sentence if it is wrong."""
    def convert(
        self,
        chunk: Chunk,
        position: int,
        line: int,
        max_bytes: int,
        max_records: int | None = None,
        stop_at_reject: bool = False,
        altered: AlteredRecords | None = None,
    ) -> Block:
        """Converts records from `position` on. It stops at the end of the chunk, after `max_bytes`
        of input (but at least one record), after `max_records` records (skipped ones count), or,
        with `stop_at_reject`, after the first reject. Records in `altered` are rejected."""

def compile_patterns(patterns: list[str]) -> tuple[int, str] | None:
    """Compiles the patterns of a contract, and keeps them for later converters. If one is refused,
    gives its index and the second half of a sentence about it: "is too large: ..."."""

@final
class Scanner:
    """Collects evidence of which types the values of each column fit."""

    def __init__(
        self,
        dialect: str,
        fields: int,
        missing_values: list[str] | None = None,
        *,
        extremes: bool = False,
        limit: int | None = None,
    ) -> None:
        """`extremes`: also the shortest, the least and the greatest value. `limit`: it takes only
        this number of records, broken ones too."""
    def scan(self, chunk: Chunk) -> None:
        """Adds a chunk. Releases the GIL. Use one scanner for each thread, then `merge`."""
    @property
    def full(self) -> bool:
        """Whether it has as many records as it takes."""
    def merge(self, other: Scanner) -> None: ...
    def evidence(self) -> str:
        """Gives the evidence as JSON, which `native/src/scan/mod.rs` describes."""

class PanicException(BaseException):
    """The kernel has panicked, which is a defect of it."""

class SqliteError(Exception):
    """args: message, primary result code, extended result code."""

@final
class SqliteConnection:
    """One connection of the SQLite that is built into the kernel. For one thread at a time. Every
    call releases the GIL."""

    def __init__(self, path: str, busy_timeout_ms: int = 5000, read_only: bool = False) -> None: ...
    def execute(self, sql: str, params: Sequence[Value] = ()) -> list[tuple[Value, ...]]:
        """Runs one statement, and gives all its rows."""
    def executemany(self, sql: str, rows: Iterable[Sequence[Value]]) -> int: ...
    def script(self, sql: str) -> None: ...
    def insert(self, sql: str, block: Block) -> int:
        """Runs an INSERT for each row of a block of encoding `sqlite`. Gives the rows inserted."""
    @property
    def taken(self) -> int:
        """The rows of the last block that SQLite accepted. If it refused one: those before it."""
    @property
    def in_transaction(self) -> bool: ...
    def interrupt(self) -> None:
        """Makes the running call fail with code 9. May be called from any thread."""
    def close(self) -> None: ...

@final
class SqliteQuery:
    """The rows of one query, on a connection of its own and in one transaction. It holds some
    megabytes of them, however many there are."""

    def __init__(
        self, path: str, sql: str, params: Sequence[Value], busy_timeout_ms: int
    ) -> None: ...
    def fetch(self) -> list[tuple[Value, ...]]:
        """The next rows; an empty list at the end. Releases the GIL."""
    def close(self) -> None:
        """Ends the query. May be called again, and from any thread."""

RowsCompared: TypeAlias = tuple[
    tuple[int, int, int, int],
    list[int],
    list[tuple[Literal["changed", "missing", "more"], int, int | None, str | None, str | None]],
]
"""Equal, changed, missing and more rows; changed values of each column; and of the first
differences kind, line, index of the column, the input's value and the table's."""

@final
class StreamedRows:
    """Rows of a table, as bytes of PostgreSQL's binary COPY or of MySQL's text protocol, compared
    with blocks. The last value of each row is its line. For one thread at a time."""

    def __init__(
        self,
        form: Literal["copy", "packets"],
        encoding: Literal["postgres", "text"],
        modes: list[str],
        asks: bool,
        shown: int,
    ) -> None:
        """`modes`: how each of the blocks' columns is compared. `asks`: values that are not the
        same at a glance become questions. `shown`: differences that are kept at most between two
        calls of `take`."""
    def feed(self, data: bytes) -> None:
        """The next bytes of the server."""
    def end(self) -> None:
        """Nothing more will come. ValueError where the stream cannot have ended yet."""
    def compare(self, block: Block, refused: list[int]) -> bool:
        """Compares a block's rows, but for the `refused` lines, which are sorted. False where bytes
        must be fed first: then the same block must be given again."""
    def pass_by(self, before: int | None = None) -> bool:
        """Counts the rows before a line, or all, as more. False where bytes must be fed first."""
    @property
    def error(self) -> bytes | None:
        """The server's last packet, if it was an error."""
    def questions(self) -> list[tuple[int, int, str, str]]:
        """Line, index of the column, the text of the input and that of the table, of each value of
        which only the database can tell whether it is the same."""
    def settle(self, same: list[bool]) -> None:
        """Answers all questions: whether the values are the same."""
    def take(self) -> RowsCompared:
        """What the comparison has come to since this was last called."""

@final
class SqliteRows:
    """Rows of a table in a file, compared with blocks of encoding `sqlite`, on a connection of its
    own and in one transaction. For one thread at a time."""

    def __init__(
        self,
        path: str,
        sql: str,
        import_id: int,
        line: int,
        modes: list[str],
        shown: int,
        busy_timeout_ms: int,
    ) -> None:
        """`sql` has two parameters, the import and the first line, and gives the columns that are
        compared and the line, in the order of the lines."""
    def compare(self, block: Block, refused: list[int]) -> bool:
        """See `StreamedRows.compare`; true."""
    def pass_by(self, before: int | None = None) -> bool:
        """Counts the rows before a line, or all, as more; true."""
    def take(self) -> RowsCompared:
        """What the comparison has come to since this was last called."""
    def interrupt(self) -> None:
        """From any thread: the running call fails with code 9."""
    def close(self) -> None: ...

def plain_success(data: bytes) -> int:
    """The status if these bytes are one complete HTTP/1.1 answer of status 2xx, except 207, that
    has a length and keeps the connection open. 0 for anything else."""
