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
    """BLAKE3 whose state can be kept and taken up again."""

    def __init__(self, state: bytes | None = None) -> None:
        """`state`: what `state()` gave; ValueError if it is not one."""
    def update(self, data: Buffer) -> None: ...
    def state(self) -> bytes:
        """The state at `aligned`; under 2 KB however much was hashed."""
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
        """One record of more than the limit; only its first 64 KiB are held."""
    def digest(self, length: int) -> bytes | None:
        """BLAKE3 of the first so many bytes; None where not all of them are held."""
    def __len__(self) -> int:
        """Bytes held."""
    def __bytes__(self) -> bytes: ...
    @staticmethod
    def of(data: Buffer, start: int = 0, line: int = 1) -> Chunk:
        """A chunk of bytes that are known to be whole records."""

@final
class Splitter:
    """Cuts a stream of UTF-8 bytes into chunks of whole records."""

    def __init__(self, dialect: str, chunk_size: int, offset: int = 0, line: int = 1) -> None:
        """`dialect`: JSON of model.Dialect. `offset`, `line`: of the first byte fed, which
        must begin a record. ValueError if the JSON is wrong."""
    def feed(self, data: Buffer) -> list[Chunk]: ...
    def finish(self) -> list[Chunk]:
        """The rest; the last record may lack a line end."""

@final
class Records:
    """Parsed records, for headers and for sniffing. Not for loading."""

    @staticmethod
    def parse(data: Buffer, dialect: str, limit: int) -> list[tuple[int, int, list[bytes] | None]]:
        """(line, byte offset, fields) of the first `limit` records of data that start at
        offset 0 of an input; blank lines and comments are left out; the preamble is skipped;
        the header is returned as any other record. fields is None where quoting is broken.
        A last record without line end counts as whole."""
    @staticmethod
    def written(data: Buffer, dialect: str, limit: int) -> list[list[tuple[bytes, bool]] | None]:
        """The fields of the same records as they are written, with escapes, and whether in
        quotes."""

    @staticmethod
    def measure(
        data: Buffer, dialect: str, limit: int
    ) -> tuple[list[int], list[int], list[int], list[int], list[float]]:
        """Of the same records, in lists: the offset, the number of fields (0: broken quoting),
        how many are in quotes; and of the first 250, how many fields look like values of a type,
        and how well the cells look, from 0 to 1."""

@final
class Block:
    """What `Converter.convert` made of some records."""

    @property
    def payload(self) -> bytes:
        """Rows in the encoding asked for; empty for `sqlite`, whose rows stay in Rust. Encoding
        `json`: an object a row, with a newline between them and none within."""
    def view(self) -> memoryview:
        """The payload, not copied: for targets that pass it on. Not for `json`."""
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
        """Offset within the chunk of the first record: a header before it is passed by."""
    @property
    def first_line(self) -> int:
        """Line number at `start`."""
    @property
    def position(self) -> int:
        """Offset within the chunk of the first byte not consumed."""
    @property
    def line(self) -> int:
        """Line number at `position`."""
    def rejects(self) -> list[RejectTuple]: ...
    def lines(self) -> list[int]:
        """The line of each row's record; with encoding `json` only."""
    def record(self, row: int) -> tuple[int, int, bytes]:
        """(line, byte_offset, raw) of one row's record, as in RejectTuple; with encoding `json`
        only. IndexError if there is no such row."""
    def raw(self, limit: int = 65536) -> bytes:
        """The bytes of the block's records, without a last line end."""

@final
class Outbox:
    """The rows of a block of encoding `json` on their way to an API, as requests of so many
    rows each. For one thread at a time."""

    def __init__(
        self, block: Block, secret: bytes, key_header: str, size: int, array: bool
    ) -> None:
        """`key_header`: the header that bears the key of a request, or none where it is empty.
        `array`: the body is an array of the rows. ValueError if the block has no JSON."""
    def restore(self, sent: str) -> None:
        """Marks the rows as decided that `sent` gave. ValueError if there are none such."""
    def decide(self, start: int, end: int) -> None:
        """Marks rows as decided."""
    def deliver(self, start: int, end: int) -> None:
        """Marks rows as decided by the API, which has taken them."""
    @property
    def delivered(self) -> int:
        """How many rows `deliver` was told of."""
    @property
    def pending(self) -> int:
        """How many rows are not decided."""
    def sent(self) -> str:
        """Which rows are decided, such as `0-41,43`."""
    def restore_asked(self, asked: str) -> None:
        """Marks the rows as sent without an answer that `asked` gave. ValueError if there are
        none such."""
    def ask(self, start: int, end: int) -> None:
        """Marks rows as sent without an answer."""
    def ask_first(self, most: int) -> int:
        """Marks the first rows that are not decided, at most so many, as sent without an answer;
        how many that were."""
    def was_asked(self, start: int, end: int) -> bool:
        """Whether any of these rows was sent before without an answer."""
    def asked(self) -> str:
        """Which rows were sent without an answer, and are not decided, such as `0-41,43`."""
    @property
    def asked_decided(self) -> int:
        """How many rows that were sent before without an answer are decided by now."""
    def bodies(self, start: int, end: int) -> list[bytes]:
        """The objects of some rows."""
    def keys(self, start: int, end: int) -> list[str]:
        """32 hexadecimal digits for each of some rows: the same for the same line and object
        under the same secret."""

@final
class Credit:
    """How many requests may be made without asking anybody, and a count of those that were."""

    def __init__(self) -> None: ...
    def grant(self, requests: int, seconds: float, head: bytes) -> None:
        """From now on so many requests, within so many seconds, that begin with `head`."""
    def revoke(self) -> None:
        """No request any more."""
    @property
    def used(self) -> int:
        """Requests that were made: each followed a success."""
    def answers(self) -> list[tuple[int, int]]:
        """Statuses of the successes that came since this was asked for the last time, and how
        many there were of each."""

