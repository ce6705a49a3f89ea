"""Foreign keys of a table into itself: `Target.own_keys`, `Target.orphans`, `RefusedRows.key`."""

import pytest

from snapshots.errors import RefusedRows
from snapshots.model import TableName
from snapshots.table_facts import OwnKey
from tests.conformance.rows import blocks, built_on, column, contract, on

T = TableName("t")
COLUMNS = ("a", "b", "pa", "pb", "id", "boss")
MADE = contract(*(column(name, "integer", bits=32) for name in COLUMNS))
PAIR = (("pa", "pb"), ("a", "b"))
SINGLE = (("boss",), ("id",))


def create(session, *more, full=""):
    session.execute("CREATE TABLE o (id int PRIMARY KEY)")
    parts = (
        "a int, b int, pa int, pb int, id int UNIQUE, boss int, PRIMARY KEY (a, b)",
        f"CONSTRAINT pair FOREIGN KEY (pa, pb) REFERENCES t (a, b) {full}",
        "CONSTRAINT single FOREIGN KEY (boss) REFERENCES t (id)",
        *more,
    )
    session.execute(f"CREATE TABLE t ({', '.join(parts)})")


def rows_of(target, session, rows):
    encoding = target.encoding_for(session, target.inspect(session, T))
    texts = [[None if value is None else str(value) for value in row] for row in rows]
    return blocks(MADE, texts, encoding, records=1)


def orphans(target, session, rows):
    keys = target.own_keys(session, T)
    with session.transaction():
        found = target.orphans(session, T, COLUMNS, keys, rows_of(target, session, rows))
        again = target.orphans(session, T, COLUMNS, keys, rows_of(target, session, rows))
        assert found == again
    return found


def test_the_keys_of_a_table_into_itself_and_no_others(target, session):
    create(session, "CONSTRAINT other FOREIGN KEY (b) REFERENCES o (id)")
    keys = target.own_keys(session, T)
    assert sorted((key.columns, key.parents) for key in keys) == [SINGLE, PAIR]
    assert not any(key.full for key in keys)
    # DuckDB makes names of its own.
    if built_on(target) not in {"sqlite", "duckdb"}:
        assert {key.name for key in keys} == {"pair", "single"}
    assert target.own_keys(session, TableName("o")) == ()
    assert target.own_keys(session, TableName("nowhere")) == ()


@on("postgres", "mysql")
@pytest.mark.parametrize(
    ("row", "key"),
    [
        ((1, 1, 9, 9, 1, None), "pair"),
        ((1, 1, None, None, 1, 9), "single"),
        ((1, 9, None, None, 1, None), "other"),
    ],
)
def test_a_refusal_names_the_key(target, session, row, key):
    create(session, "CONSTRAINT other FOREIGN KEY (b) REFERENCES o (id)")
    session.execute("INSERT INTO o VALUES (1)")
    with session.transaction():
        with pytest.raises(RefusedRows) as refusal, session.savepoint():
            session.load(T, COLUMNS, rows_of(target, session, [row]))
        assert refusal.value.key == key


@on("sqlite")
def test_a_refusal_names_no_key(target, session):
    create(session)
    assert [key.name for key in target.own_keys(session, T)] == ["", ""]
    with session.transaction():
        with pytest.raises(RefusedRows) as refusal, session.savepoint():
            session.load(T, COLUMNS, rows_of(target, session, [(1, 1, 9, 9, 1, None)]))
        assert refusal.value.key == ""


def test_another_refusal_has_no_key(target, session):
    create(session)
    row = (1, 1, None, None, 1, None)
    with session.transaction():
        session.load(T, COLUMNS, rows_of(target, session, [row]))
        with pytest.raises(RefusedRows) as refusal, session.savepoint():
            session.load(T, COLUMNS, rows_of(target, session, [row]))
        assert refusal.value.key is None


@on("postgres", "sqlite")
def test_rows_without_parents_and_those_that_refer_to_them(target, session):
    create(session)
    session.execute("INSERT INTO t VALUES (50, 50, NULL, NULL, 50, NULL)")
    rows = [
        (1, 1, 2, 2, 1, None),  # 0 and 1 refer to each other
        (2, 2, 1, 1, 2, 50),
        (3, 3, None, 7, 3, None),  # needs none by a pair that is half NULL
        (4, 4, 9, 9, 4, None),  # an orphan, and 4 to 6 after it
        (5, 5, 4, 4, 5, None),
        (6, 6, 1, 1, 6, 5),
        (7, 7, None, None, 7, 6),
        (8, 8, 50, 50, 8, 8),
        (9, 8, None, None, 9, 99),
    ]
    assert orphans(target, session, rows) == {3, 4, 5, 6, 8}
    assert orphans(target, session, rows[:1]) == {0}
    if built_on(target) == "postgres":
        left = [row for number, row in enumerate(rows) if number not in {3, 4, 5, 6, 8}]
        with session.transaction():
            assert session.load(T, COLUMNS, rows_of(target, session, left)) == 4


@on("postgres")
def test_a_key_that_wants_all_or_nothing(target, session):
    create(session, full="MATCH FULL")
    assert [key.full for key in target.own_keys(session, T)] == [True, False]
    rows = [(1, 1, None, 1, 1, None), (2, 2, None, None, 2, None), (3, 3, 2, 2, 3, None)]
    assert orphans(target, session, rows) == {0}


@on("mysql")
def test_where_rows_are_judged_one_by_one_only_trying_tells(target, session):
    create(session)
    assert orphans(target, session, [(1, 1, 2, 2, 1, None)]) is None


def test_a_key_is_known_by_its_columns(target, session):
    session.execute(
        "CREATE TABLE t (id int PRIMARY KEY, pid int, FOREIGN KEY (pid) REFERENCES t (id))"
    )
    (key,) = target.own_keys(session, T)
    assert key == OwnKey(key.name, ("pid",), ("id",))
