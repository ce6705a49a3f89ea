"""The grammar once more, byte by byte and with no thought of speed: the kernel's oracle."""

from dataclasses import dataclass

from msgspec.structs import replace

from snapshots.model import Dialect

BOM = b"\xef\xbb\xbf"
NEWLINES = {"lf": b"\n", "cr": b"\r", "rs": b"\x1e"}


@dataclass(frozen=True)
class Record:
    kind: str
    """row, header, skipped, or the code of a reject."""
    line: int
    start: int
    end: int
    next: int
    fields: tuple[tuple[bytes, bool], ...] | None = None
    """Text, and whether it was quoted."""
    written: tuple[bytes, ...] | None = None
    """Each field with its escapes, as texts that mean NULL are compared with it."""


class _Broken(Exception):
    def __init__(self, at: int) -> None:
        self.at = at


def records(data: bytes, dialect: Dialect) -> list[Record]:
    """All records of an input, the header among them."""
    newline = NEWLINES[dialect.terminator]
    at = 3 if data.startswith(BOM) else 0
    line = 1
    preamble = dialect.preamble
    before_data = (["header"] if dialect.header else []) + ["skipped"] * dialect.rows_after_header
    found = []
    whole, data = data, data if _is_query(dialect) else data.rstrip(b"\0")
    while at < len(whole):
        if at >= len(data):
            found.append(Record("skipped", line, at, at, len(whole)))
            break
        if preamble:
            end, after = _line(data, at, dialect)
            kind, fields, written = "skipped", None, ()
            if end - at > dialect.max_record_size:
                kind = "record_too_long"
        else:
            parser = _Parser(data, at, dialect)
            kind, end, after, fields = parser.record()
            written = tuple(parser.written)
        if kind == "record_too_long":
            if after == len(data) < len(whole) and not data.endswith(newline):
                end = after = len(whole)
            preamble, before_data = 0, []
            if _is(data[at], dialect.comment):
                kind = "skipped"
        elif preamble:
            preamble -= 1
        elif kind != "skipped" and before_data:
            kind = before_data.pop(0)
        found.append(Record(kind, line, at, end, after, fields, written if fields else None))
        line += data[at:after].count(newline)
        at = after
    return found


def _is(byte: int, character: str | None) -> bool:
    return character is not None and byte == ord(character)


def _line(data: bytes, at: int, dialect: Dialect) -> tuple[int, int]:
    """The end of a physical line, and the start of the next."""
    newline = NEWLINES[dialect.terminator]
    end = data.find(newline, at)
    after = len(data) if end < 0 else end + 1
    end = len(data) if end < 0 else end
    if dialect.terminator == "lf" and data[at:end].endswith(b"\r"):
        end -= 1
    return end, after


def _is_query(dialect: Dialect) -> bool:
    return dialect.terminator == "rs" and dialect.delimiter != "\x1f"


def _is_hollow(line: bytes, dialect: Dialect) -> bool:
    """Empty fields alone, or padding with NULs; of the rows of a query none is."""
    if _is_query(dialect):
        return False
    if not line.strip(b"\0") or (dialect.terminator == "rs" and not line.strip(b"\r\n")):
        return True
    space = " " if dialect.skip_initial_space else ""
    if dialect.delimiter == "":
        return not line.strip(space.encode()) if space else False
    cells = line.split(dialect.delimiter.encode())
    if len(cells) == 1:
        return not line.strip(b" ") if space else False
    quotes = (dialect.quote or "").encode() * 2
    for cell in cells:
        inner = cell.lstrip(b" ") if space else cell
        if inner.strip(b" \t") and not (quotes and inner == quotes):
            return False
    return True


def _names(record: bytes, dialect: Dialect) -> list[bytes] | None:
    """The texts of a record's fields without what may be different in a header once more. None:
    that is no record."""
    record = record.removeprefix(BOM)
    parser = _Parser(record, 0, replace(dialect, repeated=None, comment=None))
    kind, _, after, fields = parser.record()
    if kind != "row" or after < len(record):
        return None
    meant = f"{dialect.delimiter}{dialect.quote}{dialect.escape}".encode()
    names = [text.strip(bytes({*b" \t"} - {*meant})) for text, _ in fields]
    while names and not names[-1]:
        names.pop()
    return names


def _is_header(record: bytes, dialect: Dialect) -> bool:
    """The record is the header once more, in whatever spelling."""
    if dialect.repeated is None:
        return False
    header = dialect.repeated.encode()
    names = _names(header, dialect) if header else None
    if header.startswith(BOM) and not record.startswith(BOM):
        return False
    return bool(names) and _names(record, dialect) == names


