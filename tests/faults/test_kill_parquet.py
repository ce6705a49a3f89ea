"""kill -9 of the loader of a Parquet file: its rows are written again, and none comes twice."""

import pyarrow as pa
import pyarrow.parquet as pq

from tests.support.killed_imports import Made, check, kill_at_random, schema_file

ROWS = 150_000


def test_a_parquet_file_that_is_killed_again_and_again(sqlite_url, tmp_path):
    numbers = range(ROWS)
    bad = {n for n in numbers if n % 101 == 0}
    table = pa.table(
        {
            "id": pa.array(numbers),
            "name": pa.array([f"name {n} of many" for n in numbers]),
            "amount": pa.array(["12x" if n in bad else "1.25" for n in numbers]),
            "at": pa.array([f"2024-01-01 00:00:{n % 60:02d}" for n in numbers]),
        }
    )
    path = tmp_path / "t.parquet"
    pq.write_table(table, path, row_group_size=20_000, compression="none", use_dictionary=False)
    good = {n + 1 for n in numbers} - {n + 1 for n in bad}
    made = Made(path, good, {n + 1 for n in bad})
    contract = schema_file(tmp_path)
    killed, (code, result, err) = kill_at_random(sqlite_url, made, contract, tmp_path / "state", 5)
    assert killed == 5
    assert code == 3, err
    assert result["state"] == "finished"
    check(sqlite_url, made)
