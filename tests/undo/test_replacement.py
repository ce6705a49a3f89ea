"""Undoing a replacement: what it has published leaves, and the former rows return as they were."""

from contextlib import closing

import pytest

import snapshots
from snapshots import locations
from snapshots.errors import AlreadyUndone, Forbids
from tests.support.command import objects
from tests.support.command import snapshots as command
from tests.verify.loaded import execute


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def table_of(tmp_path, name, rows):
    path = tmp_path / name
    path.write_text("id,name\n" + "".join(f"{n},{text}\n" for n, text in rows))
    return path


def replaced(database, tmp_path, *versions, **options):
    """Replaces the table `t` by versions of so many rows; returns the last import's record."""
    for number, size in enumerate(versions):
        rows = [(n, f"version {number}") for n in range(size)]
        done = snapshots.load(
            table_of(tmp_path, f"v{number}.csv", rows),
            database=database,
            table="t",
            **{"mode": "replace", "max_deletes": "100%", "again": True, **options},
        )
        assert done.exit_code == 0, done.message
    return done.record


def held(database):
    return sorted(execute(database, "SELECT id, name, _import_id, _line FROM t"))


def undo_tables(database):
    target = locations.target(database)
    with closing(target.connect(create=False)) as session:
        return sorted(one.name for one in target.tables(session) if "undo" in one.name)


def test_the_former_rows_return(database, tmp_path):
    replaced(database, tmp_path, 5)
    assert undo_tables(database) == []
    before = held(database)
    second = snapshots.load(
        table_of(tmp_path, "new.csv", [(n, "new") for n in range(3, 10)]),
        database=database,
        table="t",
        mode="replace",
    ).record
    assert (second.deleted, len(undo_tables(database))) == (5, 1)
    would = snapshots.undo(2, database=database, dry_run=True)
    assert (would.removed, would.restored, would.dry_run) == (7, 5, True)
    assert len(held(database)) == 7
    done = snapshots.undo(2, database=database)
    assert (done.removed, done.restored, done.undo_kept, done.exit_code) == (7, 5, 0, 0)
    assert held(database) == before
    assert undo_tables(database) == []
    (kept,) = [one for one in snapshots.history(database) if one.import_id == 2]
    assert (kept.state, kept.removed, kept.restored, kept.undo_kept) == ("undone", 7, 5, 0)
    with pytest.raises(AlreadyUndone):
        snapshots.undo(2, database=database)
    assert snapshots.undo(1, database=database).removed == 5
    assert held(database) == []


@pytest.mark.parametrize("publish", ["copy", "auto"])
def test_what_was_undone_meanwhile_does_not_return(database, tmp_path, publish):
    """Undoing an addition and the replacement after it gives the same in any order."""
    replaced(database, tmp_path, 5)
    before = held(database)
    added = table_of(tmp_path, "added.csv", [(n, "added") for n in range(20, 23)])
    snapshots.load(added, database=database, table="t")
    new = table_of(tmp_path, "new.csv", [(n, "new") for n in range(7)])
    snapshots.load(
        new, database=database, table="t", mode="replace", max_deletes="100%", publish=publish
    )
    assert snapshots.undo(2, database=database).removed == 0
    would = snapshots.undo(3, database=database, dry_run=True)
    done = snapshots.undo(3, database=database)
    assert (would.restored, done.restored) == (5, 5)
    assert held(database) == before


def test_only_the_newest_version(database, tmp_path):
    replaced(database, tmp_path, 5, 7, 9, keep_undo=2)
    with pytest.raises(Forbids, match="Import 3 has published a later version") as refused:
        snapshots.undo(2, database=database)
    assert refused.value.hint.endswith("snapshots undo 3")
    assert snapshots.undo(3, database=database).restored == 7
    assert snapshots.undo(2, database=database).restored == 5
    assert {name for _, name, _, _ in held(database)} == {"version 0"}


def test_an_undone_version_counts_no_more(database, tmp_path):
    replaced(database, tmp_path, 5)
    new = table_of(tmp_path, "new.csv", [(1, "a")])
    options = {"database": database, "table": "t", "mode": "replace", "max_deletes": "100%"}
    snapshots.load(new, as_of="2024-06-01", **options)
    snapshots.undo(2, database=database)
    older = table_of(tmp_path, "older.csv", [(2, "b")])
    assert snapshots.load(older, as_of="2024-05-01", **options).exit_code == 1
    snapshots.undo(1, database=database)
    assert snapshots.load(older, as_of="2024-05-01", **options).exit_code == 0


def test_later_rows_are_in_the_way(database, tmp_path):
    replaced(database, tmp_path, 5, 7)
    more = table_of(tmp_path, "more.csv", [(100, "more")])
    snapshots.load(more, database=database, table="t")
    with pytest.raises(Forbids, match=r"7 of its 7 rows. Other rows: 1 instead of 0") as refused:
        snapshots.undo(2, database=database)
    assert refused.value.hint.endswith("snapshots undo 3")
    with pytest.raises(Forbids):
        snapshots.undo(2, database=database, dry_run=True)
    before = held(database)
    snapshots.undo(3, database=database)
    execute(database, "DELETE FROM t WHERE id = 3")
    with pytest.raises(Forbids, match="6 of its 7 rows"):
        snapshots.undo(2, database=database)
    assert len(held(database)) == len(before) - 2


@pytest.mark.parametrize("lineage", [True, False])
def test_without_what_it_needs(database, tmp_path, lineage):
    replaced(database, tmp_path, 5, 7, keep_undo=0 if lineage else 1, lineage=lineage)
    assert undo_tables(database) == []
    reason = "5 rows of table t, and they are not kept" if lineage else "no columns"
    with pytest.raises(Forbids, match=reason):
        snapshots.undo(2, database=database)


def test_pruning(database, tmp_path):
    replaced(database, tmp_path, 5, 7)
    record = replaced(database, tmp_path, 9)
    assert len(undo_tables(database)) == 2
    (note,) = [
        one["note"]
        for one in [dict(zip(["note"], execute(
            database, f"SELECT note FROM snapshots_imports WHERE id = {record.import_id}"
        )[0], strict=True))]
    ]  # fmt: skip
    assert "import 2 are not needed any more" in note
    (freed,) = objects(command("prune", "--database", database, "--json", cwd=tmp_path))
    assert (freed["import_id"], freed["rows"]) == (2, 5)
    assert freed["bytes"] > 0
    assert len(undo_tables(database)) == 1
    snapshots.undo(3, database=database)
    with pytest.raises(Forbids, match=r"(?i)not kept"):
        snapshots.undo(2, database=database)
    replaced(database, tmp_path, 3)
    done = command("prune", "--keep-undo", "0", "--database", database, cwd=tmp_path)
    assert "its rows for undo are freed (7 rows, about" in done.stdout
    assert undo_tables(database) == []
    assert command("undo", "4", "--database", database, cwd=tmp_path).returncode == 1


def test_the_command_says_what_returned(database, tmp_path):
    replaced(database, tmp_path, 5, 7)
    done = command("undo", "2", "--database", database, cwd=tmp_path)
    assert "7 rows removed from t" in done.stdout
    assert "5 of the rows that it had replaced returned." in done.stdout
    (shown,) = objects(command("show", "2", "--database", database, "--json", cwd=tmp_path))
    assert (shown["removed"], shown["restored"], shown["undo_kept"]) == (7, 5, 0)
