"""What publishing asks of a target: stages, counted changes, and who refers to a table."""

import pytest

from snapshots.errors import RefusedRows
from snapshots.model import TableName
from tests.conformance.rows import blocks, column, contract, on, table

MADE = contract(
    column("id", "integer", required=True), column("name", max_chars=9), primary_key=("id",)
)
LINEAGE = ("snapshots_import_id", "snapshots_line")


@pytest.mark.parametrize("lineage", [True, False])
def test_a_stage_takes_what_the_table_takes(target, session, lineage):
    t = table(target, session, MADE, lineage=lineage)
    stage = TableName("snapshots_stage_1_abc", t.schema)
    for _ in range(2):
        target.create_stage(session, stage, t, ("id", "name"), LINEAGE)
    shape, own = target.inspect(session, stage), target.inspect(session, t)
    types = {one.name: one.type for one in own.columns}
    assert {one.name: one.type for one in shape.columns if one.name in types} == {
        name: types[name] for name in ("id", "name")
    }
    encoding = target.encoding_for(session, own)
    rows = [("1", "a"), ("1", "twice"), ("2", "ü")]
    with session.transaction():
        given = blocks(MADE, rows, encoding, import_id=7)
        assert session.load(stage, ["id", "name", *LINEAGE], given) == 3
    of, line = (target.dialect.quote(name) for name in LINEAGE)
    name = stage.sql(target.dialect.quote)
    found = session.execute(f"SELECT id, name, {of}, {line} FROM {name} ORDER BY {line}")
    assert found == [(1, "a", 7, 1), (1, "twice", 7, 2), (2, "ü", 7, 3)]


@on("postgres", "mysql", "sqlite", "toy")
def test_changes_are_counted_and_refused_rows_are_told(target, session):
    t = table(target, session, MADE).sql(target.dialect.quote)
    identity = target.dialect.keeps_given_identity
    with session.transaction():
        assert (
            session.change(f"INSERT INTO {t} (id, name){identity} VALUES (1, 'a'), (2, 'b')") == 2
        )
        with pytest.raises(RefusedRows), session.savepoint():
            session.change(f"INSERT INTO {t} (id, name) VALUES (3, 'c'), (1, 'z')")
        assert session.change(f"UPDATE {t} SET name = ? WHERE id = ?", ("bb", 2)) == 1
        assert session.change(f"DELETE FROM {t} WHERE id > 5") == 0
        assert session.change(f"DELETE FROM {t}") == 2


def test_a_lock_lets_others_read(target, session):
    t = table(target, session, MADE)
    name = t.sql(target.dialect.quote)
    statement = target.dialect.lock_rows(name)
    other = target.connect()
    try:
        with session.transaction():
            if statement:
                session.execute(statement)
            session.change(f"INSERT INTO {name} (id) VALUES (1)")
            assert other.execute(f"SELECT COUNT(*) FROM {name}") == [(0,)]
        assert other.execute(f"SELECT COUNT(*) FROM {name}") == [(1,)]
    finally:
        other.close()


def test_a_trial_stage_ends_with_its_session(target, session):
    t = table(target, session, MADE)
    other = target.connect()
    try:
        stage = target.trial_stage(other, t, ("id", "name"), LINEAGE)
        encoding = target.encoding_for(other, target.inspect(other, t))
        with other.transaction():
            given = blocks(MADE, [("1", "a"), ("1", "twice")], encoding, import_id=7)
            assert other.load(stage, ["id", "name", *LINEAGE], given) == 2
        target.index_stage(other, stage, ("id",))
        name = stage.sql(target.dialect.quote)
        assert other.execute(f"SELECT COUNT(*) FROM {name}") == [(2,)]
    finally:
        other.close()
    assert [one.name for one in target.tables(session) if "trial" in one.name] == []


def test_a_stage_takes_keys_alone_and_gets_an_index_twice(target, session):
    t = table(target, session, MADE)
    stage = TableName("snapshots_stage_2_abc", t.schema)
    target.create_stage(session, stage, t, ("id", "name"), LINEAGE)
    name = stage.sql(target.dialect.quote)
    columns = ", ".join(map(target.dialect.quote, ("id", *LINEAGE)))
    session.execute(f"INSERT INTO {name} ({columns}) VALUES (1, 7, 2)")
    for _ in range(2):
        target.index_stage(session, stage, ("id",))
    assert session.execute(f"SELECT id, name FROM {name}") == [(1, None)]
    assert not target.fires_triggers(session, t)


def test_alike_is_what_is_stored_alike(target, session):
    t = table(target, session, MADE)
    name = t.sql(target.dialect.quote)
    identity = target.dialect.keeps_given_identity
    session.execute(f"INSERT INTO {name} (id, name){identity} VALUES (1, 'a'), (2, 'A'), (3, NULL)")
    column = target.inspect(session, t).columns[1]
    condition = target.dialect.alike(column, "x.name", "y.name")
    found = session.execute(
        f"SELECT x.id, y.id FROM {name} x CROSS JOIN {name} y WHERE {condition} ORDER BY 1, 2"
    )
    assert found == [(1, 1), (2, 2), (3, 3)]


def test_an_undo_table_holds_what_the_table_holds(target, session):
    t = table(target, session, MADE, lineage=True)
    undo = TableName("snapshots_undo_1_abc", t.schema)
    columns = tuple(one.name for one in target.inspect(session, t).columns)
    for _ in range(2):
        target.create_undo_table(session, undo, t, columns)
    quote = target.dialect.quote
    names = ", ".join(map(quote, columns))
    with session.transaction():
        session.execute(
            f"INSERT INTO {t.sql(quote)} (id, name, _import_id, _line)"
            f"{target.dialect.keeps_given_identity} VALUES (1, 'ü', 7, 2), (2, NULL, 7, 3)"
        )
        copied = f"INSERT INTO {undo.sql(quote)} ({names}) SELECT {names} FROM {t.sql(quote)}"
        assert session.change(copied) == 2
        # It has none of the table's keys.
        assert session.change(copied) == 2
    rows = session.execute(f"SELECT {names} FROM {undo.sql(quote)} ORDER BY id")
    assert rows[::2] == session.execute(f"SELECT {names} FROM {t.sql(quote)} ORDER BY id")
    taken = target.bytes_of(session, undo)
    assert taken is None or taken > 0


def test_a_table_and_its_copy_exchange_their_names(target, session):
    t = table(target, session, MADE, lineage=True)
    if target.rename_obstacles(session, t):
        pytest.skip("tables are not renamed there")
    clone, former = TableName("snapshots_stage_1_x", t.schema), TableName("before", t.schema)
    target.create_clone(session, clone, t)
    assert target.clone_difference(session, t, clone) == ""
    quote = target.dialect.quote
    session.execute(f"INSERT INTO {clone.sql(quote)} (id, _import_id, _line) VALUES (1, 1, 1)")
    assert target.open_snapshots(session) == frozenset()
    if target.dialect.ddl_commits:
        target.exchange(session, t, clone, former)
    else:
        with session.transaction():
            target.exchange(session, t, clone, former)
    assert session.execute(f"SELECT COUNT(*) FROM {t.sql(quote)}") == [(1,)]
    assert session.execute(f"SELECT COUNT(*) FROM {former.sql(quote)}") == [(0,)]
    assert target.inspect(session, t).primary_key == ("id",)
    assert target.inspect(session, clone) is None
