"""Writes a spreadsheet, `.xlsx`, in which each cell is a text.

A spreadsheet then takes no value for a number, a date or a formula, so that none is changed by
looking at it. The file is written as it goes, in constant memory.
"""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from snapshots.engine.plan.corrected import NULL
from snapshots.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

    from snapshots.engine.repair.records import RejectedRecord

MOST_ROWS: Final = 1_048_576
_AT_ONCE: Final = 1 << 16
"""Characters that are compressed together."""
MOST_CHARACTERS: Final = 32_767
_NOT_IN_XML: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]|_(?=x[0-9A-Fa-f]{4}_)"
)
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_BEGIN: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS: Final = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels"'
    ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
    "</Types>",
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
    f' Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
    '<sheet name="rejects" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
    # Format 49 is "Text": what is typed into such a cell stays a text as well.
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts>'
    '<fills count="1"><fill/></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf/>'
    '<xf numFmtId="49" applyNumberFormat="1"/></cellXfs></styleSheet>',
}


class _Pieces:
    """What a ZIP file is written to, and taken from piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


class RejectWorkbook:
    """One sheet, as bytes that come as it grows."""

    def __init__(self) -> None:
        self._out = _Pieces()
        self._zip = zipfile.ZipFile(self._out, "w", zipfile.ZIP_DEFLATED, compresslevel=3)  # type: ignore[call-overload]
        self._sheet: IO[bytes] | None = None
        self._rows = 0
        self._names: Sequence[str] = ()
        self._waiting: list[str] = []
        self._size = 0

    def header(self, names: Sequence[str]) -> bytes:
        """The first bytes."""
        self._names = names
        for name, text in _PARTS.items():
            self._zip.writestr(name, _BEGIN + text)
        self._sheet = self._zip.open("xl/worksheets/sheet1.xml", "w", force_zip64=True)
        columns = f'<cols><col min="1" max="{len(names)}" width="16" style="1"/></cols>'
        view = (
            '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2"'
            ' activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        )
        self._write(f'{_BEGIN}<worksheet xmlns="{_MAIN}">{view}{columns}<sheetData>')
        self._row(names, 1)
        return self._out.take()

    def row(self, record: RejectedRecord, width: int) -> bytes:
        """The bytes that are complete with a record. Raises UsageError where it has no room."""
        reject = record.kept.reject
        fields = record.fields or [NULL] * width
        self._row(
            [
                str(reject.line),
                reject.code,
                reject.column or "",
                reject.reason,
                *(field.text for field in fields),
                record.text,
            ],
            reject.line,
        )
        return self._out.take()

    def end(self) -> bytes:
        """The last bytes."""
        assert self._sheet is not None  # noqa: S101 - for the type checker
        self._write("</sheetData></worksheet>")
        self._flush()
        self._sheet.close()
        self._zip.close()
        return self._out.take()

    def _row(self, texts: Sequence[str], line: int) -> None:
        self._rows += 1
        if self._rows > MOST_ROWS:
            raise UsageError(
                f"a spreadsheet has room for {MOST_ROWS - 1:,} rejects", hint="export a .csv file"
            )
        cells = []
        for text, name in zip(texts, self._names, strict=True):
            if len(text) > MOST_CHARACTERS:
                raise UsageError(
                    f"line {line} has {len(text):,} characters in {name}, and a spreadsheet has"
                    f" room for {MOST_CHARACTERS:,}",
                    hint="export a .csv file",
                )
            cells.append(_cell(text))
        self._write(f"<row>{''.join(cells)}</row>")

    def _write(self, text: str) -> None:
        self._waiting.append(text)
        self._size += len(text)
        if self._size >= _AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        assert self._sheet is not None  # noqa: S101 - for the type checker
        self._sheet.write("".join(self._waiting).encode("utf-8"))
        self._waiting.clear()
        self._size = 0


def _cell(text: str) -> str:
    if not text:
        return '<c s="1"/>'
    if not text.isalnum():
        text = escape(_NOT_IN_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", text))
    return f'<c s="1" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
