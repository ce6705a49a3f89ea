"""Imports are found among many without all of them being read."""

from contextlib import closing

import pytest

from snapshots import load, locations
from snapshots.engine.history import lookup
from snapshots.engine.history.file_status import asked_files, file_status, hashes_by_name
from snapshots.ledger import finding
from snapshots.ledger.history import History, ImportFilter
from tests.support.command import objects
from tests.support.command import snapshots as command

MANY = 1203
"""More than are read at once."""


@pytest.fixture
def many(database, tmp_path, monkeypatch):
    """A ledger of copies of one import, each of another input."""
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "a%b_c!.csv").write_text("id\n1\n")
    load(tmp_path / "a%b_c!.csv", database=database, table="t")
    target = locations.target(database)
    columns = (
        "kind", "size", "table_name", "state", "plan", "records", "loaded", "started_at",
        "heartbeat_at", "fence",
    )  # fmt: skip
    names = ", ".join(columns)
    with closing(target.connect(create=False)) as session:
        ((row),) = session.execute(f"SELECT {names} FROM snapshots_imports")
        session.executemany(
            f"INSERT INTO snapshots_imports (id, input, content_hash, {names})"
            f" VALUES ({', '.join('?' * (len(columns) + 3))})",
            [(n, f"far/{n}.csv", f"{n:064d}", *row) for n in range(2, MANY + 1)],
        )
    return database


def found(database, files):
    target = locations.target(database)
    with closing(target.connect(create=False)) as session:
        return [one.import_id for one in finding.of_files(History(target, session), files)]


def test_files_are_found_by_content_and_else_by_name(many, tmp_path):
    seven, eight = f"{7:064d}", f"{8:064d}"
    assert found(many, {"x.csv": {seven}}) == [7]
    assert found(many, {"9.csv": {seven}}) == [7], "its content is known"
    assert found(many, {"9.csv": {seven, "other"}}) == [7, 9]
    assert found(many, {"9.csv": {None}, "x": {eight}}) == [8, 9]
    assert found(many, {"a%b_c!.csv": {"other"}}) == [1]
    assert found(many, {"aXb_c!.csv": {"other"}, "csv": {None}, "far": {None}, "": {None}}) == []
    assert found(many, {"9.csv": {None}, "8\udcff.csv": {None}}) == [9], "a name that is no text"
    more = {f"{n}.csv": {"other"} for n in range(600, MANY + 100)}
    assert found(many, more) == list(range(600, MANY + 1))
    hashes = {f"{n}.txt": {f"{n:064d}"} for n in range(2, MANY + 100)}
    assert found(many, hashes) == list(range(2, MANY + 1))


def test_the_answer_is_that_of_all_imports(many, tmp_path):
    """Also of files that have changed, are gone, or are no input."""
    (tmp_path / "8.csv").write_text("id\n8\n")
    (tmp_path / "same.csv").write_bytes((tmp_path / "a%b_c!.csv").read_bytes())
    (tmp_path / "empty.csv").write_bytes(b"")
    names = ["8.csv", "same.csv", "empty.csv", "9.csv", "never.csv"]
    asked = asked_files([str(tmp_path / name) for name in names])
    few = lookup.list_of_files(many, hashes_by_name(asked))
    assert len(few.imports) == 3
    statuses = file_status(asked, few)
    assert statuses == file_status(asked, lookup.list_imports(many))
    assert [one.presence for one in statuses] == [
        "gone", "gone", "changed", "imported", "unreadable",
    ]  # fmt: skip


def test_json_has_all_imports_in_their_order(many, tmp_path):
    def ids(*options):
        done = command("list", "--json", "--database", many, *options, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return [one["import_id"] for one in objects(done)]

    assert ids() == list(range(1, MANY + 1))
    assert ids("--table", "t") == list(range(1, MANY + 1))
    assert ids("--table", "other") == []
    assert ids("--limit", "3") == [MANY - 2, MANY - 1, MANY]


def test_few_are_held_at_a_time(many):
    target = locations.target(many)
    with closing(target.connect(create=False)) as session:
        history, most = History(target, session), []
        read = history.entries_of
        history.entries_of = lambda ids: (most.append(len(ids)), read(ids))[1]
        assert len(list(finding.in_order(history, ImportFilter()))) == MANY
    assert max(most) < MANY / 2
