"""The Rust kernel. All offsets and sizes are in bytes; lines are 1-based."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, TypeAlias, final

Buffer: TypeAlias = bytes | bytearray | memoryview
Value: TypeAlias = int | float | str | bytes | None
RejectTuple: TypeAlias = tuple[int, int, str | None, str, str, bytes]
"""line, byte_offset, column, code, reason, raw (at most 64 KiB)."""

@final
class Hasher:
    """BLAKE3 whose state can be stored and restored."""

    def __init__(self, state: bytes | None = None) -> None:
        """`state`: a result of `state()`. ValueError if it is none."""
    def update(self, data: Buffer) -> None:
        """ValueError if a part came before that ended within a MiB."""
    def append(self, part: bytes) -> None:
        """Takes the next bytes, hashed by a `PartHasher`. ValueError if `part` does not begin where
        the bytes so far end."""
    def state(self) -> bytes:
        """The state at `aligned`. It has less than 2 KB, however much was hashed."""
    @property
    def aligned(self) -> int:
        """The offset that `state()` stands for: a multiple of 1 MiB, at most `length`."""
    @property
    def length(self) -> int: ...
    def hexdigest(self) -> str: ...

@final
class PartHasher:
    """Hashes a part of an input. Parts can be hashed in any order, by different processes."""

    def __init__(self, offset: int) -> None:
        """`offset`: where the part begins. ValueError if it is no multiple of 1 MiB."""
    def update(self, data: Buffer) -> None: ...
    @property
    def length(self) -> int: ...
    def finish(self) -> bytes:
        """Ends the part, and returns what `Hasher.append` takes: 32 bytes for each MiB. Only the
        last part of an input may end within a MiB."""

@final
class Chunk:
    """Whole records, contiguous in the input. Immutable; the bytes stay in Rust. Picklable."""

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

    def __init__(
        self,
        dialect: str,
        chunk_size: int,
        offset: int = 0,
        line: int = 1,
        rows: TypedRows | None = None,
    ) -> None:
        """`dialect`: JSON of model.Dialect. `offset`, `line`: of the first byte fed, which
        must begin a record. `rows`: where the values of the records come, so that they need not be
        read from the text. ValueError if the JSON is wrong."""
    def resize(self, chunk_size: int) -> None:
        """Chunks that are not cut yet are full at so many bytes."""
    def feed(self, data: Buffer) -> list[Chunk]: ...
    def finish(self) -> list[Chunk]:
        """Ends the input, and gives the rest of it. The last record may lack a line end."""

@final
class Survey:
    """Cuts one range of an input, on the guess that a record starts with the range's first line. It
    cuts the records that start behind `begin`, at `end` at the latest; at `begin` 0, the first
    record of the input, too. Each record of an input is so in one range."""

    def __init__(
        self, dialect: str, chunk_size: int, begin: int, end: int, start: int | None = None
    ) -> None:
        """`dialect`: JSON of model.Dialect. `start`: where the first record starts, if that is
        known. ValueError if the JSON is wrong, or for an empty range."""
    def feed(self, data: Buffer) -> list[Chunk]:
        """Takes the bytes at `wanted`. The lines of the chunks count from 1 at `start`."""
    def finish(self) -> list[Chunk]:
        """The bytes end: with the input, or where a chunk begins that was cut before."""
    @property
    def wanted(self) -> int | None:
        """The offset of the next byte to feed. None: no more are needed."""
    @property
    def start(self) -> int | None:
        """Where the first record starts, by the guess or as told. None: no record of the range
        does."""
    @property
    def exit(self) -> tuple[int, int] | None:
        """Where the first record behind the range starts, or the input ends, and the line ends from
        `start` up to there. None: not known."""

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
    def names(chunk: Chunk, dialect: str, limit: int) -> list[bytes]:
        """The names of all sound records of a chunk that are JSON objects, in the order in which
        they come first. If there are more than `limit`, some are left out. Releases the GIL."""

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
        """The rows as bytes of the encoding. Empty for `sqlite` and `arrow`, whose rows stay in
        Rust. `json` objects have a newline between them, and none within."""
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
    @property
    def of_values(self) -> bool:
        """Whether the rows were made of values beside the records, without their text."""
    def rejects(self) -> list[RejectTuple]: ...
    def record(self, row: int) -> tuple[int, int, bytes]:
        """(line, byte_offset, raw) of one row's record, as in RejectTuple; with encoding `json`
        only. IndexError if there is no such row."""
    def raw(self, limit: int = 65536) -> bytes:
        """The raw bytes of the block's records without the last line end, at most `limit` of
        them."""

@final
class RejectRows:
    """The rejects of a block, without its rows: as rows of the ledger's table of rejects."""

    def __init__(self, block: Block) -> None: ...
    def __len__(self) -> int: ...
    def codes(self) -> dict[str, int]:
        """How many there are of each code."""
    def tuples(self) -> list[RejectTuple]: ...
    def block(self, encoding: str, import_id: int, first: int) -> Block:
        """The rows of the rejects from number `first` on, about 1 MiB of them; `loaded` says how
        many. Their values: the import, byte_offset, line, column, code, reason, raw. Releases the
        GIL. ValueError for `json` and unknown encodings."""

