"""Replays into tables of each mode: the account, verify and undo hold as without a replay."""

import pytest

import snapshots
from snapshots.errors import OlderVersion
from tests.imports.history_tables import intervals
from tests.repair.files import edited, entry, exported, held, replayed, sound, written
from tests.verify.loaded import execute

CONTRACT = {
    "fields": [
        {"name": "id", "type": "integer"},
        {"name": "name", "type": "string"},
        {"name": "km", "type": "integer"},
    ],
    "primaryKey": ["id"],
}
BEFORE = "id,name,km\n1,a,1\n2,b,2\n9,z,9\n"
DIRTY = "id,name,km\n1,a,1\n2,B,2\n3,c,x\n4,d,4\nx5,e,5\nx9,f,6\n"
CHANGES = {4: {"km": "3"}, 6: {"id": "5"}, 7: {"id": "1"}}


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def load(database, folder, text, name, **options):
    path = folder / name
    path.write_text(text)
    given = {"contract": CONTRACT, "max_rejects": 1_000, "table": "t", "max_deletes": "100%"}
    result = snapshots.load(path, database=database, **given | options)
    assert result.outcome == "finished", result
    return result.record.import_id


def corrections(database, folder, number, changes=CHANGES):
    rows = edited(exported(database, folder, number), changes)
    return written(folder, rows, name=f"fixed{number}.csv")


def added_up(database, number):
    one = entry(database, number)
    assert one.loaded == (one.inserted or 0) + (one.updated or 0) + (one.unchanged or 0)
    return one


@pytest.mark.parametrize(
    "options",
    [
        {"mode": "replace"},
        {"mode": "replace", "keep_undo": 0},
        {"mode": "upsert"},
        {"mode": "upsert", "keep_undo": 0},
        {"mode": "upsert", "lineage": False},
        {"mode": "mirror"},
        {"mode": "append", "atomic": True},
    ],
    ids=lambda one: "-".join(map(str, one.values())),
)
def test_account_verify_and_undo(database, tmp_path, options):
    mode = options["mode"]
    before = "id,name,km\n8,y,8\n9,z,9\n" if mode == "append" else BEFORE
    lineage = {"lineage": False} if "lineage" in options else {}
    load(database, tmp_path, before, "a.csv", **lineage)
    first = sorted(execute(database, "SELECT id, name, km FROM t"))
    number = load(database, tmp_path, DIRTY, "b.csv", **options)
    path = corrections(database, tmp_path, number)
    taken = 2
    assert replayed(database, path, number) == (taken, 1, 0, 0, 1)
    assert replayed(database, path, number) == (0, 0, 1, taken, 1)
    one = added_up(database, number)
    assert (one.loaded, one.rejected, one.corrected) == (5, 1, 2)
    rows = {row[0]: row[1:] for row in execute(database, "SELECT id, name, km FROM t")}
    assert (rows[1], rows[3], rows[5]) == (("a", 1), ("c", 3), ("e", 5))
    ((code, reason),) = execute(
        database, f"SELECT code, reason FROM snapshots_rejects WHERE import_id = {number}"
    )
    assert code == "refused_by_target", reason
    if not lineage:
        report = sound(database, number)
        assert report.compared
        assert report.equal == 5
    if lineage or options.get("keep_undo") == 0:
        return
    undone = snapshots.undo(number, database=database)
    assert undone.undo_kept == 0
    assert sorted(execute(database, "SELECT id, name, km FROM t")) == first
    # The same input again: its rejects are its own.
    again = load(database, tmp_path, DIRTY, "b.csv", **options)
    path = corrections(database, tmp_path, again)
    assert replayed(database, path, again)[0] == 2
    added_up(database, again)
    sound(database, again)


@pytest.mark.parametrize("mode", ["replace", "upsert", "mirror"])
def test_only_the_newest_version(sqlite_url, tmp_path, mode):
    first = load(sqlite_url, tmp_path, DIRTY, "a.csv", mode=mode)
    path = corrections(sqlite_url, tmp_path, first)
    second = load(sqlite_url, tmp_path, BEFORE, "b.csv", mode=mode)
    with pytest.raises(OlderVersion, match="Import 2 has published a later version of table t"):
        replayed(sqlite_url, path, first)
    snapshots.undo(second, database=sqlite_url)
    assert replayed(sqlite_url, path, first)[0] == 2
    sound(sqlite_url, first)


@pytest.mark.parametrize(
    ("mode", "older"), [("replace", True), ("mirror", True), ("upsert", False), ("append", False)]
)
def test_an_append_before_another_import(sqlite_url, tmp_path, mode, older):
    first = load(sqlite_url, tmp_path, DIRTY, "a.csv", atomic=True)
    path = corrections(sqlite_url, tmp_path, first)
    load(sqlite_url, tmp_path, "id,name,km\n70,x,1\n", "b.csv", mode=mode)
    if older:
        with pytest.raises(OlderVersion, match="Import 2 has published a later version"):
            replayed(sqlite_url, path, first)
        return
    assert replayed(sqlite_url, path, first)[0] == 2
    sound(sqlite_url, first)
    snapshots.undo(first, database=sqlite_url)
    assert [row[0] for row in held(sqlite_url, "id")] == [70]


