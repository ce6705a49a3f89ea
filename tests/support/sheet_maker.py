"""Small .xlsx files, cell by cell: what programs write seldom, and what nobody should write."""

import io
import zipfile
from xml.sax.saxutils import escape

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STYLES = (
    f'<styleSheet {_MAIN}><cellXfs count="4"><xf numFmtId="0"/><xf numFmtId="14"/>'
    '<xf numFmtId="22"/><xf numFmtId="46"/></cellXfs></styleSheet>'
)
DATE, MOMENT, DURATION = 1, 2, 3
"""Styles of cells."""


def column(index):
    """The letters of a column.

    >>> column(0), column(25), column(26), column(16383)
    ('A', 'Z', 'AA', 'XFD')
    """
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _cell(at, value):
    style = ""
    if isinstance(value, tuple):
        value, number = value
        style = f' s="{number}"'
    if isinstance(value, bool):
        return f'<c r="{at}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, (int, float)):
        return f'<c r="{at}"{style}><v>{value!r}</v></c>'
    if value.startswith("="):
        return f'<c r="{at}"{style}><f>{escape(value[1:])}</f><v></v></c>'
    if value.startswith("!"):
        return f'<c r="{at}" t="e"><v>{value[1:]}</v></c>'
    return f'<c r="{at}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def sheet(rows):
    """The XML of a sheet from `{row: {column: value}}`, both from 0 on. A value is a number, a
    boolean, a text, an error (`!#N/A`), a formula without a value (`=A1`), or one with a style."""
    body = "".join(
        f'<row r="{row + 1}">'
        + "".join(_cell(f"{column(at)}{row + 1}", cell) for at, cell in cells.items())
        + "</row>"
        for row, cells in rows.items()
    )
    return f"<worksheet {_MAIN}><sheetData>{body}</sheetData></worksheet>"


def table(*rows):
    """The same from lists; None is an empty cell."""
    return sheet(
        {
            n: {at: cell for at, cell in enumerate(row) if cell is not None}
            for n, row in enumerate(rows)
        }
    )


def book(sheets, hidden=(), properties=""):
    """The bytes of a workbook with these sheets, by their names."""
    names, rels, data = "", "", io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for n, (name, xml) in enumerate(sheets.items(), 1):
            state = ' state="hidden"' if name in hidden else ""
            names += f'<sheet name="{escape(name)}" sheetId="{n}" r:id="r{n}"{state}/>'
            rels += (
                f'<Relationship Id="r{n}" Type="{_REL}/worksheet" Target="worksheets/s{n}.xml"/>'
            )
            archive.writestr(f"xl/worksheets/s{n}.xml", xml)
        rels += f'<Relationship Id="rs" Type="{_REL}/styles" Target="styles.xml"/>'
        archive.writestr("xl/styles.xml", _STYLES)
        space = "http://schemas.openxmlformats.org/package/2006"
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{space}/relationships">{rels}</Relationships>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{space}/relationships"><Relationship Id="r1"'
            f' Type="{_REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook {_MAIN} xmlns:r="{_REL}">{properties}<sheets>{names}</sheets></workbook>',
        )
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{space}/content-types"/>')
    return data.getvalue()
