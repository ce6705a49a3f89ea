"""Lines of fixed width, Excel's CSV, and delimiters of several characters."""

import gzip
import json
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import snapshots as api
from snapshots import locations
from snapshots.engine.verify.located import VerifyOptions
from snapshots.engine.verify.verify import verify_import
from tests.support.command import snapshots as command
from tests.support.input_files import rows as rows_of
from tests.support.sync_process import once

FIELDS = [
    {"name": "id", "type": "integer", "x-start": 1, "x-width": 4},
    {"name": "city", "type": "string", "x-start": 6, "x-width": 8},
    {"name": "paid", "type": "number", "x-start": 14, "x-width": 6},
]
CONTRACT = {"fields": FIELDS}


def line(number, city, paid, filler=" "):
    return f"{number:04}{filler}{city:<8}{paid:>6}"


def counts(result):
    found = result.counts
    return (found.records, found.loaded, found.rejected, found.skipped)


def load(tmp_path, database, content, contract=CONTRACT, **options):
    path = tmp_path / "t.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    given = {} if contract is None else {"contract": contract}
    return api.load(
        path, database=database, table="t", **given, **{"max_rejects": "100%", **options}
    )


def found(database):
    rows = rows_of(database, "SELECT id, city, paid FROM t ORDER BY _line")
    return [(int(n), city, paid if paid is None else float(paid)) for n, city, paid in rows]


TEXT = "\n".join([line(1, "Zürich", "12.50"), line(2, "Köln 東京", "7"), line(3, "😀", "")]) + "\n"
ROWS = [(1, "Zürich", 12.5), (2, "Köln 東京", 7.0), (3, "😀", None)]


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (TEXT.encode(), {}),
        (b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode(), {}),
        (TEXT.encode("utf-16"), {}),
        (gzip.compress(TEXT.encode(), mtime=0), {}),
        (TEXT.replace("\n", "   \n").encode(), {}),
        (TEXT.rstrip("\n").encode(), {}),
        (TEXT.replace("\n", "\r").encode(), {}),
        (("id   city      paid\n" + TEXT).encode(), {}),
        (("x\n" + TEXT).encode(), {"preamble": 1}),
        (("a header\n" + TEXT).encode(), {"header": True}),
        (TEXT.encode(), {"chunk_size": 20, "workers": 2}),
    ],
)
def test_fields_stand_at_their_places(database, tmp_path, content, options):
    result = load(tmp_path, database, content, **options)
    assert counts(result)[1:3] == (3, 0), result.message
    assert found(database) == ROWS
    verified = verify_import(
        result.record.import_id, locations.target(database), VerifyOptions(), lambda _: None
    )
    assert (verified.equal, verified.changed, verified.missing, verified.more) == (3, 0, 0, 0)


def test_on_a_cluster(postgres_url, tmp_path):
    content = "".join(f"{line(n, f'é{n}', n)}\n" for n in range(3000))
    result = load(tmp_path, postgres_url, content, cluster="local", chunk_size=8192)
    assert counts(result) == (3000, 3000, 0, 0)
    assert found(postgres_url) == [(n, f"é{n}", n) for n in range(3000)]


def test_lines_that_are_too_short_or_too_long(database, tmp_path):
    lines = [line(1, "Rom", "1"), line(2, "Bo", "2")[:-2], line(3, "", "3") + "!", "", "    ",
             line(4, "x", "4") + "  ", "0005", line(6, "é", "x"), "\ufffd" * 3]  # fmt: skip
    content = "\n".join(lines).encode().replace("\ufffd".encode() * 3, b"\xff" * 19)
    result = load(tmp_path, database, content, encoding="utf-8")
    assert counts(result) == (9, 2, 5, 2)
    rejects = list(api.rejects(result.record.import_id, database=database))
    assert [(one.line, one.code, one.reason) for one in rejects[:4]] == [
        (2, "field_count", "The line ends within field 3 of 3."),
        (3, "field_count", "The line goes on behind the last field."),
        (7, "field_count", "The line ends within field 2 of 3."),
        (8, "not_a_number", '"x" is not a number.'),
    ]
    assert rejects[4].code == "invalid_encoding"
    for one in rejects:
        assert content[one.byte_offset :].startswith(one.raw)
        assert content[: one.byte_offset].count(b"\n") == one.line - 1
    result = load(
        tmp_path, database, content, ragged="pad", again=True, mode="replace", encoding="utf-8"
    )
    assert counts(result) == (9, 4, 3, 2)
    assert (5, None, None) in found(database)


def test_spaces_and_the_rest_of_the_line(sqlite_url, tmp_path):
    contract = {"fields": [{"name": "a", "x-start": 1, "x-width": 3},
                           {"name": "b", "x-start": 5}]}  # fmt: skip
    content = "a b  c, d \n e    f\nxyz-\n"
    load(tmp_path, sqlite_url, content, contract)
    query = "SELECT a, b FROM t ORDER BY _line"
    assert rows_of(sqlite_url, query) == [("a b", "c, d"), ("e", "f"), ("xyz", None)]
    load(
        tmp_path, sqlite_url, content, contract, again=True, mode="replace",
        skip_initial_space=False,
    )  # fmt: skip
    assert rows_of(sqlite_url, query)[1] == (" e", "  f")


