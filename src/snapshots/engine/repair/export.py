"""Writes the open rejects of an import into a file that a user corrects and replays.

The fields stand under the names of the input's header, behind the reason. A record that is broken
stands in `_record` alone. Values stay as they are: nothing is escaped for spreadsheets.
"""

from __future__ import annotations

import json
import os
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias

from msgspec import Struct, field

from snapshots.engine.plan.corrected import NULL
from snapshots.engine.plan.plan import Plan
from snapshots.engine.repair import allowed
from snapshots.engine.repair.corrections_file import BEFORE, RECORD
from snapshots.engine.repair.json_corrections import unique_names
from snapshots.engine.repair.records import RejectedRecords
from snapshots.engine.repair.workbook import RejectWorkbook
from snapshots.engine.verify.located import VerifyOptions
from snapshots.errors import Forbids, UsageError
from snapshots.file_hints import unwritable
from snapshots.ledger import repairs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from snapshots.engine.repair.records import RejectedRecord
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.history import History
    from snapshots.ledger.repairs import KeptReject

ExportForm: TypeAlias = Literal["csv", "jsonl", "xlsx"]

_SPECIAL: Final = frozenset(',"\n\r')
NAMED: Final = 20
"""Lines of records that are cut are named up to this number; of the rest the number is told."""


class ExportReport(Struct):
    """What was exported."""

    rejects: int = 0
    cut: list[int] = field(default_factory=list)
    """The first lines of records of which only the beginning is known."""
    cut_more: int = 0
    """How many more there are."""
    gone: str = ""
    """Why the input could not be read again, as a sentence."""

    def count(self, record: RejectedRecord) -> None:
        """Counts a record."""
        self.rejects += 1
        if record.cut:
            if len(self.cut) < NAMED:
                self.cut.append(record.line)
            else:
                self.cut_more += 1

    @property
    def sentence(self) -> str:
        """What is cut; empty: nothing is."""
        if not self.cut:
            return ""
        which = ", ".join(map(str, self.cut))
        more = f" and {self.cut_more:,} more" if self.cut_more else ""
        return (
            f"Only the first 64 KiB are known of the records at line {which}{more}. {self.gone}"
        ).strip()


class _Sheet(Protocol):
    def header(self, names: Sequence[str]) -> bytes:
        """The first bytes."""

    def row(self, record: RejectedRecord, width: int) -> bytes:
        """The bytes of a record; they may come later."""

    def end(self) -> bytes:
        """The last bytes."""


def form_of(name: str) -> ExportForm:
    """The form that the end of a file's name asks for. Raises UsageError."""
    for form in ("csv", "jsonl", "xlsx"):
        if name.lower().endswith(f".{form}"):
            return form
    raise UsageError(
        f"{name} does not end in .csv, .jsonl or .xlsx, so its form is not known",
        hint="name the file fix.csv, for instance",
    )


def header_of(plan: Plan) -> list[str]:
    """The names of the columns of an export."""
    return [*BEFORE, *plan.header, RECORD]


def exportable(entry: Entry) -> Plan:
    """The plan of an import that can have rejects. Raises Forbids."""
    if not entry.plan:
        raise Forbids(f"{entry.kind} {entry.import_id} has not loaded anything yet")
    return Plan.from_json(entry.plan)


def export(
    history: History,
    import_id: int,
    form: ExportForm,
    report: ExportReport,
    codes: Sequence[str] = (),
    given: str | None = None,
) -> Iterator[bytes]:
    """Yields the bytes of an export, in pieces; memory holds a page of rejects. `report` is
    complete at the end. `given`: where the input is now, if it has moved.

    Raises NoSuchImport, Forbids, and UsageError where a spreadsheet cannot hold the records.
    """
    entry = history.entry(import_id) if history.exists() else None
    if entry is None:
        raise allowed.no_import(history, import_id)
    plan = exportable(entry)
    with closing(RejectedRecords(entry, plan, VerifyOptions(input=given))) as records:
        rejects = repairs.open_rejects(history, import_id, codes)
        yield from pieces(rejects, records, plan, form, report)


def pieces(
    rejects: Iterator[KeptReject],
    records: RejectedRecords,
    plan: Plan,
    form: ExportForm,
    report: ExportReport,
) -> Iterator[bytes]:
    """Yields the bytes of an export of these rejects."""
    sheets: dict[str, Callable[[], _Sheet]] = {
        "csv": _Csv,
        "jsonl": _JsonLines,
        "xlsx": RejectWorkbook,
    }
    sheet = sheets[form]()
    yield sheet.header(header_of(plan))
    for kept in rejects:
        record = records.of(kept)
        report.count(record)
        if piece := sheet.row(record, len(plan.header)):
            yield piece
    report.gone = records.gone
    yield sheet.end()


def require_new(path: Path) -> None:
    """Raises UsageError where a file exists: nobody's corrections are to be overwritten."""
    if path.exists():
        raise UsageError(
            f"{path} exists already", hint="name another file, or remove that one first"
        )


def write_new_file(path: Path, pieces: Iterator[bytes]) -> None:
    """Writes a file that appears once it is complete. Raises UsageError."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("xb") as file:
            file.writelines(pieces)
        beside.rename(path)
    except OSError as error:
        what, hint = unwritable(path, error)
        raise UsageError(what, place=str(path), hint=hint) from error
    finally:
        with suppress(OSError):
            beside.unlink()


class _Csv:
    """CSV with commas, in UTF-8."""

    def header(self, names: Sequence[str]) -> bytes:
        return f"{_csv_line(names)}\n".encode("utf-8", "replace")

    def row(self, record: RejectedRecord, width: int) -> bytes:
        reject = record.kept.reject
        before = [str(reject.line), reject.code, reject.column or "", reject.reason]
        cells = _csv_line(before)
        for one in record.fields or [NULL] * width:
            # An empty field in quotes is a text, and one without is NULL.
            cells += ',""' if one.quoted and not one.text else "," + _csv_cell(one.text)
        return f"{cells},{_csv_cell(record.text)}\n".encode("utf-8", "replace")

    def end(self) -> bytes:
        return b""


class _JsonLines:
    """A JSON object a line."""

    def __init__(self) -> None:
        self._names: list[str] = []

    def header(self, names: Sequence[str]) -> bytes:
        self._names = unique_names(names)
        return b""

    def row(self, record: RejectedRecord, width: int) -> bytes:
        reject = record.kept.reject
        fields = record.fields or [NULL] * width
        values = (
            reject.line,
            reject.code,
            reject.column,
            reject.reason,
            *(one.text if one.text or one.quoted else None for one in fields),
            record.text or None,
        )
        text = json.dumps(dict(zip(self._names, values, strict=True)), ensure_ascii=False)
        return f"{text}\n".encode("utf-8", "replace")

    def end(self) -> bytes:
        return b""


def _csv_line(cells: Sequence[str]) -> str:
    return ",".join(map(_csv_cell, cells))


def _csv_cell(text: str) -> str:
    return text if _SPECIAL.isdisjoint(text) else '"' + text.replace('"', '""') + '"'