@final
class CurrentOutbox:
    """Where request_streams find rows when there are none left of those that they are at."""

    def __init__(self) -> None: ...
    def fill(self, outbox: Outbox) -> None:
        """From now on the rows of this outbox."""

@final
class RequestStream:
    """One request at a time. Several may share a current and a credit."""

    def __init__(self, current: CurrentOutbox, credit: Credit) -> None: ...
    @property
    def outbox(self) -> Outbox | None:
        """Whose rows are under way; None before there are any."""
    @property
    def start(self) -> int:
        """First of the rows that are under way."""
    @property
    def end(self) -> int:
        """The first row behind them."""
    def take(self) -> bytes | None:
        """Takes the next rows that are not decided, at most `size` and without a gap: what
        follows the common headers of the request with them. None once all were requested."""
    def deliver(self) -> None:
        """The rows that are under way have arrived. ValueError if there are none."""
    def onward(self, data: bytes) -> bytes | None:
        """Where `data` is a plain success, and there is credit and another request: notes that
        the rows have arrived, and gives the whole of that request. Else None, and nothing is
        done."""

@final
class ConnectionPoller(Generic[Owner]):
    """The connections of one event loop over which requests follow answers without anybody
    being woken for each. Their owners read and write as well; here that is done only from the
    moment that a request was made here until an answer came that is left to the owner. For one
    thread."""

    def __init__(self, most: int) -> None:
        """`most`: connections that may take part at a time."""
    def join(self, socket: int, owner: Owner) -> int:
        """Takes part in a connection, until `leave`; gives its number. `socket`: its file
        descriptor, that does not block. OSError if it is closed, or there are `most` already,
        or no file descriptor is left: each takes one more."""
    def leave(self, number: int) -> None:
        """Has nothing to do with a connection any more."""
    def lend(self, number: int, request_stream: RequestStream | None) -> None:
        """What makes the requests of a connection from now on; None: its owner."""
    def waits(self, number: int) -> float:
        """Seconds since a request was made here; infinite where none was."""
    def pause(self) -> bool:
        """From now on `go_on` hears no other connections; whether it did before."""
    def resume(self) -> None:
        """It hears them again."""
    def go_on(self, number: int, answer: bytes) -> tuple[Owner, bytes, bytes | None] | None:
        """Makes the request that follows an answer, and, unless it is paused, those that follow
        answers which came over other connections meanwhile, until there are no more, or one is
        left to its owner.

        Then (owner, answer, request): what is still to be written of a request, or None where
        the answer is to be looked at. ValueError if nothing was lent to the connection."""

def request_end(bodies: list[bytes], keys: list[str], key_header: str, array: bool) -> bytes:
    """What follows the common headers of a request with these records: its key, which is that
    of the record or made of those of all of them, its length, and its body."""

@final
class Altered:
    """Records that the database has been found to alter."""

    def __init__(self, found: list[tuple[int, str, str]]) -> None:
        """The line of each, the column, and a sentence."""
    def __len__(self) -> int: ...

@final
class Converter:
    """Records in, rows of one encoding out. Immutable; may be shared by threads."""

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
        altered: Altered | None = None,
    ) -> Block:
        """Converts from `position` until the chunk ends, `max_bytes` of input are consumed
        (at least one record), `max_records` records are (skipped ones count), or one was
        rejected and `stop_at_reject`. Of the records that are `altered` no rows are made, but
        rejects."""

def compile_patterns(patterns: list[str]) -> tuple[int, str] | None:
    """Compiles the patterns of a contract and keeps them for converters to come. Of the first that
    cannot be had its index, and what there is to say of it: "is too large: ..."."""

@final
class Scanner:
    """Evidence of what types the values of each column fit."""

    def __init__(
        self, dialect: str, fields: int, missing_values: list[str] | None = None
    ) -> None: ...
    def scan(self, chunk: Chunk) -> None:
        """Releases the GIL; one Scanner a thread, then `merge`."""
    def merge(self, other: Scanner) -> None: ...
    def evidence(self) -> str:
        """JSON, see contract/infer.py."""

class PanicException(BaseException):
    """A defect of the kernel: it panicked."""

class SqliteError(Exception):
    """args: message, primary result code, extended result code."""

@final
class SqliteConnection:
    """One connection of the SQLite that is built into the kernel. Not for several threads
    at once. Every call releases the GIL."""

    def __init__(self, path: str, busy_timeout_ms: int = 5000, read_only: bool = False) -> None: ...
    def execute(self, sql: str, params: Sequence[Value] = ()) -> list[tuple[Value, ...]]:
        """One statement; all its rows."""
    def executemany(self, sql: str, rows: Iterable[Sequence[Value]]) -> int: ...
    def script(self, sql: str) -> None: ...
    def insert(self, sql: str, block: Block) -> int:
        """Runs the INSERT once for each row of a block of encoding `sqlite`; rows inserted."""
    @property
    def taken(self) -> int:
        """Rows of the last block inserted that SQLite took: where it refused one, those before."""
    @property
    def in_transaction(self) -> bool: ...
    def changes(self) -> int: ...
    def interrupt(self) -> None:
        """From any thread: the running statement fails with code 9."""
    def close(self) -> None: ...

def sqlite_version() -> str: ...

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
    """The status if these bytes are one whole HTTP/1.1 answer of status 2xx (207 excepted) that
    has a length and keeps the connection; 0 where they are anything else."""
