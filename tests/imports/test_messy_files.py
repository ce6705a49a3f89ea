"""What becomes of every messy file: loaded, rejected and skipped, or refused with a sentence.

One table, judged by a person who looked at each file; on every target.
"""

import csv
import io
import itertools

import pytest

import snapshots
from tests.conftest import fresh
from tests.support.input_files import beside_it, data, in_the_repository, rows, same

_numbers = itertools.count(1)

LOADED = {
    "csvlint/cr-line-endings.csv": (2, {}, 0),
    "csvlint/crlf-line-endings.csv": (2, {}, 0),
    "csvlint/inconsistent-line-endings-unquoted.csv": (2, {}, 0),
    "csvlint/inconsistent-line-endings.csv": (2, {}, 0),
    "csvlint/invalid_many_rows.csv": (8, {"text_after_quote": 1}, 2),
    "csvlint/title-row.csv": (2, {}, 1),
    "csvlint/windows-line-endings.csv": (1, {}, 0),
    "made/byte-order-mark.csv": (0, {}, 0),
    "made/doubled-quote.csv": (1, {}, 0),
    "made/fhvhv_tripdata_2021-01.csv": (2, {}, 0),
    "made/fhvhv_tripdata_2024-01.csv": (3, {}, 0),
    "made/films-begin.csv": (16, {"field_count": 3}, 1),
    "made/films-by-hand.csv": (8, {}, 1),
    "made/guilds.heading-and-notes.csv": (38, {"field_count": 16}, 17),
    "made/header-alone.csv": (0, {}, 0),
    "made/header-and-line-end.csv": (0, {}, 0),
    "made/lake-levels.cr.csv": (133, {}, 3),
    "made/leading-space.csv": (1, {}, 0),
    "made/libraries.utf-16le.csv": (327, {}, 0),
    "made/line-end-inside-quotes.csv": (1, {}, 0),
    "made/movies.csv": (6663, {"field_count": 16}, 5),
    "made/movies_2021-02.no-header.csv": (398, {"field_count": 1}, 1),
    "made/null-words.csv": (10, {}, 0),
    "made/one-column.csv": (1, {}, 0),
    "made/quotes-without-quotes.csv": (1, {}, 0),
    "made/snapshot_20230101.csv": (5, {}, 0),
    "made/snapshot_20230101.edited.csv": (6, {}, 0),
    "made/snapshot_20230603.csv": (6, {}, 0),
    "made/spaces-after-a-comma.csv": (2, {}, 0),
    "made/spaces-before-quotes.csv": (3, {}, 0),
    "made/titles-and-notes.csv": (16, {}, 4),
    "made/trailing-space.csv": (1, {}, 0),
    "made/valleys.titles.csv": (41, {}, 1),
    "made/yellow_2020-04.with-pandas-id.csv": (99, {}, 0),
    "examples/fhvhv_tripdatasample_2020-04.csv": (1000, {}, 0),
    "examples/taxi+_zone_lookup.csv": (265, {}, 0),
    "rides/fhv_tripdatasample_2020-04.csv": (1000, {}, 0),
    "rides/green_tripdatasample_2020-04.csv": (1000, {}, 0),
    "rides/yellow_tripdatasample_2020-04.csv": (1000, {}, 0),
    **{
        f"rides/fhvhv_tripmetadata_{year}.csv": (months, {}, 0)
        for year, months in zip(range(2019, 2025), (11, 12, 12, 12, 12, 5), strict=True)
    },
    "spectrum/comma_in_quotes.csv": (1, {}, 0),
    "spectrum/empty.csv": (2, {}, 0),
    "spectrum/escaped_quotes.csv": (2, {}, 0),
    "spectrum/json.csv": (1, {}, 0),
    "spectrum/newlines.csv": (3, {}, 0),
    "spectrum/quotes_and_newlines.csv": (2, {}, 0),
    "spectrum/utf8.csv": (2, {}, 0),
}

REFUSED = {
    "csvlint/invalid-byte-sequence.csv": "it is probably latin-1",
    "made/empty.csv": "empty (0 bytes)",
    "made/film.commas-unquoted.csv": "it is probably latin-1",
    "made/film.csv": "it is probably latin-1",
    "made/head.parquet-bytes-named.csv": "Parquet",
    "made/missing-quote.csv": "1 of 1 records have broken quotes",
    "made/only-blank-lines.csv": "no records but blank lines",
    "made/plan.latin-1.csv": "it is probably latin-1",
    "made/quote-inside-quotes.csv": "1 of 1 records have broken quotes",
    "made/record-too-long.csv": "1 of 1 records do not have 3 fields",
    "made/record-too-short.csv": "1 of 1 records do not have 3 fields",
    "made/sights.big5.csv": "it is probably big5",
    "made/spending.latin-1.csv": "it is probably latin-1",
}

WITH_ENCODING = {
    "csvlint/invalid-byte-sequence.csv": "latin-1",
    "made/plan.latin-1.csv": "latin-1",
    "made/sights.big5.csv": "big5",
    "made/spending.latin-1.csv": "latin-1",
}

