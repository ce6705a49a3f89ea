"""Infers a contract for an input that has none: types that its values fit.

All values are read if that is cheap: in a local, uncompressed file of at most `READ_FULLY_UP_TO`.
Else a sample is read, and a note says so. Who describes an input reads all of it in any case.
"""

from __future__ import annotations

import json
import os
from collections import deque
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from snapshots._native import Chunk, Scanner
from snapshots.contract.evidence import binary_floats, remark, type_of
from snapshots.formats.chunks import all_chunks, head_chunks
from snapshots.formats.encodings import is_utf8
from snapshots.formats.kernel_json import dialect_json
from snapshots.model import Column, Contract, Type
from snapshots.notes import DetailNote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from snapshots.formats.names import HeaderNames
    from snapshots.model import Dialect, InputSchema
    from snapshots.ports import Source

MIB: Final = 1024 * 1024

READ_FULLY_UP_TO: Final = 256 * MIB
"""Larger files are sampled: reading them twice would cost more than a wrong guess."""

HEAD: Final = 16 * MIB
"""Bytes that are read of a stream or a compressed input, which cannot be entered in its middle."""

BLOCKS: Final = 16
BLOCK: Final = MIB

_NUMBERS: Final = frozenset({"integer", "decimal", "float"})
_THREADS: Final = min(4, os.cpu_count() or 1)


class Inferred(Struct, frozen=True):
    """A contract, and the evidence for it."""

    contract: Contract
    complete: bool
    """Whether every record was read."""
    records: int
    """Records that were read and whose structure allows loading them."""
    notes: tuple[str, ...]
    broken: int = 0
    """Records that cannot be loaded, whatever the types are."""
    unsound: int = 0
    """How many of those have broken quoting or another number of fields."""
    quotes: int = 0
    """How many of those have broken quoting."""
    evidence: tuple[Mapping[str, Any], ...] = ()
    """What the kernel saw of each column, as the head of its `scan` module describes it."""


def infer(
    source: Source,
    dialect: Dialect,
    names: HeaderNames,
    *,
    missing_values: Sequence[str] | None = None,
    exact: bool = False,
    all_text: bool = False,
    read_fully_up_to: int = READ_FULLY_UP_TO,
    thoroughly: bool = False,
    limit: int | None = None,
    seen: str | None = None,
) -> Inferred:
    """Infers types for the columns called `names`, in the order of the input's fields.

    `missing_values`: texts that mean NULL. `exact`: numbers are decimals, never floats. `all_text`:
    every column is text. `read_fully_up_to`: the largest file, in bytes, that is read from front to
    back. `thoroughly`: any input is read so, which uses a stream up, and the evidence has minimum
    and maximum. `limit`: it then reads only this number of records. `seen`: the evidence of all
    records, if somebody has read them already. Takes constant memory. Raises the InputError of the
    source.
    """
    if source.schema is not None and not thoroughly:
        columns = _declared(source.schema, names, all_text=all_text)
        return Inferred(Contract(columns), complete=False, records=0, notes=())
    values = None if missing_values is None else list(missing_values)
    known = None if thoroughly or values is not None or limit is not None else seen
    if thoroughly or known is not None:
        everything, how, chunks = True, "", all_chunks(source, dialect)
    else:
        everything, how, chunks = _sample(source, dialect, read_fully_up_to)

    def scanner() -> Scanner:
        fields = len(names.columns)
        return Scanner(dialect_json(dialect), fields, values, extremes=thoroughly, limit=limit)

    if limit is not None:
        first = scanner()
        everything, how = _scan_some(chunks, first), "the beginning of the input"
        known = first.evidence()
    evidence = json.loads(known or _scan(chunks, [scanner() for _ in range(_THREADS)]))
    types = [Type("text") if all_text else type_of(one, exact=exact) for one in evidence["columns"]]
    for field in source.text_fields:
        if field < len(types) and types[field].kind in _NUMBERS:
            types[field] = Type("text")
    columns = (
        tuple(
            Column(name.name, name.source, kind, decimal_char=_decimal_char(kind, dialect))
            for name, kind in zip(names.columns, types, strict=True)
        )
        if source.schema is None
        else _declared(source.schema, names, all_text=all_text)
    )
    notes: list[str] = (
        []
        if everything or all_text
        else [
            DetailNote(
                f"types are inferred from {how} ({evidence['records']} records): "
                "a value elsewhere that does not fit is rejected"
            )
        ]
    )
    lines = everything or thoroughly
    for name, column in zip(names.columns, evidence["columns"], strict=True):
        note = None if all_text else remark(name.name, column, lines=lines, exact=exact)
        if note and evidence["records"]:
            notes.append(note)
    if not all_text:
        notes += binary_floats([name.name for name in names.columns], evidence["columns"], exact)
    missing = None if missing_values is None else tuple(missing_values)
    return Inferred(
        Contract(columns, missing),
        everything,
        evidence["records"],
        tuple(notes),
        evidence["broken"],
        evidence["unsound"],
        evidence["quotes"],
        tuple(evidence["columns"]),
    )