@final
class ArrowRows:
    """The rows of blocks of encoding `arrow`, as columns of Arrow. They are read once."""

    def __init__(self, first: Block, rest: Iterator[Block]) -> None:
        """`first` is the block before those of `rest`. ValueError for another encoding."""
    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """A stream of one batch for each block, whose columns are named c0, c1 and so on."""
    @property
    def rows(self) -> int:
        """How many rows were read so far."""
    def raise_failure(self) -> None:
        """Raises the error with which `rest` has ended a stream, if there was one."""

@final
class RowKeys:
    """The keys of the rows of a block of encoding `json`, and hashes by which a later run tells
    whether a row has changed. Thread-safe.

    Hashes are 32 hexadecimal digits. Numbers of one value are one key, however they are written.
    """

    def __init__(self, block: Block, key: list[str], cursor: str | None = None) -> None:
        """`key` names the members of the key, `cursor` one more. ValueError if a row has no value
        of its key."""
    def __len__(self) -> int: ...
    def packed(self, every: bool = False) -> str:
        """A JSON array with a text for each row whose key no earlier row has, or for every row: 32
        digits of the key's hash, 32 of the row's, 20 of the line, and 8 of the row's number."""
    def repeated(self) -> list[tuple[int, int]]:
        """The numbers of the rows whose key an earlier row has, each with that of the first one."""
    def hashes(self, row: int) -> tuple[str, str]:
        """The hash of a row's key, and that of the row. IndexError if there is no such row."""
    def line(self, row: int) -> int:
        """The line of a row."""
    def row(self, row: int) -> tuple[str, str, str, str | None]:
        """The hashes of a row, the members of its key as a JSON object, and the value of `cursor`
        as JSON."""

@final
class RequestPlan:
    """How the rows of a delivery become requests. Thread-safe."""

    def __init__(self, spec: str) -> None:
        """`spec` is JSON. `seed` and `keyed`: what keys are made of, and whether requests carry
        them. `size` and `most_bytes`: the most rows of one request, and the most bytes of its body;
        a longer row is alone. `framing`: `open`, `between` and `close`; a request has one row if
        nothing is between two. `address`: a text, the name of a member, a text, and so on; null:
        that of the client. `method_column`: the member with the method of each row, which is not
        sent. `form`: rows are written as HTML forms. `nested`: all members, if dots in their names
        make objects. ValueError if that makes no sense."""

