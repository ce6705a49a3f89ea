"""Modes by key into tables with triggers, and into views: the account says what is in the table."""

import json

import pytest

import snapshots
from snapshots.errors import SnapshotsError
from tests.verify.loaded import execute

FIRST = "id,name\n1,a\n2,b\n3,c\n"
SECOND = "id,name\n1,a\n2,bb\n4,d\n5,e\n"
FUNCTION = "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def load(tmp_path, database, name, text, mode="mirror", table="t", **options):
    path = tmp_path / name
    path.write_text(text)
    return snapshots.load(path, database=database, table=table, mode=mode, **options)


def changes(result):
    record = result.record
    return (record.inserted, record.updated, record.unchanged, record.deleted, record.kept)


def loaded(tmp_path, database):
    done = load(tmp_path, database, "a.csv", FIRST, primary_key=("id",))
    assert done.exit_code == 0, (done.message, done.hint)


def held(database):
    return execute(database, "SELECT id, name FROM t ORDER BY id")


def test_rows_that_a_trigger_does_not_let_in_are_skipped(postgres_url, tmp_path):
    loaded(tmp_path, postgres_url)
    execute(
        postgres_url,
        FUNCTION.format(name="f", body="IF new.id = 5 THEN RETURN NULL; END IF; RETURN new;"),
        "CREATE TRIGGER f BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
    )
    done = load(tmp_path, postgres_url, "b.csv", SECOND)
    assert done.exit_code == 0, (done.message, done.hint)
    assert (done.counts.loaded, done.counts.skipped) == (3, 1)
    assert done.skipped_by_code == {"left_out_by_trigger": 1}
    assert changes(done) == (1, 1, 1, 1, 0)
    assert held(postgres_url) == [(1, "a"), (2, "bb"), (4, "d")]
    chunks = execute(
        postgres_url,
        "SELECT loaded, skipped, skipped_by_code FROM snapshots_chunks WHERE import_id = 2",
    )
    assert [(n, m, json.loads(codes)) for n, m, codes in chunks] == [
        (3, 1, {"left_out_by_trigger": 1})
    ]
    undone = snapshots.undo(2, database=postgres_url)
    assert (undone.removed, undone.restored, undone.undo_kept) == (1, 2, 0)
    assert held(postgres_url) == [(1, "a"), (2, "b"), (3, "c")]


def test_an_update_that_a_trigger_refuses_silently_is_no_update(postgres_url, tmp_path):
    loaded(tmp_path, postgres_url)
    execute(
        postgres_url,
        FUNCTION.format(name="f", body="RETURN NULL;"),
        "CREATE TRIGGER f BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()",
    )
    done = load(tmp_path, postgres_url, "b.csv", SECOND, mode="upsert")
    assert done.exit_code == 0, (done.message, done.hint)
    assert changes(done) == (2, 0, 2, 0, 1)
    assert held(postgres_url) == [(1, "a"), (2, "b"), (3, "c"), (4, "d"), (5, "e")]


def test_a_deletion_that_a_trigger_refuses_silently_is_none(postgres_url, tmp_path):
    loaded(tmp_path, postgres_url)
    execute(
        postgres_url,
        FUNCTION.format(name="f", body="RETURN NULL;"),
        "CREATE TRIGGER f BEFORE DELETE ON t FOR EACH ROW EXECUTE FUNCTION f()",
    )
    done = load(tmp_path, postgres_url, "b.csv", SECOND)
    assert done.exit_code == 0, (done.message, done.hint)
    assert changes(done) == (2, 1, 1, 0, 1)
    assert held(postgres_url)[2] == (3, "c")


