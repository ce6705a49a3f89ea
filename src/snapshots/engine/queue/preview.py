"""Shows how an input is read before anybody asks for an import. It writes nothing.

Little is read: the head of the input, and for the types what an import would look at.
"""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from snapshots._native import Records
from snapshots.contract.infer import Inferred, infer
from snapshots.engine.queue.cancellable_open import ended_by, opened
from snapshots.formats.kernel_json import dialect_json
from snapshots.formats.names import HeaderNames, clean, distinct
from snapshots.formats.options import DialectOptions
from snapshots.formats.sniff import HEAD, Sniffed, sniff

if TYPE_CHECKING:
    from snapshots.ports import Source
    from snapshots.sources.remote.access import RemoteAccess

RECORDS: Final = 1000
"""The most records of the head that a preview has."""
SAMPLED_FROM: Final = 64 << 20
"""Bytes. Types of a larger input are those of a sample, because somebody waits for the answer."""
_ABOVE: Final = 20


@dataclass(frozen=True, slots=True)
class SampleRecord:
    """A record of the head; `fields` is None where its quoting is broken."""

    line: int
    fields: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Preview:
    """The beginning of an input, by one reading of it."""

    sniffed: Sniffed
    names: HeaderNames
    records: tuple[SampleRecord, ...]
    """The first records below the header."""
    above: tuple[str, ...]
    """The lines before the table that are skipped; the first of them."""
    inferred: Inferred | None = None
    """Types, and the evidence for them, where they were asked for."""

    @property
    def header(self) -> tuple[str, ...]:
        """A name for each field, which tells it from the others."""
        return distinct(self.sniffed.header)


def preview(
    name: str,
    dialect: DialectOptions,
    access: RemoteAccess,
    stop: threading.Event,
    *,
    types: bool = False,
) -> Preview:
    """Reads the head of an input by a dialect, of which all that is not given is detected.

    `stop` ends the wait for a slow server. With `types` the values are read as well: all of a
    small file, else a sample. Raises InputError, DialectError and Stopped.
    """
    with closing(opened(name, access, stop, lambda _: None)) as source, ended_by(stop, source):
        sniffed = sniff(source.head(HEAD), dialect)
        names = clean(sniffed.header)
        records, above = _records(sniffed)
        inferred = _types(source, sniffed, names) if types else None
    return Preview(sniffed, names, records, above, inferred)


def _types(source: Source, sniffed: Sniffed, names: HeaderNames) -> Inferred:
    return infer(source, sniffed.dialect, names, read_fully_up_to=SAMPLED_FROM)


def _records(sniffed: Sniffed) -> tuple[tuple[SampleRecord, ...], tuple[str, ...]]:
    dialect = sniffed.dialect
    skipped = dialect.rows_after_header + (1 if dialect.header else 0)
    found = Records.parse(sniffed.sample, dialect_json(dialect), RECORDS + skipped)
    records = tuple(
        SampleRecord(line, None if fields is None else tuple(map(_text, fields)))
        for line, _, fields in found[skipped:]
    )
    lines = sniffed.sample.splitlines()[: min(dialect.preamble, _ABOVE)]
    return records, tuple(map(_text, lines))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def resolved(sniffed: Sniffed) -> dict[str, object]:
    """The reading as options: an import with them reads the input in the same way."""
    dialect = sniffed.dialect
    given: dict[str, object] = {
        "delimiter": dialect.delimiter,
        "quote": dialect.quote or "",
        "encoding": dialect.encoding,
        "header": dialect.header,
        "preamble": dialect.preamble,
        "skip_initial_space": dialect.skip_initial_space,
    }
    if dialect.header:
        given["rows_after_header"] = dialect.rows_after_header
    if dialect.escape:
        given["escape"] = dialect.escape
    if dialect.comment:
        given["comment"] = dialect.comment
    if dialect.terminator == "cr":
        given["terminator"] = dialect.terminator
    return given