def _decimal_char(kind: Type, dialect: Dialect) -> str:
    return dialect.decimal_char if kind.kind in _NUMBERS else "."


def _declared(schema: InputSchema, names: HeaderNames, *, all_text: bool) -> tuple[Column, ...]:
    """The input's own columns, under names that every database can hold."""
    return tuple(
        replace(own, name=name.name, type=Type("text") if all_text else own.type)
        for name, own in zip(names.columns, schema.columns, strict=True)
    )


def _sample(
    source: Source, dialect: Dialect, read_fully_up_to: int
) -> tuple[bool, str, Iterator[Chunk]]:
    """Returns what is read of an input: whether that is all, what it is called, and its records."""
    size = source.identity.size
    if source.seekable and not source.remote and size is not None and size <= read_fully_up_to:
        return True, "", all_chunks(source, dialect)
    utf8 = is_utf8(dialect.encoding)
    lines = dialect.syntax != "array"
    if source.seekable and size is not None and utf8 and lines and size > BLOCKS * BLOCK:
        how = f"{BLOCKS} blocks of {BLOCK // MIB} MiB, spread over the input"
        return False, how, _spread(source, dialect, size)
    head = source.head(HEAD)
    complete = len(head) < HEAD
    how = f"the first {HEAD // MIB} MiB"
    return complete, how, head_chunks(head, dialect, complete=complete)


def _scan_some(chunks: Iterator[Chunk], scanner: Scanner) -> bool:
    """Gives one scanner the chunks until it is full. Returns whether it never was."""
    for chunk in chunks:
        scanner.scan(chunk)
        if scanner.full:
            return False
    return True


def _scan(chunks: Iterable[Chunk], scanners: Sequence[Scanner]) -> str:
    """Merges the evidence of all chunks, of which a few are held at a time."""
    head = list(islice(chunks := iter(chunks), 2))
    if len(head) < 2:
        # A small input is scanned before a pool of threads would be there.
        for chunk in head:
            scanners[0].scan(chunk)
        return scanners[0].evidence()
    from concurrent.futures import ThreadPoolExecutor

    running: deque[Future[None]] = deque()
    with ThreadPoolExecutor(_THREADS) as pool:
        for number, chunk in enumerate(chain(head, chunks)):
            if len(running) == _THREADS:
                # The oldest holds the scanner whose turn it is, and one takes no two at a time.
                running.popleft().result()
            running.append(pool.submit(scanners[number % _THREADS].scan, chunk))
        for future in running:
            future.result()
    first, *others = scanners
    for other in others:
        first.merge(other)
    return first.evidence()


def _spread(source: Source, dialect: Dialect, size: int) -> Iterator[Chunk]:
    """Yields blocks at even distances; each begins after the first line end in it.

    That may lie within quotes. Then broken records are read, which are left out, or text, which
    makes a type wider and never too narrow.
    """
    for number in range(BLOCKS):
        offset = number * (size - BLOCK) // (BLOCKS - 1)
        data = _block(source, offset)
        begin = 0 if number == 0 else data.find(dialect.line_end) + 1
        end = len(data) if number == BLOCKS - 1 else data.rfind(dialect.line_end) + 1
        if begin < end and (begin or not number):
            yield Chunk.of(data[begin:end], offset + begin)


def _block(source: Source, offset: int) -> bytes:
    data = bytearray()
    for piece in source.read(offset):
        data += piece
        if len(data) >= BLOCK:
            break
    return bytes(memoryview(data)[:BLOCK])
