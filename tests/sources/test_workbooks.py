"""Workbooks: a sheet is an input, and its values are those of its cells."""

import random

import pytest

import snapshots as api
from snapshots.errors import InputError, SnapshotsError, UsageError
from snapshots.sources import expand, open_source
from snapshots.sources.containers import workbook as workbooks
from snapshots.sources.remote.access import RemoteAccess
from snapshots.sources.unpacked_limit import UnpackedLimit
from tests.sources.test_zip import zipped
from tests.support.command import objects
from tests.support.command import snapshots as command
from tests.support.input_files import data
from tests.support.input_files import rows as rows_of
from tests.support.sheet_maker import DATE, DURATION, MOMENT, book, sheet, table
from tests.support.web_server import serving

KINDS = ("xlsx", "ods", "xls")


@pytest.fixture
def made(tmp_path):
    """Writes a workbook of these sheets; returns its path."""

    def write(sheets, name="book.xlsx", **how):
        path = tmp_path / name
        path.write_bytes(sheets if isinstance(sheets, bytes) else book(sheets, **how))
        return path

    return write


def refusal(name, **access):
    with pytest.raises(InputError) as caught:
        open_source(str(name), RemoteAccess(**access)).close()
    assert caught.value.hint, caught.value
    return f"{caught.value.message} {caught.value.hint}"


def records(name):
    """The records of a sheet."""
    source = open_source(str(name))
    try:
        return b"".join(source.read()).decode().split("\x1e")[:-1]
    finally:
        source.close()


def test_a_workbook_of_libreoffice(database, tmp_path):
    """Below a title, with a blank row, and with formulas that have errors."""
    for number, kind in enumerate(KINDS, 1):
        path = data(f"workbooks/accounts.{kind}")
        done = command("import", path, "--database", database, "--table", kind, cwd=tmp_path)
        assert done.returncode == 3, done.stderr
        found = api.rejects(number, database=database)
        rejects = [(one.line, one.code, one.column) for one in found]
        assert rejects == [(5, "error_cell", "sum"), (7, "error_cell", "rate")], kind
        assert command("verify", number, "--database", database, cwd=tmp_path).returncode == 0
        (shape,) = rows_of(
            database, f"SELECT id, account, code, note, _line FROM {kind} WHERE id = 1"
        )
        assert shape == (1, "1234567890123456", "007", 'Ärger, "a"\nb', 4), kind
    if database.startswith("postgresql"):
        (row,) = rows_of(
            database,
            "SELECT day, moment, clock, lasts, share, price, ok, sum, rate FROM ods WHERE id = 1",
        )
        assert [str(value) for value in row] == [
            "2024-01-31", "2024-01-31 18:05:07", "09:30:00", "26:05:00", "0.125", "1234.5", "1",
            "2.0", "0.1",
        ]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_the_records_of_a_workbook_of_libreoffice(kind):
    first, second, fifth = "1,2024-01-31", "2,1999-12-31", "4,,"
    found = records(data(f"workbooks/accounts.{kind}"))
    assert found[0].startswith("Accounts, first quarter") or '"Accounts, first' in found[0]
    assert (found[1], len(found)) == ("", 8)
    assert found[2].startswith("id,day,moment,clock,lasts,share,price,account")
    assert found[3].startswith(
        f"{first},2024-01-31 18:05:07,09:30:00,26:05:00,0.125,1234.5,1234567890123456,007,true,2,"
    )
    assert found[4].startswith(f"{second},2024-02-01 00:00:00,23:59:59,00:05:00,1,-3,987")
    assert "#DIV/0!" in found[4]
    # In an OpenDocument file, an error is a text.
    assert found[4].endswith("#N/A" if kind == "ods" else '"#N/A"')
    assert found[5] == ""
    assert "100:00:00" in found[6]
    assert found[7] == f"{fifth},,,,100000000000000000000,,,,2.5,0.0000001,last"
    assert "2.5" in found[7]


