"""Real files, and what a careful reader of each would say it is.

Every outcome here was written down after looking at the file. `doubts` is what such a reader
would not swear to either.
"""

from dataclasses import dataclass

import pytest

from snapshots.errors import DialectError
from snapshots.formats.sniff import DialectOptions, sniff
from tests.support.input_files import beside_it, data, in_the_repository

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
FILM = [*(name.title() for name in MOVIES[:-1]), "*Image"]
SNAPSHOT = ["user_id", "name", "store_name", "credit_limit"]
FOO = ["foo", "bar", "baz"]
TOWNS = ["id", "town", "rain"]
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
    "csvlint/cr-line-endings.csv": Wanted(
        ["Foo", "Bar", "Baz"], HEADER, terminator="cr", says=("CR alone",)
    ),
    "csvlint/crlf-line-endings.csv": Wanted(["Foo", "Bsr", "Baz"], HEADER),
    "csvlint/inconsistent-line-endings-unquoted.csv": Wanted(["Foo", "Bsr", "Baz"], HEADER),
    "csvlint/inconsistent-line-endings.csv": Wanted(["Foo", "Bsr", "Baz"], HEADER),
    # The header and every record end with a comma: a seventh field, empty and without a name,
    # which is dropped.
    "csvlint/invalid-byte-sequence.csv": Wanted(
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
    "csvlint/invalid_many_rows.csv": Wanted(["Foo", "Bar", "Baz"]),
    "csvlint/title-row.csv": Wanted(["Foo", "Bsr", "Baz"], preamble=1, says=("titles",)),
    # a,b,c over d,e,f: nothing tells whether a,b,c are names.
    "csvlint/windows-line-endings.csv": Wanted(["a", "b", "c"], HEADER),
    "made/byte-order-mark.csv": Wanted(["town", "rain"], HEADER, says=("byte order mark",)),
    "made/doubled-quote.csv": Wanted(TOWNS),
    "made/fhvhv_tripdata_2021-01.csv": Wanted(TRIPS),
    "made/fhvhv_tripdata_2024-01.csv": Wanted(TRIPS),
    # Names hold commas and nothing is quoted: ten names over eleven to fourteen fields.
    "made/film.commas-unquoted.csv": Wanted(
        10,
        {"delimiter"},
        encoding="iso8859-1",
        says=("the header has 10 fields, most records have 13", "--skip-rows 0,1"),
    ),
    "made/film.csv": Wanted(
        FILM,
        delimiter=";",
        encoding="iso8859-1",
        rows_after_header=1,
        says=("holds types (INT, INT, STRING)",),
    ),
    "made/films-begin.csv": Wanted(MOVIES, delimiter=";"),
    "made/films-by-hand.csv": Wanted(MOVIES, delimiter=";"),
    # Eleven lines about the table before it; then years over counts.
    "made/guilds.heading-and-notes.csv": Wanted(
        ["", "1985", "1993", "2000", "2005", "2006", "2007", "2008", "2009", "2010"],
        {"delimiter"},
        delimiter=";",
        preamble=11,
    ),
    "made/header-alone.csv": Wanted(TOWNS, HEADER),
    "made/header-and-line-end.csv": Wanted(["street", "town", "river"], HEADER),
    "made/lake-levels.cr.csv": Wanted(19, terminator="cr", preamble=3, says=("titles", "CR alone")),
    # One leading space in one value belongs to the value.
    "made/leading-space.csv": Wanted(TOWNS),
    "made/libraries.utf-16le.csv": Wanted(
        19, encoding="utf-16-le", says=("UTF-16-LE", "byte order mark")
    ),
    "made/line-end-inside-quotes.csv": Wanted(TOWNS),
    # The only record below the header is broken: what it holds is not known.
    "made/missing-quote.csv": Wanted(TOWNS, {"header", "delimiter"}),
    "made/movies.csv": Wanted(MOVIES, delimiter=";"),
    "made/movies_2021-02.no-header.csv": Wanted(10, delimiter=";", has_header=False),
    "made/null-words.csv": Wanted(4, has_header=False),
    "made/one-column.csv": Wanted(["rain"], says=("one column",)),
    # Most fields are empty; the last one of all records has neither name nor values: dropped.
    "made/plan.latin-1.csv": Wanted(["LP", "Bezeichnung", "Titel/Kapitel"], encoding="iso8859-1"),
    "made/quote-inside-quotes.csv": Wanted(TOWNS, {"header", "delimiter"}),
    "made/quotes-without-quotes.csv": Wanted(TOWNS),
    "made/record-too-long.csv": Wanted(TOWNS, {"delimiter"}),
    "made/record-too-short.csv": Wanted(TOWNS, {"delimiter"}),
    "made/sights.big5.csv": Wanted(18, encoding="big5"),
    "made/snapshot_20230101.csv": Wanted(SNAPSHOT),
    "made/snapshot_20230101.edited.csv": Wanted(SNAPSHOT),
    "made/snapshot_20230603.csv": Wanted(SNAPSHOT),
    "made/spaces-after-a-comma.csv": Wanted(["name", "town"], HEADER),
    "made/spaces-before-quotes.csv": Wanted(
        ["day", "seen on", "metres", "place"],
        skip_initial_space=True,
        says=("spaces after a delimiter",),
    ),
    "made/spending.latin-1.csv": Wanted(
        ["A_ID", "B_ID", "C_ID", "A", "B", "C", "Gasto total 2012", "Descripción"],
        encoding="iso8859-1",
    ),
    "made/titles-and-notes.csv": Wanted(
        ["Year", *map(str, range(2010, 2018))], preamble=3, says=("titles",)
    ),
    "made/trailing-space.csv": Wanted(TOWNS),
    # Six lines of titles and labels, none of which is clearly the header: it must be said.
    "made/valleys.titles.csv": Wanted(20, says=("only 2 of 20", "skip-rows")),
    "made/yellow_2020-04.with-pandas-id.csv": Wanted(20),
    "examples/fhvhv_tripdatasample_2020-04.csv": Wanted(TRIPS),
    "examples/taxi+_zone_lookup.csv": Wanted(["LocationID", "Borough", "Zone", "service_zone"]),
    "rides/fhv_tripdatasample_2020-04.csv": Wanted(7),
    "rides/green_tripdatasample_2020-04.csv": Wanted(20),
    "rides/yellow_tripdatasample_2020-04.csv": Wanted(19),
    **{f"rides/fhvhv_tripmetadata_{year}.csv": Wanted(14) for year in range(2019, 2025)},
    "spectrum/comma_in_quotes.csv": Wanted(["first", "last", "address", "city", "zip"]),
    "spectrum/empty.csv": Wanted(["a", "b", "c"]),
    "spectrum/escaped_quotes.csv": Wanted(["a", "b"]),
    "spectrum/json.csv": Wanted(["key", "val"]),
    "spectrum/newlines.csv": Wanted(["a", "b", "c"]),
    "spectrum/quotes_and_newlines.csv": Wanted(["a", "b"]),
    "spectrum/utf8.csv": Wanted(["a", "b", "c"]),
}
NO_CSV = {
    "made/empty.csv",
    "made/head.parquet-bytes-named.csv",
    "made/only-blank-lines.csv",
}
# Real files beside the repository, where they are.
EXTRAS = {
    "shared/messy/csvtestdata.bad-header-less-fields.csv": Wanted(FOO, {"delimiter"}),
    "shared/messy/csvtestdata.bad-header-more-fields.csv": Wanted(FOO, {"delimiter"}),
    "shared/messy/csvtestdata.bad-header-wrong-header.csv": Wanted(["qux", "quux", "quuz"], HEADER),
    # The only record below the header is broken: what it holds is not known.
    "shared/messy/csvtestdata.bad-missing-quote.csv": Wanted(FOO, {"header", "delimiter"}),
    "shared/messy/csvtestdata.bad-quotes-with-unescaped-quote.csv": Wanted(
        FOO, {"header", "delimiter"}
    ),
    "shared/messy/csvtestdata.bad-unescaped-quote.csv": Wanted(FOO),
    "shared/messy/csvtestdata.header-no-rows.csv": Wanted(FOO, HEADER),
    # One leading space in one value belongs to the value.
    "shared/messy/csvtestdata.leading-space.csv": Wanted(FOO),
    "shared/messy/csvtestdata.quotes-with-escaped-quote.csv": Wanted(FOO),
    "shared/messy/csvtestdata.quotes-with-newline.csv": Wanted(FOO),
    "shared/messy/csvtestdata.trailing-newline-one-field.csv": Wanted(
        ["foo"], says=("one column",)
    ),
    "shared/messy/csvtestdata.trailing-space.csv": Wanted(FOO),
    # Five lines of titles and labels, none of which is clearly the header: it must be said.
    "shared/messy/messytables.begrotingsanalyse-2011.csv": Wanted(
        20, says=("only 2 of 20", "skip-rows")
    ),
    "shared/messy/messytables.characters.csv": Wanted(18, encoding="big5"),
    "shared/messy/messytables.complex.csv": Wanted(
        ["date", "another date", "temperature", "place"],
        skip_initial_space=True,
        says=("spaces after a delimiter",),
    ),
    "shared/messy/messytables.excel_pasting.csv": Wanted(
        ["Year", *map(str, range(2000, 2008))], preamble=3, says=("titles",)
    ),
    "shared/messy/messytables.mixedGLB.csv": Wanted(
        19, terminator="cr", preamble=3, says=("titles", "CR alone")
    ),
    "shared/messy/messytables.null.csv": Wanted(4, has_header=False),
    "shared/messy/messytables.skip_initials.csv": Wanted(["field1", "field2"], HEADER),
    "shared/messy/messytables.spanish_chars.csv": Wanted(
        ["GF_ID", "FN_ID", "SF_ID", "GF", "F", "SF", "Gasto total 2011", "Descripción"],
        encoding="iso8859-1",
    ),
    "shared/messy/messytables.sparse_with_column_errors.csv": Wanted(
        ["LP", "Bezeichnung", "Kapitel/Titel", ""], encoding="iso8859-1"
    ),
    "shared/messy/messytables.utf-16le_encoded.csv": Wanted(
        19, encoding="utf-16-le", says=("UTF-16-LE", "byte order mark")
    ),
    "shared/messy/messytables.utf8bom.csv": Wanted(
        ["kitten", "win"], HEADER, says=("byte order mark",)
    ),
    # Eleven lines about the table before it; then years over counts.
    "shared/messy/messytables.weird_head_padding.csv": Wanted(
        ["", "1985", "1993", "2000", "2005", "2006", "2007", "2008", "2009", "2010"],
        {"delimiter"},
        delimiter=";",
        preamble=11,
    ),
    "shared/movies/backup.csv": Wanted(MOVIES, delimiter=";"),
    "shared/movies/backup.2021-02.no-header.csv": Wanted(10, delimiter=";", has_header=False),
    "shared/movies/starter.csv": Wanted(MOVIES, delimiter=";"),
    "shared/movies/tester.solver-made.csv": Wanted(MOVIES, delimiter=";"),
    "shared/movies/film.csv": Wanted(
        FILM,
        delimiter=";",
        encoding="iso8859-1",
        rows_after_header=1,
        says=("holds types (INT, INT, STRING)",),
    ),
    # Names hold commas and nothing is quoted: ten names over eleven to fifteen fields.
    "shared/movies/film.commas-unquoted.csv": Wanted(
        10,
        {"delimiter"},
        encoding="iso8859-1",
        says=("the header has 10 fields, most records have 13", "--skip-rows 0,1"),
    ),
    "shared/snapshots/snapshot_20230101.csv": Wanted(SNAPSHOT),
    "shared/snapshots/snapshot_20230101.edited-by-solver.csv": Wanted(SNAPSHOT),
    "shared/snapshots/snapshot_20230603.csv": Wanted(SNAPSHOT),
    "shared/tlc/fhvhv_tripdata_2024-01.first3.csv": Wanted(TRIPS),
    "shared/tlc/fhvhv_tripdata_2021-01.first2.csv": Wanted(TRIPS),
    "shared/tlc/yellow_2021-01_head.with-pandas-id.csv": Wanted(20),
}
NO_CSV_EXTRAS = {"shared/tlc/head.parquet-bytes-named.csv"}
ALL = FILES | EXTRAS
SHORT = 1500
"""Bytes: two thirds of less are another file."""
LONG = [name for name in FILES if data(name).stat().st_size > SHORT]
LONG_EXTRAS = [
    *(f"shared/messy/messytables.{name}.csv" for name in (
        "begrotingsanalyse-2011", "characters", "excel_pasting", "mixedGLB", "spanish_chars",
        "sparse_with_column_errors", "utf-16le_encoded", "weird_head_padding",
    )),
    *(name for name in EXTRAS if name.startswith("shared/movies/") and "tester" not in name),
    "shared/tlc/yellow_2021-01_head.with-pandas-id.csv",
]  # fmt: skip


