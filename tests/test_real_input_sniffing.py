"""Real files, and what a careful reader of each would say it is.

Every outcome here was written down after looking at the file. `doubts` is what such a reader
would not swear to either.
"""

from dataclasses import dataclass

import pytest

from snapshots.errors import DialectError
from snapshots.formats.sniff import DialectOptions, sniff
from tests.real import DATA, data

TRIPS = [
    "hvfhs_license_num",
    "dispatching_base_num",
    "originating_base_num",
    "request_datetime",
    "on_scene_datetime",
    "pickup_datetime",
    "dropoff_datetime",
    "PULocationID",
    "DOLocationID",
    "trip_miles",
    "trip_time",
    "base_passenger_fare",
    "tolls",
    "bcf",
    "sales_tax",
    "congestion_surcharge",
    "airport_fee",
    "tips",
    "driver_pay",
    "shared_request_flag",
    "shared_match_flag",
    "access_a_ride_flag",
    "wav_request_flag",
    "wav_match_flag",
]
MOVIES = [
    "year",
    "length",
    "title",
    "subject",
    "actor",
    "actress",
    "director",
    "popularity",
    "awards",
    "image",
]
HEADER = {"header"}


@dataclass
class Wanted:
    """A dialect where it is not the usual one, and the header: its fields or how many."""

    header: list[str] | int
    doubts: set[str] = frozenset()
    delimiter: str = ","
    terminator: str = "lf"
    encoding: str = "utf-8"
    has_header: bool = True
    preamble: int = 0
    rows_after_header: int = 0
    skip_initial_space: bool = False
    says: tuple[str, ...] = ()
    """Words that must be among the notes."""


