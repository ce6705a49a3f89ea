"""Whole inputs through splitter and converter, cut in any way."""

from dataclasses import dataclass, field

from snapshots._native import Chunk, Converter, Splitter
from snapshots.formats.kernel_json import converter_spec, dialect_json
from snapshots.model import Column, Contract, Dialect, Type
from snapshots.row_encoding import EncodingName


@dataclass
class Outcome:
    """What came of an input."""

    payload: bytes = b""
    records: int = 0
    loaded: int = 0
    rejected: int = 0
    skipped: int = 0
    rejects: list[tuple[int, int, str | None, str, str, bytes]] = field(default_factory=list)

    @property
    def codes(self) -> list[tuple[int, str]]:
        return [(line, code) for line, _, _, code, _, _ in self.rejects]

    @property
    def rows(self) -> list[list[str | None]]:
        """The rows of encoding `text`, read as the databases read them."""
        return [
            [None if value == b"\\N" else _unescaped(value).decode() for value in row.split(b"\t")]
            for row in self.payload.split(b"\n")[:-1]
        ]


def _unescaped(value: bytes) -> bytes:
    for letter, byte in ((b"n", b"\n"), (b"r", b"\r"), (b"t", b"\t")):
        # A backslash that stands for itself is two: what follows those is no letter of one.
        parts = value.split(b"\\\\")
        value = b"\\\\".join(part.replace(b"\\" + letter, byte) for part in parts)
    return value.replace(b"\\\\", b"\\")


def texts(fields: int, **options: object) -> Contract:
    columns = (Column(f"c{n}", f"c{n}", Type("text"), **options) for n in range(fields))
    return Contract(tuple(columns))


def converter(
    contract: Contract,
    dialect: Dialect,
    encoding: EncodingName = "text",
    import_id: int | None = None,
) -> Converter:
    header = [column.source for column in contract.columns]
    return Converter(converter_spec(dialect, contract, header, encoding, import_id))


def split(data: bytes, dialect: Dialect, chunk_size: int = 1 << 20, feed: int = 0) -> list[Chunk]:
    """`feed`: bytes at a time; 0: all at once."""
    splitter = Splitter(dialect_json(dialect), chunk_size)
    chunks = []
    for start in range(0, len(data), feed or len(data) or 1):
        chunks += splitter.feed(data[start : start + (feed or len(data))])
    return chunks + splitter.finish()


def convert(
    convert: Converter,
    chunks: list[Chunk],
    *,
    max_bytes: int = 1 << 20,
    max_records: int | None = None,
    stop_at_reject: bool = False,
) -> Outcome:
    """Everything, block by block."""
    whole = Outcome()
    for chunk in chunks:
        position, line = 0, chunk.line
        while position < len(chunk):
            block = convert.convert(chunk, position, line, max_bytes, max_records, stop_at_reject)
            assert block.position > position
            assert block.records == block.loaded + block.rejected + block.skipped
            assert max_records is None or block.records <= max_records
            assert len(block.rejects()) == block.rejected
            assert not stop_at_reject or block.rejected <= 1
            position, line = block.position, block.line
            whole.payload += block.payload
            whole.records += block.records
            whole.loaded += block.loaded
            whole.rejected += block.rejected
            whole.skipped += block.skipped
            whole.rejects += block.rejects()
    return whole
