"""What becomes of every messy file: loaded, rejected and skipped, or refused with a sentence.

One table, judged by a person who looked at each file; on every target.
"""

import pytest

import snapshots
from tests.real import DATA, data

LOADED = {
    "messy/csvlint.cr-line-endings.csv": (2, {}, 0),
    "messy/csvlint.crlf-line-endings.csv": (2, {}, 0),
    "messy/csvlint.inconsistent-line-endings-unquoted.csv": (2, {}, 0),
    "messy/csvlint.inconsistent-line-endings.csv": (2, {}, 0),
    "messy/csvlint.invalid_many_rows.csv": (9, {"text_after_quote": 1}, 1),
    "messy/csvlint.title-row.csv": (2, {}, 1),
    "messy/csvlint.windows-line-endings.csv": (1, {}, 0),
    "messy/csvtestdata.bad-header-wrong-header.csv": (0, {}, 0),
    "messy/csvtestdata.bad-unescaped-quote.csv": (1, {}, 0),
    "messy/csvtestdata.header-no-rows.csv": (0, {}, 0),
    "messy/csvtestdata.leading-space.csv": (1, {}, 0),
    "messy/csvtestdata.quotes-with-escaped-quote.csv": (1, {}, 0),
    "messy/csvtestdata.quotes-with-newline.csv": (1, {}, 0),
    "messy/csvtestdata.trailing-newline-one-field.csv": (1, {}, 0),
    "messy/csvtestdata.trailing-space.csv": (1, {}, 0),
    "messy/messytables.begrotingsanalyse-2011.csv": (41, {}, 1),
    "messy/messytables.complex.csv": (3, {}, 0),
    "messy/messytables.excel_pasting.csv": (16, {}, 4),
    "messy/messytables.mixedGLB.csv": (133, {}, 3),
    "messy/messytables.null.csv": (10, {}, 0),
    "messy/messytables.skip_initials.csv": (2, {}, 0),
    "messy/messytables.utf-16le_encoded.csv": (327, {}, 0),
    "messy/messytables.utf8bom.csv": (0, {}, 0),
    "messy/messytables.weird_head_padding.csv": (60, {"field_count": 16}, 17),
    "messy/spectrum.comma_in_quotes.csv": (1, {}, 0),
    "messy/spectrum.empty.csv": (2, {}, 0),
    "messy/spectrum.escaped_quotes.csv": (2, {}, 0),
    "messy/spectrum.json.csv": (1, {}, 0),
    "messy/spectrum.newlines.csv": (3, {}, 0),
    "messy/spectrum.quotes_and_newlines.csv": (2, {}, 0),
    "messy/spectrum.utf8.csv": (2, {}, 0),
    "movies/starter.csv": (16, {"field_count": 3}, 1),
    "movies/tester.solver-made.csv": (8, {}, 1),
    "tlc/fhv_tripdatasample_2020-04.csv": (1000, {}, 0),
    "tlc/fhvhv_tripdata_2021-01.first2.csv": (2, {}, 0),
    "tlc/fhvhv_tripdata_2024-01.first3.csv": (3, {}, 0),
    "tlc/fhvhv_tripmetadata_2019.csv": (11, {}, 0),
    "tlc/green_tripdatasample_2020-04.csv": (1000, {}, 0),
    "tlc/taxi+_zone_lookup.csv": (265, {}, 0),
    "tlc/yellow_2021-01_head.with-pandas-id.csv": (99, {}, 0),
    "tlc/yellow_tripdatasample_2020-04.csv": (1000, {}, 0),
}

REFUSED = {
    "messy/csvtestdata.bad-header-less-fields.csv": "1 of 1 records have not 3 fields",
    "messy/csvtestdata.bad-header-more-fields.csv": "1 of 1 records have not 3 fields",
    "messy/csvtestdata.bad-missing-quote.csv": "that of 1 of 1 records is broken",
    "messy/csvtestdata.bad-quotes-with-unescaped-quote.csv": "that of 1 of 1 records is broken",
    "messy/csvlint.invalid-byte-sequence.csv": "it is likely latin-1",
    "messy/csvtestdata.all-empty.csv": "no records but blank lines",
    "messy/csvtestdata.bad-header-no-header.csv": "empty (0 bytes)",
    "messy/messytables.characters.csv": "it is likely big5",
    "messy/messytables.spanish_chars.csv": "it is likely latin-1",
    "messy/messytables.sparse_with_column_errors.csv": "it is likely latin-1",
    "movies/film.csv": "it is likely latin-1",
    "movies/film.commas-unquoted.csv": "it is likely latin-1",
    "tlc/head.parquet-bytes-named.csv": "Parquet",
}

WITH_ENCODING = {
    "messy/csvlint.invalid-byte-sequence.csv": "latin-1",
    "messy/messytables.characters.csv": "big5",
    "messy/messytables.spanish_chars.csv": "latin-1",
    "messy/messytables.sparse_with_column_errors.csv": "latin-1",
}


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def test_every_messy_file_is_judged():
    judged = {name for name in (*LOADED, *REFUSED) if name.startswith("messy/")}
    assert judged == {f"messy/{path.name}" for path in (DATA / "messy").iterdir()}


@pytest.mark.parametrize("name", LOADED)
def test_loaded(database, name):
    result = snapshots.load(data(name), database=database, table="t")
    loaded, rejected, skipped = LOADED[name]
    assert (result.counts.loaded, result.counts.skipped) == (loaded, skipped)
    assert result.rejects_by_code == rejected
    assert result.counts.balanced
    assert result.record.state == "finished"


@pytest.mark.parametrize("name", REFUSED)
def test_refused(tmp_path, name):
    with pytest.raises(snapshots.SnapshotsError) as refused:
        snapshots.load(data(name), database=f"sqlite:///{tmp_path}/t.db", table="t")
    assert REFUSED[name] in str(refused.value)
    assert refused.value.hint, "it says what happened and not what to do"


@pytest.mark.parametrize("name", WITH_ENCODING)
def test_every_character_arrives(database, name):
    """Read in the encoding that the error names: each value as Python reads it."""
    encoding = WITH_ENCODING[name]
    result = snapshots.load(data(name), database=database, table="t", encoding=encoding)
    assert result.exit_code in (0, 3, 4)
    assert result.counts.balanced
    raw = data(name).read_bytes()
    for reject in snapshots.rejects(1, database=database):
        assert raw[reject.byte_offset :].startswith(reject.raw), "not the input's own bytes"
