"""Verifying an import with corrected rows of every shape, in every neighbourhood."""

import random

import pytest

import snapshots
from tests.repair.files import edited, exported, held, replayed, sound, written
from tests.verify.loaded import execute, told, verify

CONTRACT = {"fields": [{"name": "id", "type": "integer"}, {"name": "name", "type": "string"}]}


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


@pytest.mark.parametrize("seed", range(6))
def test_any_mixture(sqlite_url, tmp_path, seed):
    chance = random.Random(seed)
    long = seed % 2 == 1
    text, wrong = "id,name\n", chance.choice([0.05, 0.5, 0.95])
    for number in range(3000):
        name = '"two\nlines"' if long and chance.random() < 0.2 else f"name {number}"
        broken = chance.random() < wrong
        after = "x" if broken and name.startswith('"') and number % 2 else ""
        text += f"{'x' * broken}{number},{name}{after}\n"
        if chance.random() < 0.05:
            text += chance.choice(["\n", "# a remark\n"])
    path = tmp_path / "a.csv"
    path.write_text(text)
    snapshots.load(
        path, database=sqlite_url, table="t", contract=CONTRACT, max_rejects=10_000,
        chunk_size=20_000, comment="#",
    )  # fmt: skip
    rows = exported(sqlite_url, tmp_path)
    changes = {}
    for row in rows[1:]:
        name = chance.choice(
            ["corrected\nand longer", "a\x1eb", f"line {row[0]}", "b", "c", "\r\n"]
        )
        if chance.random() < 0.9:
            changes[int(row[0])] = {"id": row[0], "name": name, "_record": ""}
    loaded = replayed(sqlite_url, written(tmp_path, edited(rows, changes)))[0]
    assert loaded == len(changes)
    report = sound(sqlite_url)
    assert report.equal == len(held(sqlite_url))
    line = chance.choice(list(changes))
    execute(sqlite_url, f"UPDATE t SET name = 'other' WHERE _line = {line}")
    (difference,) = told(verify(sqlite_url))
    assert difference[:3] == ("changed", line, "name")


def test_own_bytes_in_long_runs(sqlite_url, tmp_path):
    text = "id,name\n" + "".join(f"{n},{'-' if n % 7 else n}\n" for n in range(5000))
    text += "".join(f"-,{n}\n" for n in range(3000))
    (tmp_path / "a.csv").write_text(text)
    contract = {"fields": [*CONTRACT["fields"]], "missingValues": [""]}
    snapshots.load(
        tmp_path / "a.csv", database=sqlite_url, table="t", contract=contract, max_rejects=10_000
    )
    assert replayed(sqlite_url, null_values=("-",))[0] == 3000
    assert sound(sqlite_url).equal == 8000
