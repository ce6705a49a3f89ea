"""Nothing is made of an input that can be read in several ways; a table that exists decides."""

import codecs

import pytest

import snapshots
from snapshots import locations
from snapshots.errors import DialectError, SnapshotsError
from tests.support.command import snapshots as command
from tests.support.input_files import rows

TIE = "red;a,b\nblue;c,d\n"
RAGGED = "h1,h2\n1,2\n1,2,3\n1\n"


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def load(tmp_path, database):
    """Loads a text into table t."""

    def loaded(text, **options):
        path = tmp_path / "t.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return snapshots.load(path, database=database, table="t", lineage=False, **options)

    return loaded


@pytest.fixture
def make(database):
    """Makes a table."""

    def made(sql):
        session = locations.target(database).connect(create=True)
        try:
            session.execute(sql)
        finally:
            session.close()

    return made


def has_table(database):
    try:
        rows(database, "SELECT * FROM t")
    except SnapshotsError:
        return False
    return True


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        (TIE, """With --delimiter ';': ["red", "a,b"]""", "--delimiter ',' or --delimiter ';'"),
        (RAGGED, "2 of 3 records do not have 2 fields", "--ragged pad"),
        ("a b c\nred green blue\nx y z\n", "With --delimiter none:", "--delimiter none"),
        ('a,b\n1,"x"y\n2,"z"w\n', "2 of 2 records have broken quotes", "--quotechar none"),
        ("id   name      n\n1    pen       5\n2    red ink   7\n", "fixed positions", "none"),
    ],
)
def test_nothing_is_made_of_what_is_in_doubt(load, database, text, says, hint):
    with pytest.raises(DialectError) as caught:
        load(text)
    assert says in caught.value.message
    assert hint in caught.value.hint
    assert (caught.value.code, caught.value.exit_code) == ("dialect", 1)
    assert not has_table(database)


@pytest.mark.parametrize(
    ("text", "one", "other"),
    [
        ("a,b;c\n1,2;3\n", ";", ","),
        ("a;b,c\n1;2,3\n", ";", ","),
        ("a;b,c\n" + "1;2,3\n" * 300, ";", ","),
        ("a,b\tc\n1,2\t3\n4,5\t6\n", "tab", ","),
        ("a\tb|c\n1\t2|3\n", "tab", "|"),
        ("a|b,c\n1|2,3\n4|5,6\n", "|", ","),
        ("a b,c\n1 2,3\n", ",", "space"),
        ("a:b,c\n1:2,3\n", ",", ":"),
        ("a^b,c\n1^2,3\n", "^", ","),
        ("# made by hand\na,b;c\n1,2;3\n4,5;6\n", ";", ","),
        ("name;price,EUR\npen;2,50\nink;3,70\n", ";", ","),
    ],
)
def test_numbers_do_not_decide_where_the_header_can_be_taken_apart_twice(load, text, one, other):
    with pytest.raises(DialectError) as caught:
        load(text)
    wanted = [way if way.isalpha() else f"'{way}'" for way in (one, other)]
    assert caught.value.hint == f"Use --delimiter {wanted[0]} or --delimiter {wanted[1]}."
    assert all(f"--delimiter {way}: [" in caught.value.message for way in wanted)
    assert "# made" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Last, First;Age\nDoe, John;5\nRay, Bob;6\n", [("Doe, John", 5), ("Ray, Bob", 6)]),
        ("first name,age\nAnn Lee,5\nBob Ray,6\n", [("Ann Lee", 5), ("Bob Ray", 6)]),
        ('"a,b";c\n"1,2";3\n', [("1,2", 3)]),
        ("p;q;r;s,t\n1;2;3;4,5\n", [(1, 2, 3, "4,5")]),
        ("big city,n\nNew York,5\nSt. Gallen,6\n", [("New York", 5), ("St. Gallen", 6)]),
        ("a b\tc\n1 2\t3\n", [("1 2", 3)]),
        ("a,b||c\n1,2||3\n", [("1,2", 3)]),
    ],
)
def test_a_text_with_the_other_sign_is_no_tie(load, database, text, found):
    load(text)
    assert rows(database, "SELECT * FROM t") == found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a,b;c", "a,b;c\n1,2;3\n"),
        ("a;b,c", "a;b,c\n1;2,3\n"),
        ("a|b,c", "a|b,c\nx|y,z\n"),
        ("a,b", "a,b\n1,2\n"),
        ("x y z", "x y z\nred green blue\n1 2 3\n"),
    ],
)
def test_a_table_of_one_column_decides_for_it(load, make, database, name, text):
    target = locations.target(database)
    make(f"CREATE TABLE t ({target.dialect.quote(name)} varchar(40))")
    load(text)
    assert rows(database, "SELECT * FROM t") == [(line,) for line in text.splitlines()[1:]]


