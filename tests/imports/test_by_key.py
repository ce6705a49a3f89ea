"""Modes by key: a record finds its row by a key; rows are updated, inserted, kept or deleted."""

import pytest

import snapshots
from snapshots.errors import ContractError
from tests.ledger.older import execute


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def written(path, text):
    path.write_text(text)
    return path


def load(path, database, mode, **options):
    return snapshots.load(path, database=database, table="t", mode=mode, **options)


def changes(result):
    record = result.record
    return (record.inserted, record.updated, record.unchanged, record.deleted, record.kept)


def held(database, columns="id, name, _import_id"):
    return execute(database, f"SELECT {columns} FROM t ORDER BY 1")


FIRST = "id,name\n1,a\n2,b\n3,c\n"
SECOND = "id,name\n1,a\n2,bb\n4,d\n"


def test_upsert_keeps_what_the_file_lacks(database, tmp_path):
    load(written(tmp_path / "a.csv", FIRST), database, "upsert", primary_key=("id",))
    done = load(written(tmp_path / "b.csv", SECOND), database, "upsert")
    assert changes(done) == (1, 1, 1, 0, 1), (done.message, done.hint)
    assert held(database) == [(1, "a", 1), (2, "bb", 2), (3, "c", 1), (4, "d", 2)]


def test_mirror_deletes_what_the_file_lacks(database, tmp_path):
    load(written(tmp_path / "a.csv", FIRST), database, "mirror", primary_key=("id",))
    done = load(written(tmp_path / "b.csv", SECOND), database, "mirror")
    assert changes(done) == (1, 1, 1, 1, 0), (done.message, done.hint)
    assert held(database) == [(1, "a", 1), (2, "bb", 2), (4, "d", 2)]


def test_without_a_key_it_is_refused(database, tmp_path):
    first = written(tmp_path / "a.csv", FIRST)
    with pytest.raises(ContractError, match="needs a key"):
        load(first, database, "upsert")
    load(first, database, "append")
    with pytest.raises(ContractError, match="needs a key") as refused:
        load(first, database, "mirror", again=True)
    assert "--primary-key" in refused.value.hint
    done = load(written(tmp_path / "b.csv", SECOND), database, "mirror", primary_key=("id",))
    assert changes(done) == (1, 1, 1, 1, 0)


@pytest.mark.parametrize(
    ("choice", "loaded", "codes"),
    [("reject", "x", {"duplicate_key": 2}), ("first", "x", {}), ("last", "z", {})],
)
def test_one_record_of_a_key_is_loaded(database, tmp_path, choice, loaded, codes):
    path = written(tmp_path / "a.csv", "id,name\n1,x\n2,b\n1,y\n1,z\n")
    done = load(
        path, database, "upsert", primary_key=("id",), duplicates=choice, max_rejects="100%"
    )
    assert (done.counts.records, done.counts.loaded) == (4, 2), (done.message, done.hint)
    assert done.rejects_by_code == codes
    assert done.skipped_by_code == ({} if codes else {"duplicate_key": 2})
    assert held(database, "id, name") == [(1, loaded), (2, "b")]
    if codes:
        found = list(snapshots.rejects(1, database=database))
        assert [(one.line, one.raw, one.reason) for one in found] == [
            (4, b"1,y", "Line 2 has the same key."),
            (5, b"1,z", "Line 2 has the same key."),
        ]
