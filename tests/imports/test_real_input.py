"""Files as people have them, on every target: counts and values."""

import shutil

import pytest

import snapshots
from tests.support.input_files import data, movies_contract, records, rows, same


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def tally(result):
    counts = result.counts
    return counts.loaded, counts.rejected, counts.skipped


@pytest.mark.parametrize(
    "names",
    [
        [f"made/snapshot_{which}.csv" for which in ("20230101", "20230603", "20230101.edited")],
        [
            f"shared/snapshots/snapshot_{which}.csv"
            for which in ("20230101", "20230603", "20230101.edited-by-solver")
        ],
    ],
    ids=["made", "shared"],
)
def test_snapshots_and_the_edited_file_of_the_same_name(database, tmp_path, names):
    january, june, later = map(data, names)
    first = snapshots.load(january, database=database)
    second = snapshots.load(june, database=database)
    edited = tmp_path / "snapshot_20230101.csv"
    shutil.copy(later, edited)
    third = snapshots.load(edited, database=database)
    assert [tally(r) for r in (first, second, third)] == [(5, 0, 0), (6, 0, 0), (6, 0, 0)]
    assert {r.record.table for r in (first, second, third)} == {"snapshot"}
    assert [r.record.import_id for r in (first, second, third)] == [1, 2, 3]
    for number, path in enumerate((january, june, edited), 1):
        loaded = rows(
            database,
            "SELECT user_id, name, store_name, credit_limit FROM snapshot"
            f" WHERE _import_id = {number} ORDER BY _line",
        )
        for row, record in zip(loaded, records(path)[1:], strict=True):
            assert all(same(text, value) for text, value in zip(record, row, strict=True)), row


def test_the_same_bytes_under_any_name_are_already_imported(database, tmp_path):
    path = data("made/snapshot_20230101.csv")
    snapshots.load(path, database=database)
    renamed = tmp_path / "quite_another.csv"
    shutil.copy(path, renamed)
    again = snapshots.load(renamed, database=database)
    assert (again.outcome, again.exit_code) == ("already_imported", 5)
    assert again.record.import_id == 1
    insisted = snapshots.load(renamed, database=database, table="snapshot", again=True)
    assert (insisted.outcome, insisted.counts.loaded) == ("finished", 5)


def test_a_thousand_real_trips_value_by_value(database):
    path = data("examples/fhvhv_tripdatasample_2020-04.csv")
    result = snapshots.load(path, database=database)
    assert tally(result) == (1000, 0, 0)
    header, *wanted = records(path)
    assert len(header) == 24
    quote = "`" if database.startswith("mysql") else '"'
    columns = ", ".join(f"{quote}{name}{quote}" for name in header)
    loaded = rows(database, f"SELECT {columns} FROM fhvhv_tripdatasample ORDER BY _line")
    assert len(loaded) == 1000
    for record, row in zip(wanted, loaded, strict=True):
        for name, text, value in zip(header, record, row, strict=True):
            assert same(text, value), (name, text, value)
    times = {type(value) for row in loaded for value in row[3:7] if value is not None}
    assert times == {str}, "timestamps were not loaded as timestamps"


@pytest.mark.parametrize("name", ["made/movies.csv", "shared/movies/backup.csv"])
def test_movies_by_the_rules_of_the_exercise(database, tmp_path, name):
    path = data(name)
    result = snapshots.load(path, database=database, contract=movies_contract(tmp_path))
    assert tally(result) == (6447, 232, 5)
    assert result.exit_code == 3
    assert result.rejects_by_code == {"pattern_mismatch": 216, "field_count": 16}
    assert rows(database, f"SELECT COUNT(*) FROM {result.record.table}") == [(6447,)]
    raw = path.read_bytes()
    for reject in snapshots.rejects(result.record.import_id, database=database):
        assert raw[reject.byte_offset :].startswith(reject.raw + b"\n")
        assert raw[: reject.byte_offset].count(b"\n") + 1 == reject.line


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("made/movies_2021-02.no-header.csv", (384, 15, 1)),
        ("shared/movies/backup.2021-02.no-header.csv", (6447, 232, 5)),
    ],
)
def test_movies_without_a_header(database, tmp_path, name, counts):
    result = snapshots.load(
        data(name), database=database, contract=movies_contract(tmp_path), header=False
    )
    assert tally(result) == counts


@pytest.mark.parametrize("name", ["made/film.csv", "shared/movies/film.csv"])
def test_film_in_latin_1_with_a_row_of_types(database, name):
    path = data(name)
    result = snapshots.load(path, database=database, encoding="latin-1", rows_after_header=1)
    assert tally(result) == (1659, 0, 1)
    with path.open(encoding="latin-1", newline="") as file:
        wanted = [line.rstrip("\n").split(";")[6] for line in file][2:]
    quote = "`" if database.startswith("mysql") else '"'
    loaded = rows(database, f"SELECT {quote}Director{quote} FROM film ORDER BY _line")
    assert [value or "" for (value,) in loaded] == wanted
    assert any("ó" in director for director in wanted)


@pytest.mark.parametrize("name", ["made/film.csv", "shared/movies/film.csv"])
def test_film_says_which_encoding_it_probably_is(name):
    with pytest.raises(snapshots.SnapshotsError) as refused:
        snapshots.load(data(name), database="sqlite:///never.db", dry_run=True)
    assert "--encoding latin-1" in refused.value.hint


def test_zones(database):
    result = snapshots.load(data("examples/taxi+_zone_lookup.csv"), database=database)
    assert tally(result) == (265, 0, 0)
    assert result.record.table == "taxi_zone_lookup"
    wanted = records(data("examples/taxi+_zone_lookup.csv"))[1:]
    quote = "`" if database.startswith("mysql") else '"'
    loaded = rows(
        database,
        f"SELECT {quote}LocationID{quote}, {quote}Borough{quote}, {quote}Zone{quote}"
        " FROM taxi_zone_lookup ORDER BY _line",
    )
    assert [tuple(map(str, row)) for row in loaded] == [tuple(record[:3]) for record in wanted]


@pytest.mark.parametrize(
    "name", ["made/film.commas-unquoted.csv", "shared/movies/film.commas-unquoted.csv"]
)
def test_commas_unquoted_cannot_be_read_and_says_so(database, name):
    result = snapshots.load(data(name), database=database, encoding="latin-1")
    assert (result.outcome, result.exit_code) == ("failed", 4)
    assert result.rejects_by_code["field_count"] > 1000
    assert result.counts.balanced


@pytest.mark.parametrize(
    "name", ["made/head.parquet-bytes-named.csv", "shared/tlc/head.parquet-bytes-named.csv"]
)
def test_parquet_under_the_name_of_csv_is_refused(database, name):
    with pytest.raises(snapshots.SnapshotsError, match="Parquet"):
        snapshots.load(data(name), database=database)
    with pytest.raises(snapshots.SnapshotsError):
        snapshots.history(database)  # not even the database was made
