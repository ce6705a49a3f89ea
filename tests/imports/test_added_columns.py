"""Columns that `--columns-changed add` adds: their types, their values, and what a kill leaves."""

import json
import signal
import subprocess

import pytest

import snapshots
from snapshots import locations
from tests.support.command import objects
from tests.support.command import snapshots as command
from tests.support.input_files import rows
from tests.support.processes import go_on, held
from tests.support.snapshots_process import start


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


VALUES = {
    "a_boolean": ["true", "False"],
    "a_integer": ["7", "-8"],
    "a_float": ["1.5", "2"],
    "a_date": ["2024-02-29", "2023-01-01"],
    "a_time": ["10:00:00", "23:59:59"],
    "a_timestamp": ["2024-01-01 00:00:00", "2024-01-01T10:00:00.5"],
    "a_timestamptz": ["2024-01-01 00:00:00Z", "2024-01-01 00:00:00+01:00"],
    "a_uuid": ["0b8f3f3e-57a4-4d1b-9c1c-000000000000", "0b8f3f3e-57a4-4d1b-9c1c-000000000001"],
    "a_json": ['"{""a"": 1}"', '"[1]"'],
    "a_text": ["007", "x"],
}


def written(path, *lines):
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def first(tmp_path, database):
    """A table with the column `id`, and two rows."""
    path = written(tmp_path / "first.csv", "id", "1", "2")
    assert snapshots.load(path, database=database, table="t").outcome == "finished"


def added(path, database, **options):
    """The import of a file with more columns, and what it said of them."""
    notices = []

    def listener(event):
        notices.append(getattr(event, "text", ""))

    result = snapshots.load(
        path, database=database, table="t", columns_changed="add", listener=listener, **options
    )
    return result, [text for text in notices if "added to the table" in text]


def types(database, table="t"):
    """The types of a table's columns, as the database has them."""
    target = locations.target(database)
    session = target.connect(create=False)
    try:
        shape = target.inspect(session, target.table_name(table))
        return {column.name: (column.type, column.nullable) for column in shape.columns}
    finally:
        session.close()


def test_added_columns_have_the_types_of_those_of_a_new_table(database, tmp_path):
    """Also where the first values are empty; older rows have NULL there."""
    first(tmp_path, database)
    more = written(
        tmp_path / "more.csv",
        "id," + ",".join(VALUES),
        "3" + "," * len(VALUES),
        *(
            f"{number + 4}," + ",".join(values[number] for values in VALUES.values())
            for number in range(2)
        ),
    )
    result, notices = added(more, database)
    assert (result.outcome, result.counts.loaded, result.counts.rejected) == ("finished", 3, 0)
    snapshots.load(more, database=database, table="new", again=True)
    found, new = types(database), types(database, "new")
    assert {name: found[name] for name in VALUES} == {name: (new[name][0], True) for name in VALUES}
    columns = ", ".join(VALUES)
    assert rows(database, f"SELECT id, {columns} FROM t WHERE id > 2 ORDER BY id") == rows(
        database, f"SELECT id, {columns} FROM new ORDER BY id"
    )
    older = rows(database, f"SELECT {columns} FROM t WHERE id < 3")
    assert older == [(None,) * len(VALUES)] * 2
    assert len(notices) == len(VALUES)
    assert "column 'a_integer' is added to the table, as integer" in notices
    assert "column 'a_text' is added to the table, as text" in notices


def test_the_next_file_takes_the_added_columns_as_they_are(database, tmp_path):
    first(tmp_path, database)
    added(written(tmp_path / "b.csv", "id,n", "3,4"), database)
    result, notices = added(written(tmp_path / "c.csv", "id,n", "5,6", "7,x"), database)
    assert (result.counts.loaded, result.counts.rejected, notices) == (1, 1, [])
    assert rows(database, "SELECT id, n FROM t ORDER BY id") == [
        (1, None), (2, None), (3, 4), (5, 6),
    ]  # fmt: skip


def test_options_of_types_hold_for_added_columns(database, tmp_path):
    first(tmp_path, database)
    path = written(tmp_path / "b.csv", "id,price,code", "3,1.50,12")
    _, notices = added(path, database, decimals="exact")
    assert any("'price'" in text and "decimal" in text for text in notices)
    path = written(tmp_path / "c.csv", "id,price,code,more", "4,1.50,12,13")
    _, notices = added(path, database, all_text=True)
    assert notices == ["column 'more' is added to the table, as text"]


