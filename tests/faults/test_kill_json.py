"""kill -9 of the loader of JSON objects, on lines and in an array: every record is there once."""

import json

import pytest

from tests.support.killed_imports import Made, check, kill_at_random, schema_file

RECORDS = 150_000


def make_objects(path, *, array):
    """Some amounts are bad, some lines are no JSON, some are blank; the others are good."""
    made = Made(path)
    with path.open("w") as file:
        file.write("[\n" if array else "")
        for n in range(RECORDS):
            line = n + 1 + array
            record = {"id": n, "name": f"n\n{n}", "amount": n / 4, "at": "2024-01-01 00:00:00"}
            if n % 100 == 7:
                record["amount"] = "12x"
            text = json.dumps(record)
            if n % 500 == 9:
                text = text[:-1] + ", oops}"
            if n % 300 == 11 and not array:
                file.write("\n")
                made.blank += 1
                continue
            (made.bad if n % 100 == 7 or n % 500 == 9 else made.good).add(line)
            file.write(text + ("," if array and n < RECORDS - 1 else "") + "\n")
        file.write("]\n" if array else "")
    return made


@pytest.mark.parametrize("name", ["t.jsonl", "t.json"])
def test_objects_whose_loader_is_killed_again_and_again(name, sqlite_url, tmp_path):
    made = make_objects(tmp_path / name, array=name.endswith(".json"))
    killed, (code, result, err) = kill_at_random(
        sqlite_url, made, schema_file(tmp_path), tmp_path / "state", 5
    )
    assert killed == 5
    assert code == 3, err
    assert result["state"] == "finished"
    check(sqlite_url, made)
