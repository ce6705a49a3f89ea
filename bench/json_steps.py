"""What the kernel does with JSON Lines before the database, and how long each step takes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from snapshots._native import Chunk, Converter, ObjectScanner, Records, Scanner, Splitter
from snapshots.contract.evidence import type_of
from snapshots.formats.kernel_json import converter_spec, dialect_json
from snapshots.model import Column, Contract, Dialect
from snapshots.row_encoding import EncodingName

PIECE = 1 << 20
CHUNK = 8 * PIECE
ENCODED: tuple[EncodingName, ...] = ("postgres", "mariadb", "sqlite", "text")


def read(file: str) -> int:
    """All steps, with names and types from the first chunk alone, as other readers sample them."""
    names, columns = _found(islice(_chunks(file), 1))
    return _convert(names, columns, _chunks(file), "postgres")


def read_twice(file: str) -> int:
    """All steps, with names and types from all chunks, as an import of a file up to 256 MiB."""
    names, columns = _found(_chunks(file))
    return _convert(names, columns, _chunks(file), "postgres")


def _spec(names: tuple[str, ...] = ()) -> str:
    return dialect_json(Dialect(delimiter="", quote=None, syntax="objects", names=names))


def _names(chunks: Iterable[Chunk]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for chunk in chunks:
        names = Records.names(chunk, _spec(), 4096)
        found.update(dict.fromkeys(name.decode() for name in names))
    return tuple(found)


def _found(chunks: Iterable[Chunk]) -> tuple[tuple[str, ...], tuple[Column, ...]]:
    """Names and types, on one way."""
    scanner = ObjectScanner(_spec(), 4096)
    for chunk in chunks:
        scanner.scan(chunk)
    names = tuple(name.decode() for name in scanner.names())
    return names, _typed(names, scanner.evidence() or "")


def _columns(names: tuple[str, ...], chunks: Iterable[Chunk]) -> tuple[Column, ...]:
    scanner = Scanner(_spec(names), len(names))
    for chunk in chunks:
        scanner.scan(chunk)
    return _typed(names, scanner.evidence())


def _typed(names: tuple[str, ...], evidence: str) -> tuple[Column, ...]:
    columns = json.loads(evidence)["columns"]
    return tuple(
        Column(name, name, type_of(seen)) for name, seen in zip(names, columns, strict=True)
    )


def _convert(
    names: tuple[str, ...],
    columns: tuple[Column, ...],
    chunks: Iterable[Chunk],
    encoding: EncodingName,
) -> int:
    dialect = Dialect(delimiter="", quote=None, syntax="objects", names=names)
    converter = Converter(converter_spec(dialect, Contract(columns), names, encoding, 1))
    loaded = 0
    for chunk in chunks:
        position, line = 0, chunk.line
        while position < len(chunk):
            block = converter.convert(chunk, position, line, PIECE)
            position, line = block.position, block.line
            loaded += block.loaded
    return loaded


def _chunks(file: str) -> Iterator[Chunk]:
    splitter = Splitter(_spec(), CHUNK)
    with Path(file).open("rb") as data:
        while piece := data.read(PIECE):
            yield from splitter.feed(piece)
    yield from splitter.finish()


def steps(file: str, repeat: int) -> Iterator[str]:
    """A line for each step of the kernel over the whole file, which lies in memory."""

    def cut() -> list[Chunk]:
        return list(_chunks(file))

    chunks = cut()
    names = _names(chunks)
    columns = _columns(names, chunks)
    works: dict[str, Callable[[], object]] = {
        "read and cut": cut,
        "names": lambda: _names(chunks),
        "types": lambda: _columns(names, chunks),
        "names and types at once": lambda: _found(chunks),
        **{
            f"convert, {encoding}": partial(_convert, names, columns, chunks, encoding)
            for encoding in ENCODED
        },
    }
    size = Path(file).stat().st_size / 1e6
    for name, work in works.items():
        best = min(_seconds(work) for _ in range(repeat))
        yield f"| {name} | {best:.3f} | {size / best:.0f} |"


def _seconds(work: Callable[[], object]) -> float:
    begun = time.thread_time()
    work()
    return time.thread_time() - begun