def test_a_contract_says_the_types_of_added_columns(database, tmp_path):
    """It may call the column otherwise than the header does; what it lacks is inferred."""
    first(tmp_path, database)
    contract = {
        "fields": [
            {"name": "id", "type": "integer"},
            {"name": "amount", "type": "number", "x-source": "Betrag",
             "constraints": {"minimum": 0}, "x-snapshots": {"precision": 8, "scale": 2}},
            {"name": "day", "type": "date", "format": "%d.%m.%Y",
             "constraints": {"required": True}},
        ]
    }  # fmt: skip
    path = written(
        tmp_path / "b.csv", "id;Betrag;day;n", "3;1.50;31.01.2024;7", "4;-1;31.01.2024;8",
        "5;1.50;;9",
    )  # fmt: skip
    result, notices = added(path, database, contract=contract)
    assert dict(result.rejects_by_code) == {"below_minimum": 1, "missing_value": 1}
    assert len(notices) == 3
    assert "column 'day' is added to the table, as date" in notices
    assert "column 'n' is added to the table, as integer" in notices
    found = types(database)
    assert found["amount"][0].kind == "decimal"
    assert (found["day"][0].kind, found["day"][1]) == ("date", True)
    (row,) = rows(database, "SELECT id, amount, day, n FROM t WHERE id = 3")
    assert (row[0], float(row[1]), row[2], row[3]) == (3, 1.5, "2024-01-31", 7)
    # And the next file of that kind finds them under the names of the contract.
    again = written(tmp_path / "c.csv", "id;Betrag;day;n", "6;2.50;01.02.2024;1")
    result = snapshots.load(again, database=database, table="t", contract={
        "fields": [*contract["fields"], {"name": "n", "type": "integer"}]
    })  # fmt: skip
    assert (result.counts.loaded, result.counts.rejected) == (1, 0)


def test_a_new_table_gets_what_its_contract_lacks_with_inferred_types(database, tmp_path):
    path = written(tmp_path / "a.csv", "id,n,day", "1,2,2024-01-31")
    contract = {"fields": [{"name": "id", "type": "integer"}]}
    added(path, database, contract=contract)
    assert {name: types(database)[name][0].kind for name in ("n", "day")} == {
        "n": "integer", "day": "date",
    }  # fmt: skip


def test_two_columns_of_one_name_are_not_the_same_column(database, tmp_path):
    first(tmp_path, database)
    result, notices = added(written(tmp_path / "b.csv", "id,id,x", "3,c,1.5"), database)
    assert result.counts.loaded == 1
    assert notices == [
        "column 'id_2' is added to the table, as text",
        "column 'x' is added to the table, as float",
    ]
    assert rows(database, "SELECT id, id_2, x FROM t WHERE id = 3") == [(3, "c", 1.5)]


@pytest.mark.parametrize("point", ["begun", "columns-added"])
def test_a_kill_around_the_alteration_changes_nothing(database, tmp_path, point):
    """The resumed import has the types of its plan, and every row is there once."""
    first(tmp_path, database)
    more = written(tmp_path / "more.csv", "id,n,price", "3,4,1.5", "5,6,2.5")
    load = ("import", more, "--database", database, "--table", "t", "--columns-changed", "add")
    killed = command(*load, cwd=tmp_path, SNAPSHOTS_FAULT=f"{point}:1")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    done = command(*load, "--json", cwd=tmp_path)
    (result,) = objects(done)
    assert (result["state"], result["loaded"]) == ("finished", 2), done.stderr
    kinds = {name: found[0].kind for name, found in types(database).items()}
    assert (kinds["n"], kinds["price"]) == ("integer", "float")
    assert rows(database, "SELECT id, n, price FROM t ORDER BY id") == [
        (1, None, None), (2, None, None), (3, 4, 1.5), (5, 6, 2.5),
    ]  # fmt: skip
    assert rows(database, "SELECT COUNT(*) FROM snapshots_imports") == [(2,)]


def test_another_process_adds_the_column_first(database, tmp_path):
    """Its type counts then: what does not fit is a reject, and the import does not fail."""
    first(tmp_path, database)
    texts = written(tmp_path / "texts.csv", "id,n", "3,x")
    process = start(
        ["import", texts, "--database", database, "--table", "t", "--columns-changed", "add",
         "--json"],
        env={"SNAPSHOTS_FAULT": "begun:1:stop", "SNAPSHOTS_STATE_DIR": str(tmp_path / "state")},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    held(process)
    result, _ = added(written(tmp_path / "numbers.csv", "id,n", "4,5"), database)
    assert result.counts.loaded == 1
    go_on(process)
    out, err = process.communicate(timeout=60)
    (result,) = [json.loads(line) for line in out.splitlines()]
    assert (result["state"], result["loaded"], result["rejected"]) == ("finished", 0, 1), err
    assert rows(database, "SELECT id, n FROM t WHERE id > 2") == [(4, 5)]