# Real files beside the repository, where they are.
LOADED_EXTRAS = {
    "shared/messy/csvtestdata.bad-header-wrong-header.csv": (0, {}, 0),
    "shared/messy/csvtestdata.bad-unescaped-quote.csv": (1, {}, 0),
    "shared/messy/csvtestdata.header-no-rows.csv": (0, {}, 0),
    "shared/messy/csvtestdata.leading-space.csv": (1, {}, 0),
    "shared/messy/csvtestdata.quotes-with-escaped-quote.csv": (1, {}, 0),
    "shared/messy/csvtestdata.quotes-with-newline.csv": (1, {}, 0),
    "shared/messy/csvtestdata.trailing-newline-one-field.csv": (1, {}, 0),
    "shared/messy/csvtestdata.trailing-space.csv": (1, {}, 0),
    "shared/messy/messytables.begrotingsanalyse-2011.csv": (41, {}, 1),
    "shared/messy/messytables.complex.csv": (3, {}, 0),
    "shared/messy/messytables.excel_pasting.csv": (16, {}, 4),
    "shared/messy/messytables.mixedGLB.csv": (133, {}, 3),
    "shared/messy/messytables.null.csv": (10, {}, 0),
    "shared/messy/messytables.skip_initials.csv": (2, {}, 0),
    "shared/messy/messytables.utf-16le_encoded.csv": (327, {}, 0),
    "shared/messy/messytables.utf8bom.csv": (0, {}, 0),
    "shared/messy/messytables.weird_head_padding.csv": (60, {"field_count": 16}, 17),
    "shared/movies/backup.2021-02.no-header.csv": (6663, {"field_count": 16}, 5),
    "shared/movies/backup.csv": (6663, {"field_count": 16}, 5),
    "shared/movies/starter.csv": (16, {"field_count": 3}, 1),
    "shared/movies/tester.solver-made.csv": (8, {}, 1),
    "shared/snapshots/snapshot_20230101.csv": (5, {}, 0),
    "shared/snapshots/snapshot_20230101.edited-by-solver.csv": (6, {}, 0),
    "shared/snapshots/snapshot_20230603.csv": (6, {}, 0),
    "shared/tlc/fhvhv_tripdata_2021-01.first2.csv": (2, {}, 0),
    "shared/tlc/fhvhv_tripdata_2024-01.first3.csv": (3, {}, 0),
    "shared/tlc/yellow_2021-01_head.with-pandas-id.csv": (99, {}, 0),
}

REFUSED_EXTRAS = {
    "shared/messy/csvtestdata.bad-header-less-fields.csv": "1 of 1 records do not have 3 fields",
    "shared/messy/csvtestdata.bad-header-more-fields.csv": "1 of 1 records do not have 3 fields",
    "shared/messy/csvtestdata.bad-missing-quote.csv": "1 of 1 records have broken quotes",
    "shared/messy/csvtestdata.bad-quotes-with-unescaped-quote.csv": (
        "1 of 1 records have broken quotes"
    ),
    "shared/messy/messytables.characters.csv": "it is probably big5",
    "shared/messy/messytables.spanish_chars.csv": "it is probably latin-1",
    "shared/messy/messytables.sparse_with_column_errors.csv": "it is probably latin-1",
    "shared/movies/film.csv": "it is probably latin-1",
    "shared/movies/film.commas-unquoted.csv": "it is probably latin-1",
    "shared/tlc/head.parquet-bytes-named.csv": "Parquet",
}

WITH_ENCODING_EXTRAS = {
    "shared/messy/messytables.characters.csv": "big5",
    "shared/messy/messytables.spanish_chars.csv": "latin-1",
    "shared/messy/messytables.sparse_with_column_errors.csv": "latin-1",
}


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture(scope="module", params=["postgres", "mysql", "sqlite"])
def shared(request):
    """A database for all of the files: each has a table of its own."""
    yield from fresh(request.param, request)


@pytest.fixture
def table():
    return f"t{next(_numbers)}"


def test_every_file_is_judged():
    assert in_the_repository() == LOADED.keys() | REFUSED.keys()


def test_every_file_beside_the_repository_is_judged():
    data("shared/")
    assert beside_it() == LOADED_EXTRAS.keys() | REFUSED_EXTRAS.keys()


@pytest.mark.parametrize("name", LOADED | LOADED_EXTRAS)
def test_loaded(shared, table, name):
    result = snapshots.load(data(name), database=shared, table=table, again=True)
    loaded, rejected, skipped = (LOADED | LOADED_EXTRAS)[name]
    assert (result.counts.loaded, result.counts.skipped) == (loaded, skipped)
    assert result.rejects_by_code == rejected
    assert result.counts.balanced
    assert result.record.state == "finished"


@pytest.mark.parametrize("name", REFUSED | REFUSED_EXTRAS)
def test_refused(tmp_path, name):
    with pytest.raises(snapshots.SnapshotsError) as refused:
        snapshots.load(data(name), database=f"sqlite:///{tmp_path}/t.db", table="t")
    assert (REFUSED | REFUSED_EXTRAS)[name] in str(refused.value)
    assert refused.value.hint, "it says what happened and not what to do"


@pytest.mark.parametrize("name", WITH_ENCODING | WITH_ENCODING_EXTRAS)
def test_every_character_arrives(shared, table, name):
    """Read in the encoding that the error names: each value as Python reads it."""
    encoding = (WITH_ENCODING | WITH_ENCODING_EXTRAS)[name]
    result = snapshots.load(data(name), database=shared, table=table, encoding=encoding, again=True)
    assert result.exit_code in (0, 3, 4)
    assert result.counts.balanced
    raw = data(name).read_bytes()
    for reject in snapshots.rejects(result.record.import_id, database=shared):
        assert raw[reject.byte_offset :].startswith(reject.raw), "not the input's own bytes"
    if name in WITH_ENCODING:
        header, *records = csv.reader(io.StringIO(raw.decode(encoding), newline=""))
        # A last field without a name and a value anywhere is dropped, and so are empty rows.
        width = len(header) - (not header[-1] and not any(record[-1] for record in records))
        wanted = [record[:width] for record in records if any(record)]
        assert result.counts.loaded == len(wanted)
        assert result.counts.skipped == len(records) - len(wanted)
        loaded = rows(shared, f"SELECT * FROM {table} ORDER BY _line")
        for record, row in zip(wanted, loaded, strict=True):
            assert all(map(same, record, row)), (record, row)
