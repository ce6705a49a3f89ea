"""A last record without a line end is in the account like any other."""

import pytest

import snapshots
from tests.verify.loaded import execute, verify


def load(database, tmp_path, text, **options):
    path = tmp_path / "a.csv"
    path.write_text(text)
    return snapshots.load(path, database=database, table="t", **options).record.import_id


@pytest.mark.parametrize("options", [{}, {"mode": "replace"}, {"workers": 1, "chunk_size": 65536}])
def test_a_loaded_record(database, tmp_path, options):
    rows = "".join(f"{n},name {n}\n" for n in range(20_000))
    number = load(database, tmp_path, f"id,name\n{rows}20000,last", **options)
    assert execute(database, "SELECT COUNT(*) FROM t") == [(20_001,)]
    assert verify(database, number).exit_code == 0
    if "mode" not in options:
        assert snapshots.undo(number, database=database).removed == 20_001
        assert execute(database, "SELECT COUNT(*) FROM t") == [(0,)]


@pytest.mark.parametrize("last", ["3,x,y", '3,"open', "3," + "x" * 70_000], ids=str.__len__)
def test_a_reject(database, tmp_path, last):
    text = f"id,name\n1,a\n2,b\n{last}"
    number = load(database, tmp_path, text, max_rejects=1, max_record_size=65536)
    assert len(list(snapshots.rejects(number, database=database))) == 1
    assert verify(database, number).exit_code == 0
    assert snapshots.undo(number, database=database).removed == 2


def test_a_record_that_the_table_refuses_when_it_is_published(database, tmp_path):
    execute(database, "CREATE TABLE t (id integer, name varchar(9), CHECK (id < 3))")
    number = load(database, tmp_path, "id,name\n1,a\n2,b\n3,c", mode="replace", max_rejects=1)
    assert [one.line for one in snapshots.rejects(number, database=database)] == [4]
