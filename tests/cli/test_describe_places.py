"""`snapshots describe` with a contract that says where the fields of a line stand."""

import json

import pytest

import snapshots
from tests.support.command import snapshots as command
from tests.support.input_files import rows

LINES = "0001Zürich    12.50 \n0002Rom        7.00 \n0003Köln           \n"
FIELDS = [
    {"name": "paid", "x-start": 13, "x-width": 7, "title": "What they paid"},
    {"name": "id", "type": "string", "x-start": 1, "x-width": 4},
    {"name": "city", "x-start": 5, "x-width": 8, "constraints": {"minLength": 2}},
]


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def described(tmp_path, contract, *arguments, content=LINES):
    (tmp_path / "a.txt").write_text(content, encoding="utf-8")
    (tmp_path / "places.json").write_text(json.dumps(contract))
    return command("describe", "a.txt", "--contract", "places.json", *arguments, cwd=tmp_path)


def test_fields_get_the_types_that_fit(database, tmp_path):
    done = described(tmp_path, {"fields": FIELDS})
    assert done.returncode == 0, done.stderr
    contract = json.loads(done.stdout)
    assert [(one["name"], one["type"]) for one in contract["fields"]] == [
        ("id", "string"), ("city", "string"), ("paid", "number"),
    ]  # fmt: skip
    assert [(one["x-start"], one["x-width"]) for one in contract["fields"]] == [
        (1, 4), (5, 8), (13, 7),
    ]  # fmt: skip
    assert contract["fields"][1]["constraints"] == {"minLength": 2}
    paid = contract["fields"][2]
    assert paid["title"] == "What they paid"
    assert (paid["x-evidence"]["values"], paid["x-evidence"]["empty"]) == (2, 1)
    assert (paid["x-evidence"]["minimum"], paid["x-evidence"]["maximum"]) == ("7.00", "12.50")
    assert "3 columns, from all 3 records" in done.stderr
    result = snapshots.load(tmp_path / "a.txt", database=database, table="t", contract=contract)
    assert (result.counts.loaded, result.counts.rejected) == (3, 0)
    found = rows(database, "SELECT id, city, paid FROM t ORDER BY id")
    assert [(i, city, p and float(p)) for i, city, p in found] == [
        ("0001", "Zürich", 12.5), ("0002", "Rom", 7.0), ("0003", "Köln", None),
    ]  # fmt: skip


def test_some_fields_and_texts_that_mean_null(tmp_path):
    contract = {"fields": FIELDS[1:], "fieldsMatch": ["subset"], "missingValues": ["", "Rom"]}
    done = described(tmp_path, contract)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [one["name"] for one in found["fields"]] == ["id", "city"]
    assert found["fieldsMatch"] == ["subset"]
    assert found["missingValues"] == ["", "Rom"]
    assert found["fields"][1]["x-evidence"]["empty"] == 1


def test_lines_that_do_not_fit_are_counted(tmp_path):
    done = described(tmp_path, {"fields": FIELDS}, content=LINES + "0004\n" * 9)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["x-evidence"]["broken"] == 9
    assert "9 broken ones left out" in done.stderr


def test_it_has_to_say_where_fields_stand(tmp_path):
    done = described(tmp_path, {"fields": [{"name": "id", "type": "integer"}]})
    assert done.returncode == 2
    assert "x-start" in done.stderr
    assert "--dry-run" in done.stderr
    done = described(tmp_path, {"fields": FIELDS}, "--delimiter", ",")
    assert done.returncode == 2
    assert "delimiter" in done.stderr


def test_a_contract_for_imports_is_not_meant(tmp_path):
    """A variable that imports read changes nothing here."""
    (tmp_path / "a.csv").write_text("id\n1\n")
    (tmp_path / "c.json").write_text('{"fields": [{"name": "id"}]}')
    done = command("describe", "a.csv", cwd=tmp_path, SNAPSHOTS_CONTRACT=str(tmp_path / "c.json"))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["fields"][0]["type"] == "integer"