FILES = {
    "messy/csvlint.cr-line-endings.csv": Wanted(
        ["Foo", "Bar", "Baz"], HEADER, terminator="cr", says=("CR alone",)
    ),
    "messy/csvlint.crlf-line-endings.csv": Wanted(["Foo", "Bsr", "Baz"], HEADER),
    "messy/csvlint.inconsistent-line-endings-unquoted.csv": Wanted(["Foo", "Bsr", "Baz"], HEADER),
    "messy/csvlint.inconsistent-line-endings.csv": Wanted(["Foo", "Bsr", "Baz"], HEADER),
    # The header and every record end with a comma: a seventh field, empty and without a name,
    # which is dropped.
    "messy/csvlint.invalid-byte-sequence.csv": Wanted(
        [
            "Data",
            "Dependencia Origem",
            "Histórico",
            "Data do Balancete",
            "Número do documento",
            "Valor",
        ],
        encoding="iso8859-1",
    ),
    "messy/csvlint.invalid_many_rows.csv": Wanted(["Foo", "Bar", "Baz"]),
    "messy/csvlint.title-row.csv": Wanted(["Foo", "Bsr", "Baz"], preamble=1, says=("titles",)),
    # a,b,c over d,e,f: nothing tells whether a,b,c are names.
    "messy/csvlint.windows-line-endings.csv": Wanted(["a", "b", "c"], HEADER),
    "messy/csvtestdata.bad-header-less-fields.csv": Wanted(["foo", "bar", "baz"], {"delimiter"}),
    "messy/csvtestdata.bad-header-more-fields.csv": Wanted(["foo", "bar", "baz"], {"delimiter"}),
    "messy/csvtestdata.bad-header-wrong-header.csv": Wanted(["qux", "quux", "quuz"], HEADER),
    # The only record below the header is broken: what it holds is not known.
    "messy/csvtestdata.bad-missing-quote.csv": Wanted(
        ["foo", "bar", "baz"], {"header", "delimiter"}
    ),
    "messy/csvtestdata.bad-quotes-with-unescaped-quote.csv": Wanted(
        ["foo", "bar", "baz"], {"header", "delimiter"}
    ),
    "messy/csvtestdata.bad-unescaped-quote.csv": Wanted(["foo", "bar", "baz"]),
    "messy/csvtestdata.header-no-rows.csv": Wanted(["foo", "bar", "baz"], HEADER),
    # One leading space in one value belongs to the value.
    "messy/csvtestdata.leading-space.csv": Wanted(["foo", "bar", "baz"]),
    "messy/csvtestdata.quotes-with-escaped-quote.csv": Wanted(["foo", "bar", "baz"]),
    "messy/csvtestdata.quotes-with-newline.csv": Wanted(["foo", "bar", "baz"]),
    "messy/csvtestdata.trailing-newline-one-field.csv": Wanted(["foo"], says=("one column",)),
    "messy/csvtestdata.trailing-space.csv": Wanted(["foo", "bar", "baz"]),
    # Five lines of titles and labels, none of which is clearly the header: it must be said.
    "messy/messytables.begrotingsanalyse-2011.csv": Wanted(20, says=("only 2 of 20", "skip-rows")),
    "messy/messytables.characters.csv": Wanted(18, encoding="big5"),
    "messy/messytables.complex.csv": Wanted(
        ["date", "another date", "temperature", "place"],
        skip_initial_space=True,
        says=("spaces after a delimiter",),
    ),
    "messy/messytables.excel_pasting.csv": Wanted(
        ["Year", *map(str, range(2000, 2008))], preamble=3, says=("titles",)
    ),
    "messy/messytables.mixedGLB.csv": Wanted(
        19, terminator="cr", preamble=3, says=("titles", "CR alone")
    ),
    "messy/messytables.null.csv": Wanted(4, has_header=False),
    "messy/messytables.skip_initials.csv": Wanted(["field1", "field2"], HEADER),
    "messy/messytables.spanish_chars.csv": Wanted(
        ["GF_ID", "FN_ID", "SF_ID", "GF", "F", "SF", "Gasto total 2011", "Descripción"],
        encoding="iso8859-1",
    ),
    "messy/messytables.sparse_with_column_errors.csv": Wanted(
        ["LP", "Bezeichnung", "Kapitel/Titel", ""], encoding="iso8859-1"
    ),
    "messy/messytables.utf-16le_encoded.csv": Wanted(
        19, encoding="utf-16-le", says=("UTF-16-LE", "byte order mark")
    ),
    "messy/messytables.utf8bom.csv": Wanted(["kitten", "win"], HEADER, says=("byte order mark",)),
    # Eleven lines about the table before it; then years over counts.
    "messy/messytables.weird_head_padding.csv": Wanted(
        ["", "1985", "1993", "2000", "2005", "2006", "2007", "2008", "2009", "2010"],
        {"delimiter"},
        delimiter=";",
        preamble=11,
    ),
    "messy/spectrum.comma_in_quotes.csv": Wanted(["first", "last", "address", "city", "zip"]),
    "messy/spectrum.empty.csv": Wanted(["a", "b", "c"]),
    "messy/spectrum.escaped_quotes.csv": Wanted(["a", "b"]),
    "messy/spectrum.json.csv": Wanted(["key", "val"]),
    "messy/spectrum.newlines.csv": Wanted(["a", "b", "c"]),
    "messy/spectrum.quotes_and_newlines.csv": Wanted(["a", "b"]),
    "messy/spectrum.utf8.csv": Wanted(["a", "b", "c"]),
    "movies/backup.csv": Wanted(MOVIES, delimiter=";"),
    "movies/backup.2021-02.no-header.csv": Wanted(10, delimiter=";", has_header=False),
    "movies/starter.csv": Wanted(MOVIES, delimiter=";"),
    "movies/tester.solver-made.csv": Wanted(MOVIES, delimiter=";"),
    "movies/film.csv": Wanted(
        [
            "Year",
            "Length",
            "Title",
            "Subject",
            "Actor",
            "Actress",
            "Director",
            "Popularity",
            "Awards",
            "*Image",
        ],
        delimiter=";",
        encoding="iso8859-1",
        rows_after_header=1,
        says=("holds types (INT, INT, STRING)",),
    ),
    # Names hold commas and nothing is quoted: ten names over eleven to fifteen fields.
    "movies/film.commas-unquoted.csv": Wanted(
        10,
        {"delimiter"},
        encoding="iso8859-1",
        says=("the header has 10 fields, most records have 13", "--skip-rows 0,1"),
    ),
    "snapshots/snapshot_20230101.csv": Wanted(["user_id", "name", "store_name", "credit_limit"]),
    "snapshots/snapshot_20230101.edited-by-solver.csv": Wanted(
        ["user_id", "name", "store_name", "credit_limit"]
    ),
    "snapshots/snapshot_20230603.csv": Wanted(["user_id", "name", "store_name", "credit_limit"]),
    "tlc/fhvhv_tripdatasample_2020-04.csv": Wanted(TRIPS),
    "tlc/fhvhv_tripdata_2024-01.first3.csv": Wanted(TRIPS),
    "tlc/fhvhv_tripdata_2021-01.first2.csv": Wanted(TRIPS),
    "tlc/fhv_tripdatasample_2020-04.csv": Wanted(7),
    "tlc/green_tripdatasample_2020-04.csv": Wanted(20),
    "tlc/yellow_tripdatasample_2020-04.csv": Wanted(19),
    "tlc/yellow_2021-01_head.with-pandas-id.csv": Wanted(20),
    "tlc/taxi+_zone_lookup.csv": Wanted(["LocationID", "Borough", "Zone", "service_zone"]),
    **{f"tlc/fhvhv_tripmetadata_{year}.csv": Wanted(14) for year in range(2019, 2025)},
}
NO_CSV = {
    "messy/csvtestdata.all-empty.csv",
    "messy/csvtestdata.bad-header-no-header.csv",
    "tlc/head.parquet-bytes-named.csv",
}
LONG = [name for name in FILES if data(name).stat().st_size > 1500]