CHANGING = {
    "postgres": (
        FUNCTION.format(name="f", body="new.name := upper(new.name); RETURN new;"),
        "CREATE TRIGGER f BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()",
    ),
    "mysql": (
        "CREATE TRIGGER f BEFORE INSERT ON t FOR EACH ROW SET new.name = UPPER(new.name)",
        "CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW SET new.name = UPPER(new.name)",
    ),
    "sqlite": (
        "CREATE TRIGGER f AFTER INSERT ON t BEGIN"
        " UPDATE t SET name = UPPER(name) WHERE id = new.id; END",
        "CREATE TRIGGER g AFTER UPDATE OF _line ON t BEGIN"
        " UPDATE t SET name = UPPER(name) WHERE id = new.id; END",
    ),
}


def test_values_that_a_trigger_changes(database, tmp_path):
    kind = database.partition(":")[0].replace("postgresql", "postgres")
    loaded(tmp_path, database)
    execute(database, *CHANGING[kind])
    done = load(tmp_path, database, "b.csv", SECOND)
    assert done.exit_code == 0, (done.message, done.hint)
    assert changes(done) == (2, 1, 1, 1, 0)
    assert held(database) == [(1, "a"), (2, "BB"), (4, "D"), (5, "E")]
    # They are as the publish has left them. The triggers see the undo, too.
    undone = snapshots.undo(2, database=database)
    assert (undone.removed, undone.restored, undone.undo_kept) == (2, 2, 0)
    assert held(database) == [(1, "a"), (2, "B"), (3, "C")]


NOTING = {
    "postgres": (
        FUNCTION.format(
            name="f",
            body="INSERT INTO log VALUES (tg_op, COALESCE(new.id, old.id)); RETURN NULL;",
        ),
        "CREATE TRIGGER f AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION f()",
    ),
    "mysql": tuple(
        f"CREATE TRIGGER {what.lower()}s AFTER {what} ON t FOR EACH ROW"
        f" INSERT INTO log VALUES ('{what}', {row}.id)"
        for what, row in (("INSERT", "new"), ("UPDATE", "new"), ("DELETE", "old"))
    ),
    "sqlite": tuple(
        f"CREATE TRIGGER {what.lower()}s AFTER {what} ON t BEGIN"
        f" INSERT INTO log VALUES ('{what}', {row}.id); END"
        for what, row in (("INSERT", "new"), ("UPDATE", "new"), ("DELETE", "old"))
    ),
}


def test_triggers_see_each_change_once_and_unchanged_rows_never(database, tmp_path):
    kind = database.partition(":")[0].replace("postgresql", "postgres")
    loaded(tmp_path, database)
    execute(database, "CREATE TABLE log (what varchar(9), id integer)", *NOTING[kind])
    done = load(tmp_path, database, "b.csv", SECOND)
    assert (done.exit_code, changes(done)) == (0, (2, 1, 1, 1, 0)), (done.message, done.hint)
    noted = execute(database, "SELECT what, id FROM log ORDER BY id")
    assert noted == [("UPDATE", 2), ("DELETE", 3), ("INSERT", 4), ("INSERT", 5)]


@pytest.mark.parametrize("mode", ["upsert", "mirror"])
def test_a_view_as_the_table(database, tmp_path, mode):
    execute(
        database,
        "CREATE TABLE b (id int PRIMARY KEY, name varchar(9))",
        "INSERT INTO b VALUES (1, 'a'), (2, 'b'), (9, 'z')",
        "CREATE VIEW v AS SELECT id, name FROM b WHERE id < 9",
    )
    if database.startswith("sqlite"):
        with pytest.raises(SnapshotsError, match="view"):
            load(tmp_path, database, "b.csv", SECOND, mode, "v", primary_key=("id",))
        return
    done = load(tmp_path, database, "b.csv", SECOND, mode, "v", primary_key=("id",))
    assert done.exit_code == 0, (done.message, done.hint)
    assert changes(done)[:3] == (2, 1, 1)
    found = execute(database, "SELECT id, name FROM b ORDER BY id")
    assert found == [(1, "a"), (2, "bb"), (4, "d"), (5, "e"), (9, "z")]
