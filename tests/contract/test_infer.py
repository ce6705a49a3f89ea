"""Types from values: all of them where that is cheap, else a sample that is called one."""

import gzip
import io
import random
import tracemalloc

import pytest

from snapshots.contract import infer as module
from snapshots.contract.infer import infer
from snapshots.formats.names import clean
from snapshots.formats.sniff import DialectOptions, sniff
from snapshots.sources import open_source
from tests.support.input_files import data

MIB = 1024 * 1024


def inferred(path, options=None, **more):
    source = open_source(str(path))
    try:
        sniffed = sniff(source.head(MIB), options)
        return infer(source, sniffed.dialect, clean(sniffed.header), **more)
    finally:
        source.close()


def kinds(found):
    return [column.type.kind for column in found.contract.columns]


def written(tmp_path, *lines):
    path = tmp_path / "a.csv"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["true", "False"], "boolean"),
        (["0", "1"], "integer"),
        (["-5", "9223372036854775807"], "integer"),
        (["9223372036854775808"], "decimal"),
        (["1.5", "2"], "float"),
        (["0.1", "0.1234567890123456789"], "decimal"),
        (["1e5", "2"], "float"),
        (["007", "12"], "text"),
        (["2024-01-31"], "date"),
        (["31/01/2024"], "text"),
        (["10:00", "23:59:59.5"], "time"),
        (["2024-01-01 00:00:00", "2024-01-01T00:00:00.123456"], "timestamp"),
        (["2024-01-01 00:00:00Z", "2024-01-01 00:00:00+01:00"], "timestamptz"),
        (["2024-01-01 00:00:00.1234567"], "text"),
        (["2024-01-01", "2024-01-01 00:00:00"], "text"),
        (["0b8f3f3e-57a4-4d1b-9c1c-000000000000"], "uuid"),
        (['"{""a"": 1}"', '"[1]"'], "json"),
        (["", ""], "text"),
        (["", "3", ""], "integer"),
        (['""', "3"], "text"),
        (["1", "x"], "text"),
    ],
)
def test_the_first_type_that_fits_every_value(tmp_path, values, kind):
    found = inferred(written(tmp_path, "id,x", *(f"{n},{value}" for n, value in enumerate(values))))
    assert kinds(found) == ["integer", kind]
    assert found.complete
    assert found.records == len(values)


def test_missing_values_are_no_evidence(tmp_path):
    path = written(tmp_path, "id,x", "1,NA", "2,5", '3,""')
    assert kinds(inferred(path)) == ["integer", "text"]
    found = inferred(path, missing_values=["", "NA"])
    assert kinds(found) == ["integer", "integer"]
    assert found.contract.missing_values == ("", "NA")


def test_names_are_the_cleaned_ones_and_sources_the_header(tmp_path):
    found = inferred(written(tmp_path, "a,a,_line,", "1,2,3,4"))
    assert [(c.name, c.source) for c in found.contract.columns] == [
        ("a", "a"), ("a_2", "a"), ("_line_2", "_line"), ("column_4", ""),
    ]  # fmt: skip


def test_a_decimal_of_more_digits_than_an_unlimited_one_has_room_for(tmp_path):
    found = inferred(written(tmp_path, "id,x", "1," + "9" * 40 + ".5", "2,0.1234567890123456789"))
    kind = found.contract.columns[1].type
    assert (kind.kind, kind.precision, kind.scale) == ("decimal", 65, 19)


def test_a_late_value_that_spoils_a_type_is_named(tmp_path):
    lines = ["id,x", *(f"{n},{n}" for n in range(500)), "500,n/a"]
    (note,) = inferred(written(tmp_path, *lines)).notes
    assert all(word in note for word in ("'x'", "text", "'n/a'", "line 502", "an integer"))


def test_empty_quotes_and_empty_columns_are_named(tmp_path):
    empty, quoted = inferred(written(tmp_path, "a,b,c", '1,,""', "2,,5")).notes
    assert "'b' has no values" in empty
    assert "'c' is text" in quoted
    assert "integer" in quoted


def test_a_header_without_rows(tmp_path):
    found = inferred(written(tmp_path, "a,b"), DialectOptions(header=True))
    assert (found.complete, found.records, found.notes) == (True, 0, ())


def test_broken_records_are_no_evidence(tmp_path):
    path = written(tmp_path, "a,b", "1,2", "x", '3,"4" y', "5,6", "7,8")
    assert kinds(inferred(path)) == ["integer", "integer"]
    assert inferred(path).records == 3