def test_every_real_file_is_judged():
    there = {str(path.relative_to(DATA)) for path in DATA.glob("[mst]*/*.csv")}
    assert there == set(FILES) | NO_CSV


@pytest.mark.parametrize("name", FILES)
def test_what_is_detected(name):
    wanted = FILES[name]
    # UTF-16 is known by its mark; any other encoding a user must name.
    said = None if wanted.encoding.startswith("utf") else wanted.encoding
    found = sniff(data(name).read_bytes(), DialectOptions(encoding=said))
    dialect = found.dialect
    assert {
        "delimiter": dialect.delimiter,
        "terminator": dialect.terminator,
        "encoding": dialect.encoding,
        "has_header": dialect.header,
        "preamble": dialect.preamble,
        "skip_initial_space": dialect.skip_initial_space,
        "doubts": set(found.doubts),
        "header": list(found.header) if isinstance(wanted.header, list) else len(found.header),
    } == {
        "delimiter": wanted.delimiter,
        "terminator": wanted.terminator,
        "encoding": wanted.encoding,
        "has_header": wanted.has_header,
        "preamble": wanted.preamble,
        "skip_initial_space": wanted.skip_initial_space,
        "doubts": set(wanted.doubts),
        "header": wanted.header,
    }
    # All of these are as a plain reading has it; nothing of it may be guessed otherwise.
    assert (dialect.quote, dialect.escape, dialect.comment) == ('"', None, None)
    assert dialect.rows_after_header == wanted.rows_after_header
    for words in wanted.says:
        assert any(words in note for note in found.notes), found.notes


@pytest.mark.parametrize("name", LONG)
def test_the_head_alone_tells_the_same(name):
    """A sample that ends in the middle of a record must not be read as a broken file."""
    wanted = FILES[name]
    whole = data(name).read_bytes()
    size = len(whole) * 2 // 3 & ~1
    said = None if wanted.encoding.startswith("utf") else wanted.encoding
    options = DialectOptions(encoding=said)
    all_of_it, some = sniff(whole, options), sniff(whole[:size], options, whole=False)
    assert some.dialect == all_of_it.dialect
    assert some.header == all_of_it.header


def test_only_blank_lines():
    with pytest.raises(DialectError, match="blank lines"):
        sniff(data("messy/csvtestdata.all-empty.csv").read_bytes())


def test_the_type_row_is_skipped_when_asked_to():
    options = DialectOptions(encoding="latin-1", preamble=0, rows_after_header=1)
    found = sniff(data("movies/film.csv").read_bytes(), options)
    assert found.dialect.rows_after_header == 1
    assert found.dialect.header
    assert not any("--skip-rows" in note for note in found.notes)


def test_where_the_header_is_can_be_said():
    options = DialectOptions(preamble=6)
    found = sniff(data("messy/messytables.begrotingsanalyse-2011.csv").read_bytes(), options)
    assert found.header[:2] == ("NR.", "Cluster")
    assert found.dialect.preamble == 6
