"""Rejected records, whole, with the fields that a user corrects."""

from __future__ import annotations

import itertools
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from snapshots._native import Splitter
from snapshots.engine.plan.corrected import (
    Field,
    fields_of_correction,
    fields_of_record,
    in_utf8,
)
from snapshots.engine.verify.located import VerifyOptions, located
from snapshots.errors import InputError
from snapshots.formats import encodings
from snapshots.formats.kernel_json import dialect_json
from snapshots.ledger.chunk_account import WAITING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.repairs import KeptReject
    from snapshots.model import Reject
    from snapshots.ports import Source

KEPT: Final = 65_536
"""Bytes of a record that the ledger keeps, counted in UTF-8."""
_LAST_CHARACTER: Final = 3
"""Bytes by which a cut text may be shorter, because its last character was not complete."""


class RejectedRecord(Struct, frozen=True):
    """A rejected record as it is to be corrected: as the input has it, or as it was corrected."""

    kept: KeptReject
    fields: list[Field] | None
    """One for each name of the header; None: it is broken, or has more or fewer fields."""
    record: bytes
    """In UTF-8. Of a correction: that."""
    cut: bool
    """Whether only its beginning is known, because the ledger keeps no more and the input is gone.
    """

    @property
    def line(self) -> int:
        """The number of its first line in the input."""
        return self.kept.reject.line

    @property
    def text(self) -> str:
        """The record as text, where it stands for itself because it has no fields."""
        return "" if self.fields is not None else self.record.decode("utf-8", "replace")


class RejectedRecords:
    """Gives the rejects of one import whole. Close it; for one thread at a time."""

    def __init__(self, entry: Entry, plan: Plan, options: VerifyOptions | None) -> None:
        """`options` say where the input is now; None: it must not be read again."""
        self._plan = plan
        self._input = _InputAgain(entry, plan, options)

    def of(self, kept: KeptReject) -> RejectedRecord:
        """The record of a reject. Those of one import come fastest in their order."""
        width = len(self._plan.header)
        if kept.correction is not None:
            return RejectedRecord(
                kept, fields_of_correction(kept.correction), kept.correction, cut=False
            )
        record, cut = self.complete(kept.reject)
        fields = None if cut else fields_of_record(record, self._plan.dialect, width)
        return RejectedRecord(kept, fields, record, cut)

    def complete(self, reject: Reject) -> tuple[bytes, bool]:
        """The record of a reject in UTF-8, as the input has it, and whether it is cut."""
        dialect = self._plan.dialect
        record = in_utf8(reject.raw, dialect)
        if reject.code == WAITING or not is_cut(reject.raw, dialect.encoding):
            return record, False
        found = self._input.record(reject)
        if found is None or not found.startswith(record[: KEPT - _LAST_CHARACTER]):
            return record, True
        return found, False

    @property
    def gone(self) -> str:
        """Why the input cannot be read again, as a sentence; empty: it can, or nobody has asked."""
        return self._input.gone

    def close(self) -> None:
        """Closes the input."""
        self._input.close()


def is_cut(raw: bytes, encoding: str) -> bool:
    """Whether the ledger may have only the beginning of a record."""
    if 4 * len(raw) < KEPT:
        return False
    try:
        size = len(raw.decode(encoding).encode("utf-8"))
    except UnicodeError:
        size = len(raw)
    slack = 0 if encoding.lower().replace("_", "-") in {"utf-8", "ascii"} else _LAST_CHARACTER
    return size >= KEPT - slack


class _InputAgain:
    """Reads records from the input once more, each at its byte."""

    def __init__(self, entry: Entry, plan: Plan, options: VerifyOptions | None) -> None:
        self._entry = entry
        self._plan = plan
        self._options = options
        self._source: Source | None = None
        self._pieces: Iterator[bytes] = iter(())
        self._data = b""
        self._at: int | None = None
        """The byte of the input at which `_data` begins."""
        self.gone = "" if options else "The service does not read this input again."

    def record(self, reject: Reject) -> bytes | None:
        """The record in UTF-8 without its line end; None where it cannot be read."""
        if self.gone or not self._open():
            return None
        try:
            return self._read(reject)
        except (InputError, UnicodeError) as error:
            self.gone = f"The input cannot be read: {error}"
            return None

    def close(self) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None

    def _open(self) -> bool:
        if self._source is None and self._options is not None:
            self._source, self.gone = located(self._entry, self._plan, self._options)
        return self._source is not None

    def _read(self, reject: Reject) -> bytes | None:
        dialect = self._plan.dialect
        splitter = Splitter(dialect_json(dialect), 1, 1 << 40, reject.line)
        data: Iterator[bytes] = self._from(reject.byte_offset)
        if not encodings.is_utf8(dialect.encoding):
            data = encodings.transcode(data, dialect.encoding)
        for piece in itertools.chain(data, (None,)):
            chunks = splitter.finish() if piece is None else splitter.feed(piece)
            if chunks:
                if chunks[0].overlong:
                    return None
                return dialect.without_line_end(bytes(chunks[0]))
        return None

    def _from(self, offset: int) -> Iterator[bytes]:
        """The input's bytes from an offset on. What is read is kept until a later one is asked."""
        source = self._source
        assert source is not None  # noqa: S101 - for the type checker
        if source.seekable:
            yield from source.read(offset)
            return
        if self._at is None or offset < self._at:
            self._pieces, self._data, self._at = iter(source.read()), b"", 0
        while offset >= self._at + len(self._data):
            self._at += len(self._data)
            self._data = b""
            with suppress(StopIteration):
                self._data = next(self._pieces)
            if not self._data:
                return
        self._data, self._at = self._data[offset - self._at :], offset
        yield self._data
        for piece in self._pieces:
            self._data += piece
            yield piece