class _Parser:
    def __init__(self, data: bytes, start: int, dialect: Dialect) -> None:
        self.data, self.start, self.at, self.dialect = data, start, start, dialect
        self.newline = ord(NEWLINES[dialect.terminator])
        self.written: list[bytes] = []

    def record(self) -> tuple[str, int, int, tuple[tuple[bytes, bool], ...] | None]:
        end, after = _line(self.data, self.start, self.dialect)
        longest = self.dialect.max_record_size
        if end - self.start > longest:
            return "record_too_long", end, after, None
        line = self.data[self.start : end]
        if not line or _is(line[0], self.dialect.comment) or _is_hollow(line, self.dialect):
            return "skipped", end, after, None
        fields = []
        try:
            more = True
            while more:
                more = self.field(fields)
        except _Broken as broken:
            code = "text_after_quote" if broken.at < after else "unterminated_quote"
            return code, end, after, None
        if self.end - self.start > longest:
            code = "record_too_long" if self.at == after else "unterminated_quote"
            return code, end, after, None
        if _is_header(self.data[self.start : self.end], self.dialect):
            return "repeated_header", self.end, self.at, None
        return "row", self.end, self.at, tuple(fields)

    def field(self, fields: list[tuple[bytes, bool]]) -> bool:
        """Takes a field and what ends it; whether the record goes on."""
        if self.dialect.skip_initial_space:
            while self.data[self.at : self.at + 1] == b" ":
                self.at += 1
        if self.at < len(self.data) and _is(self.data[self.at], self.dialect.quote):
            self.at += 1
            fields.append((self.quoted(), True))
            if not self.ends():
                raise _Broken(self.at)
        else:
            fields.append((self.unquoted(), False))
        self.end = self.at
        if self.delimits():
            self.at += len(self.dialect.delimiter)
            return True
        if self.data[self.at : self.at + 1] == b"\r" and self.newline == ord("\n"):
            self.at += 1
        self.at = min(self.at + 1, len(self.data))
        return False

    def ends(self) -> bool:
        """Here is a delimiter, a line end or the end."""
        rest = self.data[self.at : self.at + 2]
        if not rest or rest[0] == self.newline or self.delimits():
            return True
        return self.newline == ord("\n") and rest in (b"\r", b"\r\n")

    def delimits(self) -> bool:
        """Here is a delimiter."""
        delimiter = self.dialect.delimiter.encode()
        return delimiter != b"" and self.data.startswith(delimiter, self.at)

    def quoted(self) -> bytes:
        text, written = bytearray(), bytearray()
        quote = self.dialect.quote.encode()
        while True:
            here = self.data[self.at : self.at + 2]
            if not here or (_is(here[0], self.dialect.escape) and len(here) == 1):
                raise _Broken(len(self.data))
            if here == quote * 2:
                text += quote
                written += quote
                self.at += 2
            elif here[:1] == quote:
                self.at += 1
                self.written.append(bytes(written))
                return bytes(text)
            else:
                self.one(text, written, escapes=True)

    def unquoted(self) -> bytes:
        text, written = bytearray(), bytearray()
        while not self.ends():
            escaped = self.one(text, written, escapes=self.dialect.escape_unquoted)
            line_end = self.data[self.at - 1 : self.at + 1]
            if escaped and line_end == b"\r\n" and self.dialect.terminator == "lf":
                # Both are the one line end that was escaped.
                text += b"\n"
                written += b"\n"
                self.at += 1
            if escaped and self.at == len(self.data) and self.data[-1] == self.newline:
                raise _Broken(len(self.data))
        self.written.append(bytes(written))
        return bytes(text)

    def one(self, text: bytearray, written: bytearray, *, escapes: bool) -> bool:
        """Takes a character, with the escape before it if there is one that is no data."""
        here = self.data[self.at : self.at + 2]
        escaped = escapes and _is(here[0], self.dialect.escape) and self.escapable(here[1:])
        taken = 2 if escaped else 1
        text.append(here[taken - 1])
        written += here[:taken]
        self.at += taken
        return escaped

    def escapable(self, byte: bytes) -> bool:
        """What an escape stands before, unless it is data. Of a delimiter it is the first byte."""
        dialect = self.dialect
        quote, escape = dialect.quote or "", dialect.escape or ""
        meant = [dialect.delimiter[:1], quote, escape, chr(self.newline)]
        if dialect.terminator == "lf":
            meant.append("\r")
        return byte != b"" and byte.decode("latin-1") in "".join(meant)