FILMS = ["integer", "integer", *["text"] * 5, "integer", "text", "text"]
# Beside the numbers of some months are asterisks, for what is not known.
LEVELS = [*["integer"] * 6, *["text"] * 10, "integer", "text", "text"]
REAL = {
    "made/movies.csv": FILMS,
    "made/movies_2021-02.no-header.csv": FILMS,
    "made/snapshot_20230101.csv": ["integer", "text", "text", "float"],
    "examples/taxi+_zone_lookup.csv": ["integer", "text", "text", "text"],
    "examples/fhvhv_tripdatasample_2020-04.csv": [
        *["text"] * 3, *["timestamp"] * 4, "integer", "integer", "float", "integer",
        *["float"] * 3, "float", "float", "text", "float", "float", *["text"] * 5,
    ],
    "rides/fhvhv_tripmetadata_2019.csv": [
        *["text"] * 4, "integer", "integer", "timestamptz", "integer", "integer", "text",
        "integer", "float", "float", "text",
    ],
    "made/spaces-before-quotes.csv": ["date", "text", "text", "text"],
    "made/null-words.csv": ["integer", "text", "integer", "text"],
    "made/lake-levels.cr.csv": LEVELS,
    "spectrum/comma_in_quotes.csv": ["text", "text", "text", "text", "text"],
    "spectrum/json.csv": ["integer", "json"],
    "shared/movies/backup.csv": FILMS,
    "shared/movies/backup.2021-02.no-header.csv": FILMS,
    "shared/snapshots/snapshot_20230101.csv": ["integer", "text", "text", "float"],
    "shared/messy/messytables.complex.csv": ["date", "text", "text", "text"],
    "shared/messy/messytables.null.csv": ["integer", "text", "integer", "text"],
    "shared/messy/messytables.mixedGLB.csv": LEVELS,
}  # fmt: skip


@pytest.mark.parametrize("name", REAL)
def test_real_files(name):
    assert kinds(inferred(data(name))) == REAL[name]


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    """40 MB whose last value alone makes a column text, and with line ends in quotes."""
    path = tmp_path_factory.mktemp("big") / "big.csv"
    out = io.StringIO()
    random.seed(1)
    out.write("id,price,note,when,odd\n")
    for n in range(500_000):
        note = f'"says ""{n}"",\nand more, and more"' if n % 7 == 0 else f"note {n}"
        odd = "x" if n == 499_999 else "5"
        out.write(f"{n},{n / 4},{note},2024-01-01 00:{n % 60:02}:00,{odd}\n")
    path.write_text(out.getvalue())
    return path


def test_the_whole_of_a_file_is_read_in_constant_memory(big):
    tracemalloc.start()
    try:
        found = inferred(big)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert kinds(found) == ["integer", "float", "text", "timestamp", "text"]
    assert (found.complete, found.records) == (True, 500_000)
    assert peak < 10 * MIB


def test_a_large_file_is_sampled_all_over_and_that_is_said(big):
    found = inferred(big, read_fully_up_to=MIB)
    assert kinds(found) == ["integer", "float", "text", "timestamp", "text"]
    assert not found.complete
    assert 100_000 < found.records < 400_000
    assert "16 blocks of 1 MiB" in found.notes[0]
    assert "rejected" in found.notes[0]


def test_of_a_compressed_file_the_head_is_read(big, tmp_path):
    path = tmp_path / "big.csv.gz"
    path.write_bytes(gzip.compress(big.read_bytes(), 1))
    found = inferred(path)
    assert kinds(found) == ["integer", "float", "text", "timestamp", "integer"]
    assert not found.complete
    assert "first 16 MiB" in found.notes[0]


def test_all_of_a_compressed_file_that_is_no_longer_than_that(tmp_path):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,x"))
    found = inferred(path)
    assert (found.complete, found.records, kinds(found)) == (True, 1, ["integer", "text"])


def test_other_encodings(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("größe,n\n" + "Ärger,1\n" * 3, encoding="utf-16")
    found = inferred(path)
    assert [c.name for c in found.contract.columns] == ["größe", "n"]
    assert (kinds(found), found.records) == (["text", "integer"], 3)


@pytest.mark.parametrize("name", ["made/film.csv", "shared/movies/film.csv"])
def test_a_row_of_types_is_no_evidence(name):
    options = DialectOptions(encoding="latin-1", preamble=0, rows_after_header=1)
    film = inferred(data(name), options)
    assert kinds(film) == FILMS
    assert film.records == 1659


def test_the_limits_are_those_in_the_docs():
    assert (module.READ_FULLY_UP_TO, module.HEAD, module.BLOCKS) == (256 * MIB, 16 * MIB, 16)