def test_some_fields_of_a_line(sqlite_url, tmp_path):
    contract = {"fields": [FIELDS[1], FIELDS[0]], "fieldsMatch": ["subset"]}
    result = load(tmp_path, sqlite_url, TEXT, contract)
    assert counts(result) == (3, 3, 0, 0)
    assert rows_of(sqlite_url, "SELECT id, city FROM t ORDER BY id") == [row[:2] for row in ROWS]


def test_resumed_grown_corrected_and_watched(sqlite_url, tmp_path):
    content = "".join(f"{line(n, f'é{n}', n)}\n" for n in range(2000))
    first = load(tmp_path, sqlite_url, content, chunk_size=2048, limit=700, workers=1)
    assert first.outcome == "limited"
    result = load(tmp_path, sqlite_url, content)
    assert (result.outcome, counts(result)) == ("finished", (2000, 2000, 0, 0))
    grown = load(tmp_path, sqlite_url, content + line(2000, "x", "y") + "\n")
    assert counts(grown) == (1, 0, 1, 0)
    number, fix = str(grown.record.import_id), tmp_path / "fix.csv"
    done = command("rejects", number, "--export", str(fix), "--database", sqlite_url, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    fix.write_text(fix.read_text().replace(",y,", ",2000,"))
    done = command("replay", number, str(fix), "--database", sqlite_url, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = found(sqlite_url)
    assert (len(rows), rows[-1]) == (2001, (2000, "x", 2000.0))
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "w.csv").write_text(content + content)
    (tmp_path / "c.json").write_text(json.dumps(CONTRACT))
    code, said = once(sqlite_url, folder, "--contract", str(tmp_path / "c.json"))
    assert code == 0, said
    assert rows_of(sqlite_url, "SELECT COUNT(*) FROM w") == [(4000,)]


def placed(*places):
    fields = [{"name": f"f{n}"} for n in range(len(places))]
    for field, (start, width) in zip(fields, places, strict=True):
        field.update({k: v for k, v in (("x-start", start), ("x-width", width)) if v is not None})
    return {"fields": fields}


@pytest.mark.parametrize(
    ("contract", "options", "says"),
    [
        (placed((1, 5), (5, 2)), {}, "'f0' (1 to 5) and 'f1' (from 5 on) overlap"),
        (placed((3, 2), (1, 3)), {}, "'f1' (1 to 3) and 'f0' (from 3 on) overlap"),
        (placed((1, 0)), {}, "at least one character"),
        (placed((0, 1)), {}, "first character of a line is number 1"),
        (placed((1, "2")), {}, "x-width must be a whole number"),
        (placed((None, 2)), {}, "needs x-start"),
        (placed((1, 2), (None, None)), {}, "'f1' has none"),
        (placed((1, None), (5, 2)), {}, "'f0' has no x-width"),
        (placed((1, 2)), {"delimiter": ";"}, "the option delimiter has no meaning"),
        (placed((1, 2)), {"input_format": "excel-csv"}, "input_format has no meaning"),
    ],
)
def test_places_that_cannot_be(sqlite_url, tmp_path, contract, options, says):
    with pytest.raises(api.SnapshotsError) as caught:
        load(tmp_path, sqlite_url, TEXT, contract, **options)
    assert says in str(caught.value)


def test_inputs_with_types_of_their_own(sqlite_url, tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"id": [1]}), path)
    for options in ({"input_format": "postgres-text"}, {"contract": CONTRACT}):
        with pytest.raises(api.SnapshotsError, match="which is a Parquet file"):
            api.load(path, database=sqlite_url, **options)


EXCEL = (
    'code;name;price;day\r\n="00123";"say ""hi""";1,50;31.12.2024\r\n'
    '="7";=1+1;-0,25;01.01.2025\r\n"=""0;8""";\'=2;;\r\n;;;\r\n'
)
EXCEL_ROWS = [
    ("00123", 'say "hi"', 1.5, "31.12.2024"),
    ("7", "=1+1", -0.25, "01.01.2025"),
    ("0;8", "'=2", None, None),
]


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (b"\xef\xbb\xbf" + EXCEL.encode(), {}),
        (b"sep=;\r\n" + EXCEL.encode(), {}),
        (EXCEL.encode("cp1252"), {"encoding": "cp1252"}),
        (EXCEL.encode(), {"chunk_size": 64}),
    ],
)
def test_what_excel_writes(database, tmp_path, content, options):
    result = load(tmp_path, database, content, None, input_format="excel-csv", **options)
    assert counts(result)[1:3] == (3, 0)
    query = "SELECT code, name, price, day FROM t ORDER BY _line"
    rows = rows_of(database, query)
    assert [(a, b, c if c is None else float(c), d) for a, b, c, d in rows] == EXCEL_ROWS
    again = load(
        tmp_path, database, content + b'="9";x;2,75;y\r\n', None, input_format="excel-csv",
        grown="all", **options,
    )  # fmt: skip
    assert counts(again)[1:3] == (4, 0), "the table's numbers have a comma in the next file, too"
    assert float(rows_of(database, query)[-1][2]) == 2.75