def test_an_append_after_a_replacement(sqlite_url, tmp_path):
    load(sqlite_url, tmp_path, BEFORE, "a.csv", mode="replace")
    second = load(sqlite_url, tmp_path, DIRTY.replace("\n1,a,1\n2,B,2", ""), "b.csv")
    path = corrections(sqlite_url, tmp_path, second, {2: {"km": "3"}, 4: {"id": "5"}})
    assert replayed(sqlite_url, path, second)[0] == 2
    sound(sqlite_url, second)


def test_a_key_without_an_index(database, tmp_path):
    plain = {**CONTRACT}
    del plain["primaryKey"]
    load(database, tmp_path, BEFORE, "a.csv", contract=plain)
    number = load(
        database, tmp_path, DIRTY + "x6,g,1\n", "b.csv",
        contract=plain, mode="upsert", primary_key=["id"],
    )  # fmt: skip
    path = corrections(database, tmp_path, number, CHANGES | {8: {"id": "5"}})
    assert replayed(database, path, number) == (2, 2, 0, 0, 2)
    reasons = execute(
        database,
        f"SELECT reason FROM snapshots_rejects WHERE import_id = {number} ORDER BY line",
    )
    assert reasons == [("The table has a row with this key.",)] * 2
    sound(database, number)
    assert sorted(held(database, "id")) == [(n,) for n in (1, 2, 3, 4, 5, 9)]
    snapshots.undo(number, database=database)
    assert sorted(held(database, "id, name")) == [(1, "a"), (2, "b"), (9, "z")]


def test_a_version_of_a_history(database, tmp_path):
    given = {"mode": "history", "contract": CONTRACT}
    load(database, tmp_path, BEFORE, "a.csv", as_of="2024-01-01", **given)
    before = intervals(database)
    number = load(database, tmp_path, DIRTY, "b.csv", as_of="2024-02-01", **given)
    path = corrections(database, tmp_path, number)
    assert replayed(database, path, number) == (2, 1, 0, 0, 1)
    added_up(database, number)
    news = [row for row in intervals(database) if row[0] in (3, 5)]
    at = "2024-02-01T00:00:00.000Z"
    assert news == [(3, "c", at, None), (5, "e", at, None)]
    assert [row for row in intervals(database) if row[0] == 1] == [before[0]]
    snapshots.undo(number, database=database)
    assert intervals(database) == before


def test_a_key_that_the_version_has_ended(database, tmp_path):
    given = {"mode": "history", "contract": CONTRACT}
    load(database, tmp_path, BEFORE, "a.csv", as_of="2024-01-01", **given)
    before = intervals(database)
    # The rejected record shows the key 7, and belongs to 9, which the version has ended.
    dirty = "id,name,km\n1,a,1\n2,b,2\n7,z,x\n"
    number = load(database, tmp_path, dirty, "b.csv", as_of="2024-02-01", **given)
    path = corrections(database, tmp_path, number, {4: {"id": "9", "km": "8"}})
    assert replayed(database, path, number) == (1, 0, 0, 0, 0)
    at = "2024-02-01T00:00:00.000Z"
    assert [row[2:] for row in intervals(database) if row[0] == 9] == [
        ("2024-01-01T00:00:00.000Z", at),
        (at, None),
    ]
    added_up(database, number)
    snapshots.undo(number, database=database)
    assert intervals(database) == before


def test_a_history_with_a_later_version(sqlite_url, tmp_path):
    given = {"mode": "history", "contract": CONTRACT}
    first = load(sqlite_url, tmp_path, DIRTY, "a.csv", as_of="2024-01-01", **given)
    path = corrections(sqlite_url, tmp_path, first)
    load(sqlite_url, tmp_path, BEFORE, "b.csv", as_of="2024-02-01", **given)
    before = intervals(sqlite_url)
    with pytest.raises(OlderVersion) as raised:
        replayed(sqlite_url, path, first)
    assert "--out-of-order" in raised.value.hint
    assert intervals(sqlite_url) == before


def test_a_correction_of_a_version_of_a_history(sqlite_url, tmp_path):
    given = {"mode": "history", "contract": CONTRACT, "as_of": "2024-01-01"}
    load(sqlite_url, tmp_path, BEFORE, "a.csv", **given)
    before = intervals(sqlite_url)
    second = load(sqlite_url, tmp_path, DIRTY, "b.csv", **given)
    path = corrections(sqlite_url, tmp_path, second)
    assert replayed(sqlite_url, path, second)[0] == 2
    added_up(sqlite_url, second)
    snapshots.undo(second, database=sqlite_url)
    assert intervals(sqlite_url) == before