def test_binary_workbooks_of_excel(tmp_path):
    """`.xlsb`, which only Excel writes."""
    name = data("calamine/issues.xlsb")
    assert records(f"{name}#datatypes") == ["1", "1.5", "ab", "false", "test", "2016-10-20"]
    assert records(f"{name}#issue2") == ["1,a", "2,b", "3,c"]
    assert records(f"{name}#spc_chrs")[4:] == ['""""', "☺", "֍", "àâéêèçöïî«»"]
    assert records(f"{name}#Sheet1") == ["", "0"]
    assert "6 sheets with values" in refusal(name)
    dates = data("calamine/date.xlsb")
    assert records(dates) == ["2021-01-01,15", "2021-01-02,16", "255:10:10,17"]
    done = command("import", dates, "--table", "t", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    loaded = rows_of(f"sqlite:///{tmp_path}/snapshots.db", "SELECT * FROM t ORDER BY _line")
    assert [row[:2] for row in loaded] == [
        ("2021-01-01", 15),
        ("2021-01-02", 16),
        ("255:10:10", 17),
    ]


def test_a_workbook_with_a_password():
    assert "protected by a password" in refusal(data("calamine/pass_protected.xlsb"))


def test_each_kind_of_cell(made):
    path = made(
        {
            "A": table(
                ["a", "b", "c", "d", "e", "f", "g", "h"],
                [1, (45322, DATE), (45322.5, MOMENT), (1.25, DURATION), 1e15, 0.1, True, "x"],
                [
                    2.0,
                    (45323, DATE),
                    (45323, MOMENT),
                    (0.5, DURATION),
                    -1e300,
                    1e-9,
                    False,
                    "!#REF!",
                ],
                [
                    3,
                    (1, DATE),
                    (45324.000011574, MOMENT),
                    (-0.25, DURATION),
                    -0.0,
                    123,
                    True,
                    "#REF!",
                ],
            )
        }
    )
    assert records(path)[1:] == [
        "1,2024-01-31,2024-01-31 12:00:00,30:00:00,1000000000000000,0.1,true,x",
        f"2,2024-02-01,2024-02-01 00:00:00,12:00:00,-1{'0' * 300},0.000000001,false,#REF!",
        '3,1900-01-01,2024-02-02 00:00:01,-06:00:00,0,123,true,"#REF!"',
    ]


def test_the_calendar_of_1904(made):
    cells = {"A": table(["day", "n"], [(43860, DATE), 1])}
    path = made(cells, properties='<workbookPr date1904="1"/>')
    assert records(path)[1] == "2024-01-31,1"


def test_texts_stay_texts(sqlite_url, made):
    rows = [[n, str(n), f"{n:06}", "x" if n == 5 else n] for n in range(10)]
    path = made({"A": table(["number", "text", "padded", "mixed"], *rows)})
    result = api.load(str(path), database=sqlite_url)
    assert (result.outcome, result.counts.loaded) == ("finished", 10)
    assert result.record.table == "book"
    (types,) = rows_of(
        sqlite_url,
        "SELECT typeof(number), typeof(text), typeof(padded), typeof(mixed) FROM book"
        " WHERE _line = 4",
    )
    assert types == ("integer", "text", "text", "text")


def test_which_sheet_is_meant(sqlite_url, made, tmp_path):
    one, two = table(["a"], [1]), table(["b"], [2], [3])
    empty = table([])
    path = made({"Notes": empty, "Data": one, "Old": two}, hidden=["Old"])
    assert records(path) == ["a", "1"]
    assert records(f"{path}#Old") == ["b", "2", "3"]
    assert "no sheet 'Nix'" in refusal(f"{path}#Nix")
    assert "no visible sheet" in refusal(made({"A": empty, "B": one}, "b.xlsx", hidden=["B"]))
    path = made({"Sales 2024": one, "Costs": two, "Empty": empty, "Old": one}, hidden=["Old"])
    assert "2 sheets with values: Sales 2024, Costs." in refusal(path)
    assert expand([f"{path}#*"]) == [f"{path}#Sales 2024", f"{path}#Costs"]
    assert expand([str(path)]) == [str(path)]
    done = command("import", f"{path}#*", "--database", sqlite_url, "--json", cwd=tmp_path)
    ends = [(one["table"], one["loaded"]) for one in objects(done)]
    assert ends == [("Sales", 1), ("Costs", 2)], done.stderr
    # Another sheet changes, and this one is known still.
    made({"Sales 2024": one, "Costs": table(["b"], [4])})
    done = command("import", f"{path}#*", "--database", sqlite_url, "--json", cwd=tmp_path)
    assert [one["outcome"] for one in objects(done)] == ["already_imported", "finished"]


def test_a_table_anywhere_on_the_sheet(sqlite_url, made):
    """Titles above it, columns without values beside it, a stray note and blank rows."""
    rows = {0: {3: "Report"}, 2: {3: "id", 4: "name", 5: "remark"}}
    rows |= {n: {3: n, 4: f"name {n}"} for n in range(3, 30) if n != 7}
    rows[12][5] = "late"
    rows[20][9] = "see below"
    path = made({"A": sheet(rows)})
    result = api.load(str(path), database=sqlite_url)
    assert (result.counts.loaded, result.counts.rejected, result.counts.skipped) == (25, 1, 3)
    assert rows_of(sqlite_url, "SELECT name, remark FROM book WHERE id = 12") == [
        ("name 12", "late")
    ]
    (reject,) = api.rejects(1, database=sqlite_url)
    assert (reject.line, reject.code) == (21, "field_count")


def test_a_header_with_gaps_below_a_title(sqlite_url, made):
    """An index without a name, or the second of two merged cells."""
    for number, names in enumerate((["id", "name", "both", None], [None, "a", "b"]), 1):
        body = [[n, f"n{n}", n * 1.5, "z"][: len(names)] for n in range(5, 12)]
        rows = ["Sales of 2024"], ["as of today"], [], names, *body, [], ["Total", None, 99]
        path = made({"A": table(*rows)}, f"book{number}.xlsx")
        result = api.load(str(path), database=sqlite_url, table=f"t{number}")
        assert (result.counts.loaded, result.counts.rejected) == (8, 0)
        first = f"SELECT _line, typeof({names[2]}) FROM t{number} ORDER BY _line LIMIT 1"
        assert rows_of(sqlite_url, first) == [(5, "real")]


def test_a_formula_without_a_value_is_no_null(sqlite_url, made):
    """Libraries write formulas that nothing has calculated."""
    path = made({"A": table(["id", "n"], [1, 2], [2, "=A3*2"], [3, ""], ["=1+1", 4])})
    result = api.load(str(path), database=sqlite_url, max_rejects="100%")
    assert (result.counts.loaded, result.rejects_by_code) == (2, {"error_cell": 2})
    found = [(one.line, one.column) for one in api.rejects(1, database=sqlite_url)]
    assert found == [(3, "n"), (5, "id")]
    assert all("formula" in one.reason for one in api.rejects(1, database=sqlite_url))


def test_an_error_beside_the_table_is_not_lost(made):
    rows = {0: {1: "id", 2: "n"}, 1: {1: 1, 2: 2}, 2: {0: "!#REF!", 1: 3, 2: 4}}
    assert records(made({"A": sheet(rows)})) == [",id,n", ",1,2", "#REF!,3,4"]


def test_options_of_texts_have_no_meaning(sqlite_url, made):
    path = str(made({"A": table(["a", "b"], [1, 2])}))
    with pytest.raises(UsageError, match="option for its delimiter has no meaning"):
        api.load(path, database=sqlite_url, delimiter=";")
    result = api.load(path, database=sqlite_url, header=False, table="t")
    assert result.counts.loaded == 2


def test_a_reject_is_corrected_and_replayed(sqlite_url, made, tmp_path):
    path = made({"A": table(["id", "n"], [1, 2], [2, "!#N/A"], [3, 4])})
    assert api.load(str(path), database=sqlite_url).counts.rejected == 1
    fix = tmp_path / "fix.csv"
    api.export_rejects(1, fix, database=sqlite_url)
    fix.write_text(fix.read_text("utf-8-sig").replace("#N/A", "77"), "utf-8")
    done = command("replay", "1", fix, "--database", sqlite_url, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert rows_of(sqlite_url, "SELECT n, _line FROM book WHERE id = 2") == [(77, 3)]


def test_from_a_url_and_within_an_archive(sqlite_url, made, tmp_path):
    inside = book({"A": table(["a"], [1]), "B": table(["b"], [2])})
    with serving() as web:
        _, url = web.put("/book.xlsx", inside)
        result = api.load(f"{url}#B", database=sqlite_url)
        assert (result.counts.loaded, result.record.input) == (1, f"{url}#B")
        assert command("verify", "1", "--database", sqlite_url, cwd=tmp_path).returncode == 0
    (tmp_path / "a.zip").write_bytes(zipped([("b.xlsx", inside)]))
    assert "2 sheets with values: A, B" in refusal(tmp_path / "a.zip")
    result = api.load(str(tmp_path / "a.zip#b.xlsx#A"), database=sqlite_url)
    assert (result.counts.loaded, result.record.table) == (1, "A")


REPEATED = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"><office:body>'
    '<office:spreadsheet><table:table table:name="A"><table:table-row'
    ' table:number-rows-repeated="10000"><table:table-cell office:value-type="float"'
    ' office:value="1" table:number-columns-repeated="9000"/></table:table-row></table:table>'
    "</office:spreadsheet></office:body></office:document-content>"
)
"""Ninety million cells in a few hundred bytes."""


def test_what_is_too_large_ends_with_a_sentence(made, monkeypatch):
    corners = made({"A": sheet({0: {0: 1}, 1_048_575: {16_383: 2}})})
    with_limit = UnpackedLimit(most=100_000)
    assert "larger than allowed" in refusal(corners, unpacking=with_limit)
    assert len(records(corners)) == 1_048_576
    monkeypatch.setattr(workbooks, "MEMORY", 512 << 20)
    mime = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = ("META-INF/manifest.xml", "<manifest/>")
    bomb = zipped([("mimetype", mime), manifest, ("content.xml", REPEATED)])
    assert "of memory" in refusal(made(bomb, "many.ods"))


def test_changed_anywhere_nothing_crashes_and_all_balances(sqlite_url, made):
    rng = random.Random(26)
    outcomes = set()
    for round_ in range(24):
        kind = KINDS[round_ % 3]
        whole = bytearray(data(f"workbooks/accounts.{kind}").read_bytes())
        if round_ % 5 == 0:
            whole = whole[: rng.randrange(600, len(whole))]
        for _ in range(rng.choice((1, 3, 20))):
            whole[rng.randrange(8, len(whole))] = rng.randrange(256)
        path = made(bytes(whole), f"m{round_}.{kind}")
        try:
            counts = api.load(str(path), database=sqlite_url, table=f"t{round_}").counts
            assert counts.records == counts.loaded + counts.rejected + counts.skipped
            outcomes.add("loaded")
        except SnapshotsError as error:
            outcomes.add("refused" if error.message.endswith(".") else error.message)
    assert outcomes <= {"loaded", "refused"}
    assert "refused" in outcomes


def test_a_formula_without_a_value_names_no_column(sqlite_url, made):
    path = made({"S": table(["id", "=A1", "price"], [1, "x", 2.5], [2, "y", 3.5])})
    assert api.load(str(path), database=sqlite_url).counts.loaded == 2
    assert rows_of(sqlite_url, "SELECT id, column_2, price FROM book") == [
        (1, "x", 2.5),
        (2, "y", 3.5),
    ]