def test_unicode_text_and_commas(sqlite_url, tmp_path):
    content = 'code\tn\r\n="007"\t1.5\r\nü\t2\r\n'
    load(tmp_path, sqlite_url, content.encode("utf-16"), None, input_format="excel-csv")
    load(tmp_path, sqlite_url, content.replace("\t", ","), None, input_format="excel-csv")
    query = "SELECT code, n FROM t ORDER BY _import_id, _line"
    assert rows_of(sqlite_url, query) == 2 * [("007", 1.5), ("ü", 2)]


def test_a_semicolon_wins_over_the_decimal_comma(sqlite_url, tmp_path):
    load(tmp_path, sqlite_url, "1,5;2,5\r\n3,5;4,5\r\n", None, input_format="excel-csv")
    assert rows_of(sqlite_url, "SELECT column_1, column_2 FROM t") == [(1.5, 2.5), (3.5, 4.5)]


@pytest.mark.parametrize("delimiter", ["||", "~|~", "|~|", "::", "@@", "|||", "^|^"])
@pytest.mark.parametrize("even", [2, 50])
def test_records_that_are_short_or_long_tear_no_delimiter_apart(
    tmp_path, sqlite_url, delimiter, even
):
    """One of its signs would fit them as well, and would leave the others in the values."""
    lines = ["id,name,city", *(f"{n},Ann,Bonn" for n in range(even)), "7,Ann", "8,Ann,Bonn,X"]
    text = "\n".join(lines[: None if even > 2 else -1]).replace(",", delimiter) + "\n"
    assert load(tmp_path, sqlite_url, text, None).counts.loaded == even
    found = rows_of(sqlite_url, "SELECT id, name, city FROM t ORDER BY id")
    assert found == [(n, "Ann", "Bonn") for n in range(even)]


@pytest.mark.parametrize("delimiter", ["||", "~|~", "::", "@@"])
@pytest.mark.parametrize("given", [True, False])
def test_delimiters_of_several_characters(database, tmp_path, delimiter, given):
    rng = random.Random(1)
    texts = ["a", "", 'x"y', "|", "~", ":", "@", " ", "a b", "line\nend", f"p{delimiter}q", "é"]
    rows = [(n, rng.choice(texts), rng.choice(texts)) for n in range(400)]

    # A single sign at the end of a field would join the delimiter behind it.
    def quoted(text):
        return f'"{text.replace(chr(34), chr(34) * 2)}"'

    lines = [delimiter.join(["id", "one", "two"])]
    lines += [delimiter.join([str(n), quoted(one), quoted(two)]) for n, one, two in rows]
    options = {"delimiter": delimiter} if given else {}
    result = load(
        tmp_path, database, "\n".join(lines) + "\n", None, chunk_size=512, **options
    )  # fmt: skip
    assert counts(result) == (400, 400, 0, 0)
    assert rows_of(database, "SELECT id, one, two FROM t ORDER BY id") == rows


def test_a_delimiter_begins_where_it_first_fits(sqlite_url, tmp_path):
    load(tmp_path, sqlite_url, "id||a||b\n1||a|||b\n2||||x|\n3||~|~||\n", None)
    query = "SELECT id, a, b FROM t ORDER BY id"
    rows = [(1, "a", "|b"), (2, None, "x|"), (3, "~|~", None)]
    assert rows_of(sqlite_url, query) == rows


@pytest.mark.parametrize(
    ("delimiter", "says"),
    [("", "is empty"), ('|"|', "the quote is part of the delimiter"), ("|\n", "a few signs"),
     ("ab", "a few signs"), ("|||||||||", "a few signs")],
)  # fmt: skip
def test_delimiters_that_cannot_be(tmp_path, delimiter, says):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    done = command("import", "a.csv", "--delimiter", delimiter, "--dry-run", cwd=tmp_path)
    assert done.returncode in {1, 2}
    assert says in done.stderr


def test_describe(tmp_path):
    (tmp_path / "a.txt").write_text("id~|~v\n1~|~a\n2~|~b\n")
    done = command("describe", "a.txt", cwd=tmp_path)
    assert [one["name"] for one in json.loads(done.stdout)["fields"]] == ["id", "v"], done.stderr
    (tmp_path / "t.copy").write_text("1\t\\N\n2\ta\\tb\n")
    done = command("describe", "t.copy", "--input-format", "postgres-text", cwd=tmp_path)
    described = json.loads(done.stdout)
    assert described["missingValues"] == ["\\N"]
    assert "--input-format postgres-text" in done.stderr
