"""A transaction that was ended from within is noticed before the next statement: none goes in by
itself, whatever has ended it."""

import threading
from contextlib import suppress

import pytest

from snapshots import locations
from snapshots.errors import RefusedAndEnded, RefusedRows, TargetError
from tests.conformance.rows import built_on, column, contract, count, load, on, table

TWO = contract(column("a", "integer", bits=32), column("b", max_chars=50))
KEYED = contract(*TWO.columns, primary_key=("a",))


def _savepoint(target, session, t):
    with session.savepoint():
        load(target, session, t, KEYED, [["3", "x"]])


NEXT = {
    "execute": lambda _, s, __: s.execute("INSERT INTO t (a) VALUES (?)", (3,)),
    "executemany": lambda _, s, __: s.executemany("INSERT INTO t (a) VALUES (?)", [(3,), (4,)]),
    "insert": lambda _, s, t: s.insert(t, ["a", "b"], [(3, "x")]),
    "load": lambda target, s, t: load(target, s, t, KEYED, [["3", "x"]]),
    "savepoint": _savepoint,
    "commit": lambda *_: None,
}


@pytest.mark.parametrize("what", NEXT)
@pytest.mark.parametrize("end", ["ROLLBACK", "COMMIT"])
def test_nothing_follows_the_end(target, session, what, end):
    t = table(target, session, KEYED)

    def go_on():
        with session.transaction():
            load(target, session, t, KEYED, [["1", "x"]])
            session.execute(end)
            NEXT[what](target, session, t)

    with pytest.raises(TargetError, match="rolled the transaction back"):
        go_on()
    assert count(session, target) == (end == "COMMIT")
    with session.transaction():
        load(target, session, t, KEYED, [["5", "x"]])
    assert session.execute("SELECT a FROM t WHERE a > 1") == [(5,)]


@pytest.mark.parametrize("what", NEXT)
@on("sqlite")
def test_nothing_follows_a_row_that_ends_it(target, session, what):
    t = table(target, session, KEYED)
    session.execute(
        "CREATE TRIGGER tr BEFORE INSERT ON t WHEN new.a = 2"
        " BEGIN SELECT RAISE(ROLLBACK, 'no 2 here'); END"
    )

    def go_on():
        with session.transaction():
            load(target, session, t, KEYED, [["1", "x"]])
            with pytest.raises(RefusedAndEnded, match="No 2 here") as refusal, session.savepoint():
                load(target, session, t, KEYED, [["7", "x"], ["8", "x"], ["2", "x"], ["9", "x"]])
            assert refusal.value.taken == 2
            assert not refusal.value.retryable
            assert not session.lives()
            NEXT[what](target, session, t)

    with pytest.raises(TargetError, match="rolled the transaction back: No 2 here") as error:
        go_on()
    assert not error.value.retryable
    assert count(session, target) == 0
    with session.transaction():
        load(target, session, t, KEYED, [["1", "x"]])
    assert count(session, target) == 1


@on("sqlite")
def test_which_row_it_was_is_told_across_blocks(target, session):
    t = table(target, session, TWO)
    session.execute(
        "CREATE TRIGGER tr AFTER INSERT ON t WHEN new.a = 5 BEGIN SELECT RAISE(ROLLBACK, 'no'); END"
    )
    rows = [[str(n), "x"] for n in range(9)]
    with pytest.raises(RefusedAndEnded) as refusal, session.transaction():
        load(target, session, t, TWO, rows, records=2)
    assert refusal.value.taken == 5
    session.execute("CREATE UNIQUE INDEX one ON t (b)")
    with pytest.raises(RefusedRows) as refusal, session.transaction():
        load(target, session, t, TWO, rows)
    assert not isinstance(refusal.value, RefusedAndEnded)


WITHIN = {
    "on conflict rollback": (
        "CREATE TABLE u (x UNIQUE ON CONFLICT ROLLBACK)",
        "CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO u VALUES (new.a); END",
    ),
    "insert or rollback": (
        "CREATE TABLE u (x UNIQUE)",
        "CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT OR ROLLBACK INTO u VALUES (new.a); END",
    ),
    "update or rollback": (
        "CREATE TABLE u (x UNIQUE)",
        "CREATE TRIGGER tr AFTER INSERT ON t WHEN new.a = 2"
        " BEGIN UPDATE OR ROLLBACK u SET x = 2; END",
    ),
}


@pytest.mark.parametrize("case", WITHIN)
@on("sqlite")
def test_conflict_clauses_of_triggers_are_overruled_by_a_load(target, session, case):
    t = table(target, session, TWO)
    create, trigger = WITHIN[case]
    for statement in (create, "INSERT INTO u VALUES (2), (4)", trigger):
        session.execute(statement)
    with session.transaction():
        load(target, session, t, TWO, [["1", "x"]])
        with pytest.raises(RefusedRows) as refusal, session.savepoint():
            load(target, session, t, TWO, [["2", "x"]])
        assert not isinstance(refusal.value, RefusedAndEnded)
        load(target, session, t, TWO, [["3", "x"]])
    assert count(session, target) == 2


