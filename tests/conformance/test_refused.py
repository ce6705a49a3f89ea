"""Rows that only the database can refuse: RefusedRows, and nothing of the load stays."""

import pytest

from snapshots.errors import RefusedRows, TargetError
from tests.conformance.rows import blocks, built_on, column, contract, count, load, on, table

TWO = contract(column("a", "integer", bits=32), column("b", max_chars=50))

TABLES = {
    "unique": "CREATE TABLE t (a integer, b varchar(50) UNIQUE)",
    "primary key": "CREATE TABLE t (a integer, b varchar(50) NOT NULL PRIMARY KEY)",
    "check": "CREATE TABLE t (a integer, b varchar(50), CHECK (b <> 'same'))",
    "not null": "CREATE TABLE t (a integer NOT NULL, b varchar(50))",
    "foreign key": "CREATE TABLE t (a integer, b varchar(50),"
    " FOREIGN KEY (b) REFERENCES parent (b))",
}
GOOD, BAD = [["1", "good"]], [["2", "other"], [None, "same"], ["3", "same"], ["4", "third"]]


@pytest.mark.parametrize("case", TABLES)
def test_refused(target, session, case):
    session.execute("CREATE TABLE parent (b varchar(50) NOT NULL PRIMARY KEY)")
    session.executemany("INSERT INTO parent VALUES (?)", [("good",), ("other",), ("third",)])
    session.execute(TABLES[case])
    t = target.table_name("t")
    with session.transaction():
        load(target, session, t, TWO, GOOD)
        with pytest.raises(RefusedRows) as refusal, session.savepoint():
            load(target, session, t, TWO, BAD)
        assert count(session, target) == 1
        load(target, session, t, TWO, [["9", "third"]])
    assert count(session, target) == 2
    assert not refusal.value.retryable
    assert 10 < len(refusal.value.message) < 600


@on("postgres")
def test_deferred_constraints_refuse_at_once(target, session):
    session.execute("CREATE TABLE t (a int, b text UNIQUE DEFERRABLE INITIALLY DEFERRED)")
    with session.transaction(), pytest.raises(RefusedRows), session.savepoint():
        load(target, session, target.table_name("t"), TWO, [["1", "x"], ["2", "x"]])


@on("postgres", "mysql", "sqlite", "toy")
def test_a_trigger_that_refuses(target, session):
    for statement in _refusing_trigger(built_on(target)):
        session.execute(statement)
    with session.transaction():
        with pytest.raises(RefusedRows, match=r"(?i)no 3 here"), session.savepoint():
            load(target, session, target.table_name("t"), TWO, [["2", "x"], ["3", "x"]])
        assert count(session, target) == 0


def _refusing_trigger(name):
    create = "CREATE TABLE t (a integer, b varchar(50))"
    if name == "postgres":
        return (
            create,
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " IF new.a = 3 THEN RAISE 'no 3 here'; END IF; RETURN new; END $$",
            "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
        )
    if name == "mysql":
        return (
            create,
            "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW IF new.a = 3 THEN"
            " SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no 3 here'; END IF",
        )
    return (
        create,
        "CREATE TRIGGER tr BEFORE INSERT ON t WHEN new.a = 3"
        " BEGIN SELECT RAISE(ABORT, 'no 3 here'); END",
    )


@on("postgres", "sqlite")
def test_a_trigger_that_leaves_rows_out(target, session):
    session.execute("CREATE TABLE t (a integer, b varchar(50))")
    if built_on(target) == "postgres":
        session.execute(
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " IF new.a = 3 THEN RETURN NULL; END IF; RETURN new; END $$"
        )
        session.execute("CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()")
    else:
        session.execute(
            "CREATE TRIGGER tr BEFORE INSERT ON t WHEN new.a = 3 BEGIN SELECT RAISE(IGNORE); END"
        )
    with session.transaction():
        given = load(target, session, target.table_name("t"), TWO, [["2", "x"], ["3", "x"]])
    # That is the trigger's will, and no refusal: what is there is counted when the import ends.
    assert given == 2
    assert count(session, target) == 1


def test_no_such_table_or_column_is_not_the_rows_fault(target, session):
    made_of = blocks(TWO, [["1", "x"]], target.encoding)
    session.execute("CREATE TABLE t (a integer)")
    for name in ("t", "missing"):
        with pytest.raises(TargetError) as error, session.transaction():
            session.load(target.table_name(name), ["a", "b"], made_of)
        assert not isinstance(error.value, RefusedRows)


def test_a_duplicate_between_sessions_is_refused(target, session):
    t = table(target, session, contract(*TWO.columns, primary_key=("a",)))
    other = target.connect()
    with other.transaction():
        load(target, other, t, TWO, [["1", "x"]])
    with pytest.raises(RefusedRows), session.transaction():
        load(target, session, t, TWO, [["1", "x"]])
    other.close()