@pytest.mark.parametrize(
    ("names", "text", "wanted"),
    [
        (["a", "b"], "-- made by\na b\n1 2\n3 4\n", [("1", "2"), ("3", "4")]),
        (["a", "b"], "# x\n# y\na b\n1 2\n3 4\n", [("1", "2"), ("3", "4")]),
        (["a", "b"], "// made, by\na:b\n1:2\n3:4\n", [("1", "2"), ("3", "4")]),
        (["a:b"], "// made, by\na:b\n1:2\n3:4\n", [("1:2",), ("3:4",)]),
        (["a,b", "c"], "% made, by\na,b;c\n1,2;3\n", [("1,2", "3")]),
        (["a", "b;c"], "% made, by\na,b;c\n1,2;3\n", [("1", "2;3")]),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_table_decides_below_remarks(load, make, database, names, text, wanted, encoding):
    quote = locations.target(database).dialect.quote
    make(f"CREATE TABLE t ({', '.join(f'{quote(name)} varchar(9)' for name in names)})")
    load(text.encode(encoding))
    assert rows(database, "SELECT * FROM t") == wanted


def test_a_table_of_one_column_decides_without_a_header(load, make, database):
    make("CREATE TABLE t (line varchar(40))")
    load(TIE, header=False)
    assert rows(database, "SELECT * FROM t") == [("red;a,b",), ("blue;c,d",)]


@pytest.mark.parametrize(
    ("text", "options", "loaded", "rejected"),
    [
        (TIE, {"delimiter": ";"}, 2, 0),
        (TIE, {"delimiter": ","}, 2, 0),
        (TIE, {"delimiter": ""}, 2, 0),
        (RAGGED, {"delimiter": ","}, 1, 2),
        (RAGGED, {"ragged": "reject"}, 1, 2),
        (RAGGED, {"ragged": "pad"}, 2, 1),
        (RAGGED, {"delimiter": ""}, 3, 0),
        ('a,b\n1,"x"y\n2,"z"w\n', {"quote": '"'}, 0, 2),
        ('a,b\n1,"x"y\n2,"z"w\n', {"quote": ""}, 2, 0),
    ],
)
def test_an_option_ends_the_doubt(load, text, options, loaded, rejected):
    header = {} if "header" in options or text != TIE else {"header": False}
    result = load(text, max_rejects="100%", **options, **header)
    assert (result.counts.loaded, result.counts.rejected) == (loaded, rejected)


def test_half_of_the_records_may_be_rejected(load):
    result = load("a,b\n1,2\n1\n", max_rejects="100%")
    assert (result.counts.loaded, result.counts.rejected) == (1, 1)


def test_of_many_records_no_share_is_in_doubt(load):
    result = load("a,b\n" + "1,2\n1\n1\n" * 400, max_rejects="100%")
    assert (result.counts.loaded, result.counts.rejected) == (400, 800)


def test_the_table_decides_by_its_columns(load, make, database):
    make("CREATE TABLE t (colour varchar(20), size varchar(20))")
    result = load("colour;size,x\nblue;c,d\n", columns_changed="ignore")
    assert result.counts.loaded == 1
    assert rows(database, "SELECT * FROM t") == [("blue", None)]


def test_the_table_decides_by_how_many_they_are(load, make, database):
    make("CREATE TABLE t (a varchar(20), b varchar(20), c varchar(20))")
    load("x;a,b;y\nz;c,d;w\n", header=False)
    assert rows(database, "SELECT * FROM t") == [("x", "a,b", "y"), ("z", "c,d", "w")]


def test_a_table_that_fits_both_readings_does_not_decide(load, make, database):
    make("CREATE TABLE t (a varchar(20), b varchar(20))")
    with pytest.raises(DialectError, match="delimiter is unclear"):
        load(TIE, header=False)
    assert rows(database, "SELECT * FROM t") == []


def test_where_no_reading_fits_the_error_is_that_of_the_best(load, make):
    make("CREATE TABLE t (n integer)")
    with pytest.raises(SnapshotsError) as caught:
        load("id,name\n1,pen\n2,ink\n")
    assert caught.value.code == "columns_changed"


@pytest.mark.parametrize(
    "text",
    [
        "Konto:;DE12\n\nTag;Betrag;Text\n2024-01-01;5;Miete\n",
        "Bank Ltd;;\nAccount;123;\nTag;Betrag;Text\n2024-01-01;5;Miete\n",
        "sep=;\nTag;Betrag;Text\n2024-01-01;5;Miete\n",
        "Tag;Betrag;Text;\n2024-01-01;5;Miete;\n",
        "Tag;Betrag;Text\n;EUR;\n2024-01-01;5;Miete\n2024-01-01;5;Miete\n",
        "Tag;Betrag;Text\n2024-01-01;5;Miete\nTag;Betrag;Text\n",
    ],
)
def test_the_names_of_the_table_are_looked_for(load, make, database, text):
    make("CREATE TABLE t (Tag date, Betrag integer, Text varchar(20))")
    load(text, max_rejects="100%")
    found = rows(database, "SELECT * FROM t")
    assert set(found) == {("2024-01-01", 5, "Miete")}


def test_a_column_that_was_made_of_an_empty_field_is_filled_on(load, make, database):
    make("CREATE TABLE t (a integer, b integer, column_3 varchar(20))")
    load("a,b,\n1,2,\n")
    assert rows(database, "SELECT * FROM t") == [(1, 2, None)]


def test_a_renamed_column_is_no_other_reading(load, make, database):
    make("CREATE TABLE t (a varchar(9), b varchar(9))")
    with pytest.raises(SnapshotsError) as caught:
        load("x,b\nred,blue\npen,ink\n")
    assert caught.value.code == "columns_changed"
    assert rows(database, "SELECT * FROM t") == []


def test_a_contract_decides(load, database):
    contract = {"fields": [{"name": name, "type": "string"} for name in ("a", "b", "c")]}
    load("x;a,b;y\nz;c,d;w\n", header=False, contract=contract)
    assert rows(database, "SELECT a, b, c FROM t") == [("x", "a,b", "y"), ("z", "c,d", "w")]


def test_a_separator_line_in_utf_16(load, make, database):
    make("CREATE TABLE t (Tag date, Betrag integer, Text varchar(20))")
    text = "sep=;\r\nTag;Betrag;Text\r\n2024-01-01;5;Miete\r\n"
    load(codecs.BOM_UTF16_LE + text.encode("utf-16-le"))
    assert rows(database, "SELECT * FROM t") == [("2024-01-01", 5, "Miete")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (TIE, "Use --delimiter ',' or --delimiter ';'."),
        ("a,b;c\n1,2;3\n", "Use --delimiter ';' or --delimiter ','."),
        (RAGGED, "Use --ragged pad to fill short records"),
        ('a,b\n1,"x"y\n2,"z"w\n', "Use --quotechar none if quotes have no special meaning"),
        ("# x\na b\n1 2\n3 4\n", "Use --comment '#'"),
        ("id  name\n--  ----\n1   pen\n", "--delimiter none to load each line as one column."),
    ],
)
def test_a_watched_folder_records_the_doubt(tmp_path, database, text, says):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "tie.csv").write_text(text)
    done = command("sync", "--data-dir", folder, "--once", "--database", database, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    (record,) = snapshots.history(database)
    assert record.state == "failed"
    codes = rows(database, "SELECT error_code FROM snapshots_imports")
    assert codes == [("dialect",)]
    assert says in record.error
    assert not has_table(database)


def test_a_delivery_sends_nothing_of_what_is_in_doubt(tmp_path, sqlite_url):
    (tmp_path / "tie.csv").write_text(TIE)
    with pytest.raises(DialectError):
        snapshots.send(tmp_path / "tie.csv", "http://127.0.0.1:9/rows", database=sqlite_url)