def test_every_real_file_is_judged():
    assert in_the_repository() == FILES.keys() | NO_CSV


def test_every_real_file_beside_the_repository_is_judged():
    data("shared/")
    assert beside_it() == EXTRAS.keys() | NO_CSV_EXTRAS


@pytest.mark.parametrize("name", ALL)
def test_what_is_detected(name):
    wanted = ALL[name]
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


@pytest.mark.parametrize("name", LONG + LONG_EXTRAS)
def test_the_head_alone_tells_the_same(name):
    """A sample that ends in the middle of a record must not be read as a broken file."""
    wanted = ALL[name]
    whole = data(name).read_bytes()
    size = len(whole) * 2 // 3 & ~1
    said = None if wanted.encoding.startswith("utf") else wanted.encoding
    options = DialectOptions(encoding=said)
    all_of_it, some = sniff(whole, options), sniff(whole[:size], options, complete=False)
    assert some.dialect == all_of_it.dialect
    assert some.header == all_of_it.header


def test_only_blank_lines():
    with pytest.raises(DialectError, match="blank lines"):
        sniff(data("made/only-blank-lines.csv").read_bytes())


@pytest.mark.parametrize("name", ["made/film.csv", "shared/movies/film.csv"])
def test_the_type_row_is_skipped_when_asked_to(name):
    options = DialectOptions(encoding="latin-1", preamble=0, rows_after_header=1)
    found = sniff(data(name).read_bytes(), options)
    assert found.dialect.rows_after_header == 1
    assert found.dialect.header
    assert not any("--skip-rows" in note for note in found.notes)


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("made/valleys.titles.csv", ("NR.", "Item")),
        ("shared/messy/messytables.begrotingsanalyse-2011.csv", ("NR.", "Cluster")),
    ],
)
def test_where_the_header_is_can_be_said(name, header):
    found = sniff(data(name).read_bytes(), DialectOptions(preamble=6))
    assert found.header[:2] == header
    assert found.dialect.preamble == 6
