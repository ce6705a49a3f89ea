"""Shows how an input is read before anybody asks for an import. It writes nothing.

Little is read: the head of the input, and for the types what an import would look at.
"""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from snapshots._native import Records
from snapshots.contract.infer import Inferred, infer
from snapshots.engine.queue.cancellable_open import ended_by, opened
from snapshots.formats.formats import detected
from snapshots.formats.kernel_json import dialect_json
from snapshots.formats.names import HeaderNames, clean, distinct
from snapshots.formats.options import DialectOptions
from snapshots.formats.writers import null_texts

if TYPE_CHECKING:
    from snapshots.formats.sniff import Sniffed
    from snapshots.model import Contract
    from snapshots.ports import Source
    from snapshots.sources.remote.access import RemoteAccess

RECORDS: Final = 1000
"""The most records of the head that a preview has."""
SAMPLED_FROM: Final = 64 << 20
"""Bytes. Types of a larger input are those of a sample, because somebody waits for the answer."""
_SHOWN_OF_SCHEMA: Final = 10_000
"""Records that are read of an input with types of its own."""
_ABOVE: Final = 20
_OF_PLACES: Final = ("encoding", "header", "preamble", "skip_initial_space")
"""What is said of lines whose fields stand at places that a contract names."""


class SampleRecord(Struct, frozen=True):
    """A record of the head; `fields` is None where its quoting is broken."""

    line: int
    fields: tuple[str, ...] | None


class Preview(Struct, frozen=True):
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
    contract: Contract | None = None,
    types: bool = False,
) -> Preview:
    """Reads the head of an input by a dialect, of which all that is not given is detected.

    A contract may say where the fields of a line stand.
    `stop` ends the wait for a slow server. With `types` the values are read as well: all of a
    small file, else a sample. Raises InputError, DialectError and Stopped.
    """
    with closing(opened(name, access, stop, lambda _: None)) as source, ended_by(stop, source):
        sniffed = detected(source, dialect, contract)
        names = clean(sniffed.header)
        records, above = _records(sniffed)
        missing = None if contract is None else contract.missing_values
        inferred = _types(source, sniffed, names, missing) if types else None
    return Preview(sniffed, names, records, above, inferred)


def _types(
    source: Source, sniffed: Sniffed, names: HeaderNames, missing: tuple[str, ...] | None
) -> Inferred:
    if source.schema is not None:
        # The types are known: the first records show what the values are like.
        return infer(source, sniffed.dialect, names, thoroughly=True, limit=_SHOWN_OF_SCHEMA)
    return infer(
        source,
        sniffed.dialect,
        names,
        missing_values=null_texts(sniffed.given) or missing,
        read_fully_up_to=SAMPLED_FROM,
    )


def _records(sniffed: Sniffed) -> tuple[tuple[SampleRecord, ...], tuple[str, ...]]:
    dialect = sniffed.dialect
    skipped = dialect.rows_after_header + (1 if dialect.header else 0)
    if dialect.syntax == "objects":
        skipped = 0
    found = Records.parse(sniffed.sample, dialect_json(dialect), RECORDS + skipped)
    records = tuple(
        SampleRecord(line, None if fields is None else tuple(map(_text, fields)))
        for line, _, fields in found[skipped:]
    )
    sample = sniffed.sample
    lines = (sample.split(b"\x1e") if dialect.cells else sample.splitlines())[
        : min(dialect.preamble, _ABOVE)
    ]
    return records, tuple(map(_text, lines))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def resolved(sniffed: Sniffed) -> dict[str, object]:
    """The reading as options: an import with them reads the input in the same way."""
    dialect = sniffed.dialect
    if dialect.places:
        return {name: getattr(dialect, name) for name in _OF_PLACES}
    if sniffed.named:
        return {}
    if dialect.syntax != "delimited":
        return {"encoding": dialect.encoding, "nested_objects": dialect.nested}
    if dialect.cells:
        given: dict[str, object] = {"header": dialect.header, "preamble": dialect.preamble}
    else:
        given = _of_text(sniffed)
    if dialect.header:
        given["rows_after_header"] = dialect.rows_after_header
    return given


def _of_text(sniffed: Sniffed) -> dict[str, object]:
    dialect = sniffed.dialect
    no_escape = "" if dialect.escapes != "signs" else None
    given = {
        "input_format": sniffed.given.input_format,
        "delimiter": dialect.delimiter,
        "quote": dialect.quote or "",
        "escape": dialect.escape or no_escape,
        "encoding": dialect.encoding,
        "header": dialect.header,
        "preamble": dialect.preamble,
        "comment": dialect.comment,
        "skip_initial_space": dialect.skip_initial_space,
        "terminator": "cr" if dialect.terminator == "cr" else None,
    }
    return {name: value for name, value in given.items() if value is not None}
