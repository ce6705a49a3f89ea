"""The benchmark's input is what it says: other numbers rest on it."""

from pathlib import Path

import pytest

import made_rides
from tests.support.input_files import data


def written(path: Path, **options: object) -> list[bytes]:
    made_rides.write(str(path), **options)  # type: ignore[arg-type]
    return path.read_bytes().splitlines()


def test_columns_are_the_real_files(tmp_path: Path) -> None:
    lines = written(tmp_path / "a.csv", rows=2000)
    real = data("examples/fhvhv_tripdatasample_2020-04.csv").read_bytes().splitlines()[0]
    assert lines[0] == real.replace(b'"', b"")
    assert written(tmp_path / "b.csv", rows=1, quoted=True)[0] == real
    assert {line.count(b",") for line in lines} == {23}
    assert len(lines) == 2001


@pytest.mark.parametrize(
    "name", ["made/fhvhv_tripdata_2024-01.csv", "shared/tlc/fhvhv_tripdata_2024-01.first3.csv"]
)
def test_columns_are_those_of_2024(tmp_path: Path, name: str) -> None:
    lines = written(tmp_path / "a.csv", rows=1)
    assert lines[0] == data(name).read_bytes().splitlines()[0]


def test_a_seed_gives_the_same_bytes_and_fewer_rows_a_prefix(tmp_path: Path) -> None:
    more = written(tmp_path / "a.csv", rows=made_rides.BLOCK_ROWS + 10, seed=5)
    assert written(tmp_path / "b.csv", rows=300, seed=5) == more[:301]
    assert written(tmp_path / "c.csv", rows=300, seed=6) != more[:301]


def test_rows_have_the_size_and_the_gaps_of_the_real_ones(tmp_path: Path) -> None:
    lines = written(tmp_path / "a.csv", rows=20_000)[1:]
    rows = [line.split(b",") for line in lines]
    gaps = [row for row in rows if not row[2] or not row[4]]
    assert all(row[0] == b"HV0005" and row[2] == row[4] == b"" for row in gaps)
    assert len(gaps) / len(rows) == pytest.approx(0.25, abs=0.03)
    assert sum(map(len, lines)) / len(lines) + 1 == pytest.approx(159.7, abs=2)


def test_dirty_rows_are_counted_and_broken_in_four_ways(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    assert made_rides.write(str(path), rows=8000, dirty=0.01) == (8000, 80)
    rows = path.read_bytes().splitlines()[1:]
    assert sum(row.count(b",") == 22 for row in rows) == 20
    for mark in (b",2024-01-32 25:61:00,", b",12.5O,", b"\xff\xfe"):
        assert sum(mark in row for row in rows) == 20
