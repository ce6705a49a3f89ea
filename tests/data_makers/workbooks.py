"""Makes the workbooks of tests/data/workbooks with LibreOffice, which must be installed:

    python -m tests.data_makers.workbooks

LibreOffice writes the time and itself into them, so that their bytes differ each time.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

FOLDER = Path(__file__).resolve().parents[1] / "data" / "workbooks"
KINDS = {"ods": "ods", "xlsx": "xlsx:Calc MS Excel 2007 XML", "xls": "xls:MS Excel 97"}

_SPACES = {
    "office": "office", "table": "table", "text": "text", "style": "style",
    "number": "datastyle", "of": "of",
}  # fmt: skip
_HEAD = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.{2 * (name == "of")}"'
    for prefix, name in _SPACES.items()
)
_STYLES = """
<number:time-style style:name="N1" number:truncate-on-overflow="false"><number:hours
 number:style="long"/><number:text>:</number:text><number:minutes number:style="long"/><number:text
>:</number:text><number:seconds number:style="long"/></number:time-style>
<number:date-style style:name="N2"><number:year number:style="long"/><number:text>-</number:text
><number:month number:style="long"/><number:text>-</number:text><number:day number:style="long"/>
</number:date-style>
<number:date-style style:name="N3"><number:day number:style="long"/><number:text>.</number:text
><number:month number:style="long"/><number:text>.</number:text><number:year number:style="long"/>
<number:text> </number:text><number:hours number:style="long"/><number:text>:</number:text
><number:minutes number:style="long"/></number:date-style>
<number:time-style style:name="N4"><number:hours number:style="long"/><number:text>:</number:text
><number:minutes number:style="long"/></number:time-style>
<number:percentage-style style:name="N5"><number:number number:decimal-places="0"/><number:text
>%</number:text></number:percentage-style>
<number:currency-style style:name="N6"><number:number number:decimal-places="2"
 number:grouping="true"/><number:text> </number:text><number:currency-symbol>EUR
</number:currency-symbol></number:currency-style>
<number:boolean-style style:name="N7"><number:boolean/></number:boolean-style>
<style:style style:name="long" style:family="table-cell" style:data-style-name="N1"/>
<style:style style:name="date" style:family="table-cell" style:data-style-name="N2"/>
<style:style style:name="moment" style:family="table-cell" style:data-style-name="N3"/>
<style:style style:name="time" style:family="table-cell" style:data-style-name="N4"/>
<style:style style:name="percentage" style:family="table-cell" style:data-style-name="N5"/>
<style:style style:name="currency" style:family="table-cell" style:data-style-name="N6"/>
<style:style style:name="boolean" style:family="table-cell" style:data-style-name="N7"/>
<style:style style:name="hidden" style:family="table"><style:table-properties
 table:display="false"/></style:style>"""

NAMES = (
    "id", "day", "moment", "clock", "lasts", "share", "price", "account", "code", "ok", "sum",
    "rate", "note",
)  # fmt: skip
ROWS = (
    [
        ("float", 1), ("date", "2024-01-31"), ("moment", "2024-01-31T18:05:07"),
        ("time", "PT09H30M00S"), ("long", "PT26H05M00S"), ("percentage", 0.125),
        ("currency", 1234.5), ("string", "1234567890123456"), ("string", "007"),
        ("boolean", "true"), ("formula", "of:=1+1"), ("float", 0.1), ("string", "Ärger, \"a\"\nb"),
    ],
    [
        ("float", 2), ("date", "1999-12-31"), ("moment", "2024-02-01T00:00:00"), ("time", "PT23H59M59S"),
        ("long", "PT00H05M00S"), ("percentage", 1), ("currency", -3), ("string", "9876543210987654"),
        ("string", "42"), ("boolean", "false"), ("formula", "of:=1/0"), ("float", 0.2),
        ("string", "#N/A"),
    ],
    [],
    [
        ("float", 3), ("date", "2024-02-29"), ("moment", "2024-02-29T00:00:01"),
        ("time", "PT00H00M00S"), ("long", "PT100H00M00S"), ("percentage", 0.5), None,
        ("string", "1111222233334444"), ("string", "A7"), ("boolean", "true"),
        ("formula", "of:=[.A8]*7"), ("formula", "of:=NA()"), None,
    ],
    [
        ("float", 4), None, None, None, None, None, ("currency", 1e20), None, None, None,
        ("formula", "of:=2.5"), ("float", 1e-7), ("string", "last"),
    ],
)  # fmt: skip
"""Below a title, a blank row and the header: the first of them is row 4."""

_VALUES = {
    "float": "value", "percentage": "value", "currency": "value", "date": "date-value",
    "moment": "date-value",
    "time": "time-value", "long": "time-value", "boolean": "boolean-value",
}  # fmt: skip


def _cell(cell):
    if cell is None:
        return "<table:table-cell/>"
    kind, value = cell
    if kind == "string":
        lines = "".join(f"<text:p>{escape(line)}</text:p>" for line in value.split("\n"))
        return f'<table:table-cell office:value-type="string">{lines}</table:table-cell>'
    if kind == "formula":
        return f"<table:table-cell table:formula={quoteattr(value)}/>"
    style = "" if kind == "float" else f' table:style-name="{kind}"'
    name = _VALUES[kind]
    kind = {"long": "time", "moment": "date"}.get(kind, kind)
    return f'<table:table-cell{style} office:value-type="{kind}" office:{name}="{value}"/>'


def _row(cells):
    # The table begins in column B.
    return f"<table:table-row><table:table-cell/>{''.join(map(_cell, cells))}</table:table-row>"


def _sheet(name, rows, more=""):
    return f'<table:table table:name="{name}"{more}>{"".join(rows)}</table:table>'


def workbook():
    """The workbook as flat XML."""
    title = (
        '<table:table-row><table:table-cell/><table:table-cell office:value-type="string"'
        ' table:number-columns-spanned="4"><text:p>Accounts, first quarter</text:p>'
        "</table:table-cell></table:table-row>"
    )
    header = _row([("string", name) for name in NAMES])
    sheets = (
        _sheet("Accounts", [title, _row([]), header, *map(_row, ROWS)])
        + _sheet("Empty", [_row([])])
        + _sheet(
            "Secret", [_row([("string", "x")]), _row([("float", 1)])], ' table:style-name="hidden"'
        )
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document {_HEAD} office:version="1.2"'
        ' office:mimetype="application/vnd.oasis.opendocument.spreadsheet">'
        f"<office:automatic-styles>{_STYLES}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{sheets}</office:spreadsheet></office:body>"
        "</office:document>"
    )


def main():
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "accounts.fods")
        source.write_text(workbook(), "utf-8")
        for ending, kind in KINDS.items():
            subprocess.run(
                [
                    "soffice", "--headless", f"-env:UserInstallation=file://{folder}/profile",
                    "--convert-to", kind, "--outdir", folder, str(source),
                ],
                check=True,
            )  # fmt: skip
            shutil.copy(Path(folder, f"accounts.{ending}"), FOLDER)


if __name__ == "__main__":
    main()