@final
class Outbox:
    """The rows of a block of encoding `json`, on their way as requests. Thread-safe. A range of
    rows is its first row and the row after its last."""

    def __init__(
        self,
        block: Block,
        plan: RequestPlan,
        method: str | None = None,
        rows: Sequence[int] | None = None,
        keys: Sequence[str] | None = None,
        methods: Sequence[str] | None = None,
    ) -> None:
        """`method`: for rows without one of their own; None: that of the client. `rows`: those to
        be sent; None: all. `keys`: for each of these 32 characters; None: they are made of the
        seed. `methods`: for each of them one of its own. ValueError if the block has no JSON, or
        not these rows."""
    def incomplete(self) -> list[int]:
        """The rows that are not decided and lack a value for their address, or for the line
        before them."""
    def paths(self, start: int, end: int) -> list[str]:
        """The path and query of a range of rows. Empty if all have that of the client."""
    def method(self, row: int) -> str | None:
        """The method of the request with this row. None: that of the client."""
    def take(self) -> tuple[int, int] | None:
        """Takes the rows of the next request, as a client does. None: all were taken."""
    def request(self, start: int, end: int) -> tuple[str | None, str | None, str | None, bytes]:
        """The method, the path and query, the key and the body of the request with a range of rows.
        None: as for all requests, or no key."""
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
    def account(self, news: bool = False) -> tuple[int, int, int, str, list[int]]:
        """`delivered`, `pending`, `asked_decided` and `sent` of one moment; `sent` is empty if
        nothing is pending. With `news` also the rows that were decided since it gave them last."""
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
        """A range of rows as they are sent: JSON objects, or forms."""
    def keys(self, start: int, end: int) -> list[str]:
        """The keys of a range of rows: 32 hexadecimal digits, the same for the same line and object
        under the same secret."""

@final
class Heard:
    """What came of one request, or that there is nothing more to be sent."""

    number: int
    """The number that was given to `HttpClient.stream` or `HttpClient.send`."""
    rows: tuple[int, int, int] | None
    """Of a stream: the place of the outbox, the first row, and the row after the last one."""
    failure: str
    """Empty: there is an answer. `no answer`; `halted`: nothing is sent any more; `over`: there are
    no more rows. Otherwise nothing can be sent at all: `certificate`, `client certificate`, `tls`,
    `proxy`, `proxy credentials` or `http2` says what is wrong."""
    text: str
    """Why there is no answer."""
    sent: bool
    """The request may have reached the server."""
    status: int
    headers: list[tuple[str, str]]
    """Names in lower case."""
    body: bytes
    """The body of the answer, or the first bytes of one that is no HTTP."""
    complete: bool
    """The body is complete."""
    proof: int
    """How often `authorize` had been called when the request was made."""

@final
class HttpClient:
    """Sends to one server, on a thread of its own. Python wakes up when `fileno` is readable, and
    then calls `take`. All methods return at once, and raise RuntimeError once it is closed."""

    def __init__(self, settings: str) -> None:
        """`settings`: a JSON object, see `native/src/delivery/settings.rs`. ValueError if a file of
        certificates cannot be used."""
    def fileno(self) -> int:
        """The number of the socket that becomes readable when there is news."""
    def take(
        self,
    ) -> tuple[list[Heard], list[tuple[str | None, int, int]], bool, int | None, bool, float, bool]:
        """What happened since the last call: (heard, successes, due, hungry, held, pause, short).

        `successes`: (method, status, count) of plain successes of streams. `due`: they are many, or
        some have waited for long. `hungry`: streams want rows after those of so many outboxes.
        `held`: no request begins before `resume`, as something of `heard` may end the delivery.
        `pause`: the seconds for which the server has said that no request is left. `short`: no
        request begins before `grant`."""
    @property
    def limit(self) -> int:
        """The most requests that may be under way now."""
    def open(self, place: int, outbox: Outbox) -> None:
        """Has streams send the rows of an outbox after those before it. `place` names it."""
    def end(self) -> None:
        """Lets streams end once all rows that are open were sent: no more will be opened."""
    def stop(self) -> None:
        """Lets streams take no more rows, and end."""
    def allow(self, requests: int) -> None:
        """Lets so many more requests of streams begin than the window said."""
    def stream(self, number: int) -> None:
        """Sends rows, one request after the other, until one is no plain success."""
    def send(
        self,
        number: int,
        bodies: list[bytes],
        keys: list[str],
        method: str | None = None,
        path: str | None = None,
    ) -> None:
        """Sends one request with these records, before any rows. ValueError if they do not fit."""
    def authorize(self, headers: list[tuple[str, str]]) -> None:
        """Sets the headers that prove who we are."""
    def answered(self) -> None:
        """Counts an answer to `send`, or an unusual one, that says nothing of overload."""
    def faulted(self) -> None:
        """Counts a 503: a fault, or the beginning of overload."""
    def throttled(self) -> None:
        """Lowers the limit, because the API asks for fewer requests."""
    @property
    def budget(self) -> int | None:
        """The requests that may begin before more are granted. None: any number."""
    def grant(self, requests: int) -> None:
        """Lets so many more requests begin than the budget said."""
    def pause(self, seconds: float) -> None:
        """Lets no request begin for so long."""
    def resume(self) -> None:
        """Lets requests begin again after news was `held`."""
    def halt(self) -> None:
        """Lets no request begin any more."""
    def give_up(self, text: str) -> None:
        """Halts, and stops waiting for answers: the text says why they did not come."""
    def close(self) -> None:
        """Ends all connections, and waits for the thread."""

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

