"""Records and headers of every shape."""

from .case import Case, Refusal

_LONG = b"n" * 200
_WIDE = 500
"""As many columns as the strictest database, MariaDB, takes whatever their types."""


def _wide(columns: int) -> bytes:
    names = ",".join(f"c{n}" for n in range(columns))
    return f"{names}\n{','.join(map(str, range(columns)))}\n".encode()


CASES = [
    Case("short record", b"a,b\n1,2\n3\n4,5\n", {2: (1, 2), 4: (4, 5)}, {3: "field_count"}),
    Case("long record", b"a,b\n1,2\n3,4,5\n6,7\n", {2: (1, 2), 4: (6, 7)}, {3: "field_count"}),
    Case("long record of empty fields", b"a,b\nx,y\n,,\n", {2: ("x", "y")}, skipped=1),
    Case("lone delimiter", b"a,b\n,\nx,y\n", {3: ("x", "y")}, skipped=1),
    Case("lone delimiters, as many as there should be", b"a,b,c\n,,\nx,y,z\n",
         {3: ("x", "y", "z")}, skipped=1),
    Case("empty fields in quotes", b'a,b\n"",""\nx,y\n', {3: ("x", "y")}, skipped=1),
    Case("one field of several is not empty", b'a,b\n"",y\n', {2: ("", "y")}),
    Case("padding with NULs", b"a,b\n1,2\n" + bytes(40), {2: (1, 2)}, skipped=1),
    Case("padding with NULs after the last record", b"a,b\n1,2" + bytes(40), {2: (1, 2)},
         skipped=1),
    Case("padding with NULs after a delimiter", b"a,b\n1," + bytes(9), {2: (1, None)}, skipped=1),
    Case("padding with NULs after the header", b"a,b" + bytes(9), skipped=1),
    Case("the header once more", b"a,b\n1,2\na,b\n3,4\n", {2: (1, 2), 4: (3, 4)},
         {3: "repeated_header"}),
    Case("a field more, empty, everywhere", b"a,b\n1,2,\n3,4,\n", {2: (1, 2), 3: (3, 4)}),
    Case("a field more, empty, in the header", b"a,b,\n1,2\n3,4\n", {2: (1, 2), 3: (3, 4)},
         columns=("a", "b")),
    Case("filled up", b"a,b\n1\n2,3,\n4,5,x\n", {2: (1, None), 3: (2, 3)}, {4: "field_count"},
         options={"ragged": "pad"}),
    Case("a long delimiter", b"a||b\n1||x|y\n2||\"z||w\"\n", {2: (1, "x|y"), 3: (2, "z||w")},
         options={"delimiter": "||"}),
    Case("no delimiter", b"a\nx,y\nz\n", {2: ("x,y",), 3: ("z",)}, options={"delimiter": ""}),
    Case("blank line within", b"a,b\n1,2\n\n3,4\n", {2: (1, 2), 4: (3, 4)}, skipped=1),
    Case(
        "blank lines everywhere",
        b"\n\na,b\n\n1,2\n\n\n3,4\n\n",
        {5: (1, 2), 8: (3, 4)},
        skipped=6,
    ),
    Case("a line of spaces is no blank line", b"a,b\nx,y\n  \n", {2: ("x", "y")}, {3: "field_count"}),
    Case("blank line in one column", b"a\nx\n\ny\n", {2: ("x",), 4: ("y",)}, skipped=1),
    Case("empty text in one column", b'a\nx\n""\n', {2: ("x",), 3: ("",)}),
    Case("one column", b"a\n1\n2\n", {2: (1,), 3: (2,)}),
    Case("many columns", _wide(_WIDE), {2: tuple(range(_WIDE))}),
    Case("no final newline", b"a,b\n1,2\n3,4", {2: (1, 2), 3: (3, 4)}),
    Case("last record short, no final newline", b"a,b\n1,2\n3", {2: (1, 2)}, {3: "field_count"}),
    Case("header only", b"a,b\n"),
    Case("header only, no newline", b"a,b"),
    Case("all records short", b"a,b\n1\n2\n", {}, {2: "field_count", 3: "field_count"}),
    Case("no header", b"1,2\n3,4\n", {1: (1, 2), 2: (3, 4)}, columns=("column_1", "column_2"),
         options={"header": False}),
    Case("comments", b"#c\na,b\n1,2\n#\n3,4\n#x", {3: (1, 2), 5: (3, 4)}, skipped=3,
         options={"comment": "#"}),
    Case("lines to skip", b"t\nu,\"\na,b\n1,2\n", {4: (1, 2)}, skipped=2, options={"preamble": 2}),
    Case("a second header row", b"a,b\nint,int\n1,2\n", {3: (1, 2)}, skipped=1,
         options={"rows_after_header": 1}),
    Case("record too long", b"a,b\n1,2\n3,%b\n4,5\n" % (b"x" * 100), {2: (1, 2), 4: (4, 5)},
         {3: "record_too_long"}, options={"max_record_size": 50}),
    Case("the longest record there may be", b"a,b\n1,%b\n" % (b"x" * 48), {2: (1, "x" * 48)},
         options={"max_record_size": 50}),
    Case("duplicate names", b"a,a,A\n1,2,3\n", {2: (1, 2, 3)}, columns=("a", "a_2", "A_3")),
    Case("a name that a duplicate would get", b"a,a_2,a\n1,2,3\n", {2: (1, 2, 3)},
         columns=("a", "a_2", "a_3")),
    Case("empty names", b",b,\n1,2,3\n", {2: (1, 2, 3)}, columns=("column_1", "b", "column_3")),
    Case("names of 200 bytes", b"%b,b\n1,2\n" % _LONG, {2: (1, 2)}, columns=("n" * 60, "b")),
    Case("names alike in their first 60 bytes", b"%b1,%b2\n1,2\n" % (_LONG, _LONG), {2: (1, 2)},
         columns=("n" * 60, "n" * 58 + "_2")),
    Case("names that differ by case", "id,ID,Straße,STRASSE\n1,2,3,4\n".encode(), {2: (1, 2, 3, 4)},
         columns=("id", "ID_2", "Straße", "STRASSE_2")),
    Case("the names of lineage", b"_line,_IMPORT_ID,a\n1,2,3\n", {2: (1, 2, 3)},
         columns=("_line_2", "_IMPORT_ID_2", "a")),
    Case("emoji in names", "😀,é,e\n1,2,3\n".encode(), {2: (1, 2, 3)}, columns=("U+1F600", "é", "e")),
    Case("a name cut within a character", ("€" * 30 + ",b\n1,2\n").encode(), {2: (1, 2)},
         columns=("€" * 20, "b")),
    Case("spaces around names", b" a ,\tb\n1,2\n", {2: (1, 2)}, columns=("a", "b")),
    Case("words of SQL", b"select,from,table,order,null\n1,2,3,4,5\n", {2: (1, 2, 3, 4, 5)},
         columns=("select", "from", "table", "order", "null")),
    Case("a line end in a name", b'"a\nb",c\n1,2\n', {3: (1, 2)}, columns=("ab", "c")),
]  # fmt: skip

REFUSALS = [
    Refusal("empty", b"", "input"),
    Refusal("only line ends", b"\n\r\n\n", "dialect"),
    Refusal("only a quote", b'"', "dialect"),
    Refusal("an open quote in the header", b'a,"b\n1,2\n', "dialect"),
    Refusal("2,000 columns", _wide(2000), "contract"),
]
