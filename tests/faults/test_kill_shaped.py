"""kill -9 of the loader of COPY text and of lines with fixed widths: every record is there once."""

import json

from tests.support.killed_imports import Made, check, kill_at_random, schema_file

RECORDS = 60_000
AT = "2024-01-01 00:00:00"


def killed_again_and_again(database, made, contract, state):
    killed, (code, result, err) = kill_at_random(database, made, contract, state, 4)
    assert killed == 4
    assert code == 3, err
    assert result["state"] == "finished"
    check(database, made)


def test_copy_text(sqlite_url, tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_INPUT_FORMAT", "postgres-text")
    monkeypatch.setenv("SNAPSHOTS_NO_HEADERS", "1")
    made, line = Made(tmp_path / "t.txt"), 1
    with made.path.open("w") as file:
        for n in range(RECORDS):
            bad = n % 100 == 7
            (made.bad if bad else made.good).add(line)
            name = f"two\\\nlines \\t{n}" if n % 3 else "\\N"
            file.write(f"{n}\t{name}\t{'12x' if bad else n / 4}\t{AT}\n")
            line += 2 if n % 3 else 1
        file.write("\\.\n")
        made.blank = 1
    killed_again_and_again(sqlite_url, made, schema_file(tmp_path), tmp_path / "state")


def test_fixed_width(sqlite_url, tmp_path):
    contract, start = schema_file(tmp_path), 1
    schema = json.loads(contract.read_text())
    for field, width in zip(schema["fields"], (8, 12, 12, 19), strict=True):
        field |= {"x-start": start, "x-width": width}
        start += width
    contract.write_text(json.dumps(schema))
    made = Made(tmp_path / "t.txt")
    with made.path.open("w") as file:
        for n in range(RECORDS):
            bad = n % 100 == 7
            (made.bad if bad else made.good).add(n + 1)
            text = f"{n:08}{f'né{n}':<12}{'12x' if bad else n / 4:>12}{AT}"
            file.write((text[:-1] if bad and n % 200 == 7 else text) + "\n")
    killed_again_and_again(sqlite_url, made, contract, tmp_path / "state")