@on("sqlite")
def test_a_full_disk_ends_it_and_may_be_tried_again(target, session):
    t = table(target, session, TWO)
    session.execute("PRAGMA cache_size = 10")
    session.execute("PRAGMA max_page_count = 20")

    def fill():
        with session.transaction():
            load(target, session, t, TWO, [["1", "x"]])
            with suppress(TargetError), session.savepoint():
                load(target, session, t, TWO, [["2", "y" * 5000]] * 1000)
            if session.lives():
                raise TargetError("It is full, and nothing else.", retryable=True)
            load(target, session, t, TWO, [["3", "x"]])

    with pytest.raises(TargetError, match="full") as error:
        fill()
    assert error.value.retryable
    assert not isinstance(error.value, RefusedRows)
    assert count(session, target) == 0


@on("mysql")
def test_an_implicit_commit_is_noticed(target, session):
    t = table(target, session, KEYED)

    def go_on():
        with session.transaction():
            session.execute("CREATE TABLE other (a int)")
            load(target, session, t, KEYED, [["1", "x"]])

    with pytest.raises(TargetError, match="rolled the transaction back"):
        go_on()
    assert count(session, target) == 0


@on("mysql")
def test_after_a_deadlock_within_a_load_nothing_goes_in(target, session):
    t = table(target, session, KEYED)
    other = target.connect()
    loaded, blocked = threading.Event(), threading.Event()

    def heavier():
        """The server ends the transaction that has changed less."""
        with other.transaction():
            load(
                target, other, t, KEYED, [["2", "theirs"], *([str(n), "x"] for n in range(9, 999))]
            )
            loaded.set()
            blocked.wait(10)
            load(target, other, t, KEYED, [["1", "theirs"]])

    def go_on():
        with session.transaction():
            load(target, session, t, KEYED, [["1", "ours"]])
            blocked.set()
            with suppress(TargetError), session.savepoint():
                load(target, session, t, KEYED, [["2", "ours"]])
            load(target, session, t, KEYED, [["3", "ours"]])

    thread = threading.Thread(target=heavier)
    thread.start()
    loaded.wait(10)
    with pytest.raises(TargetError, match="Deadlock") as error:
        go_on()
    thread.join(30)
    assert error.value.retryable
    assert session.execute("SELECT COUNT(*) FROM t WHERE b = 'ours'") == [(0,)]
    assert count(session, target) == 992
    other.close()


@pytest.mark.parametrize("what", NEXT)
def test_a_time_out_that_rolls_all_back(what, impatient_url):
    target = locations.target(impatient_url)
    session, other = target.connect(), target.connect()
    t = table(target, session, KEYED)

    def go_on():
        with session.transaction():
            load(target, session, t, KEYED, [["1", "x"]])
            with pytest.raises(TargetError, match="Lock wait timeout"), session.savepoint():
                load(target, session, t, KEYED, [["2", "x"]])
            NEXT[what](target, session, t)

    with other.transaction():
        load(target, other, t, KEYED, [["2", "theirs"]])
        with pytest.raises(TargetError, match="rolled the transaction back") as error:
            go_on()
    assert error.value.retryable
    assert session.execute("SELECT a, b FROM t") == [(2, "theirs")]
    session.close()
    other.close()


ENDING = {
    "postgres": ("COMMIT", "ROLLBACK", "CALL ends()"),
    "mysql": ("CALL commits()", "CALL rolls_back()", "CALL makes()", "CALL sets()", "CALL says()"),
}
PROCEDURES = {
    "postgres": ("CREATE PROCEDURE ends() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$",),
    "mysql": (
        "CREATE PROCEDURE commits() COMMIT",
        "CREATE PROCEDURE rolls_back() ROLLBACK",
        "CREATE PROCEDURE makes() CREATE TABLE made (a int)",
        "CREATE PROCEDURE sets() SET autocommit = 1",
        "CREATE PROCEDURE says() SIGNAL SQLSTATE '99001' SET MESSAGE_TEXT = 'no'",
    ),
}


@on("postgres", "mysql")
def test_servers_let_no_trigger_end_it(target, session):
    t = table(target, session, TWO)
    for statement in PROCEDURES[built_on(target)]:
        session.execute(statement)
    for number, body in enumerate(ENDING[built_on(target)], 1):
        for statement in _trigger(built_on(target), body):
            session.execute(statement)
        with session.transaction():
            load(target, session, t, TWO, [["1", "x"]])
            with pytest.raises(RefusedRows) as refusal, session.savepoint():
                load(target, session, t, TWO, [["2", "x"], ["3", "x"], ["4", "x"]])
            assert not isinstance(refusal.value, RefusedAndEnded)
        assert count(session, target) == number


def _trigger(name, body):
    if name == "mysql":
        return (
            "DROP TRIGGER IF EXISTS tr",
            f"CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW IF new.a = 3 THEN {body}; END IF",
        )
    return (
        "CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF new.a = 3 THEN {body}; END IF; RETURN new; END $$",
        "DROP TRIGGER IF EXISTS tr ON t",
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
    )