@final
class ObjectScanner:
    """Collects the names of JSON objects, and the evidence that a `Scanner` of them would give."""

    def __init__(self, dialect: str, most_names: int) -> None:
        """After more than `most_names` names it takes no more."""
    def scan(self, chunk: Chunk) -> None:
        """Adds a chunk, in the order of the input. Releases the GIL."""
    def names(self) -> list[bytes]:
        """The names of all sound records, in the order in which they come first. If there are more
        than it takes, some are left out."""
    def evidence(self) -> str | None:
        """The evidence as `Scanner` has it. None: not every record is sound."""

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

@final
class ParquetFile:
    """An open Parquet file."""

    def __init__(self, descriptor: int) -> None:
        """Reads the footer of a file from what `system.handle_of` gives, which stays the caller's.

        Raises ValueError, with a sentence, if it cannot be read. So do all methods."""
    def columns(self) -> str:
        """The columns, as a JSON list of objects that `sources/columnar.py` reads."""
    def row_groups(self) -> list[tuple[int, int]]:
        """The number of rows of each row group, and the place in the file where its bytes end."""
    def records(
        self,
        first: int = 0,
        threads: int | None = None,
        typed: TypedRows | None = None,
        groups: int | None = None,
    ) -> RecordStream:
        """The rows as records, in pieces of about 1 MiB, from a row on that is counted from 0.
        `typed` gets the values of each piece before it is given. `groups`: the rows of only so many
        row groups, from the first one of the file on. Of the others no byte is read.

        `threads` write them, and half as many read the columns; None: as many as there are cores,
        within bounds."""

@final
class Frame:
    """One reading of a frame, through Arrow's C stream interface."""

    def __init__(self, capsule: object) -> None:
        """Takes over what `__arrow_c_stream__` gave. Raises ValueError, as all methods do."""
    def columns(self) -> str:
        """The columns, as those of a `ParquetFile`."""
    def records(self, typed: TypedRows | None = None) -> RecordStream:
        """The rows as records, once. `typed` gets the values of each piece before it is given."""

@final
class TypedRows:
    """The values of rows, beside the text of their records. They wait here for the `Splitter` that
    cuts the records; without one, none are kept. The chunks are the same with and without them."""

    def __init__(self) -> None: ...

@final
class RecordStream:
    """Records of an input, which threads of the kernel write. Raises ValueError, with a sentence,
    where they cannot be read."""

    def __iter__(self) -> RecordStream: ...
    def __next__(self) -> bytes: ...
    @property
    def consumed(self) -> int:
        """How many stored bytes were read for the pieces so far."""

@final
class Workbook:
    """An open workbook: xlsx, xlsb, xls or ods."""

    def __init__(self, descriptor: int, kind: str) -> None:
        """Takes what `system.handle_of` gives, which stays the caller's.

        Raises ValueError, with a sentence, if it cannot be read. So do all methods."""
    def sheets(self) -> list[tuple[str, bool]]:
        """The names of the sheets that have cells, in order, each with whether it is visible."""
    def filled_rows(self, sheet: str) -> int:
        """How many rows of a sheet have a value."""
    def write(self, sheet: str, write: Callable[[bytes], object]) -> set[int]:
        """Gives the rows of a sheet as records, in pieces of about 1 MiB; row 1 is line 1. Returns
        the indexes of the fields whose cells are all texts."""
