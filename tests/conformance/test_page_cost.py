"""What a target says of pages of rows: where rows are, what is sorted, what takes too long."""

import time

import pytest

from snapshots.errors import TargetError
from tests.conformance.rows import FILES, built_on

SLEEP = {"postgres": "SELECT pg_sleep(300)", "mysql": "SELECT SLEEP(300) FROM things"}


@pytest.fixture
def session(target):
    session = target.connect()
    session.execute("CREATE TABLE things (id integer PRIMARY KEY, kind integer)")
    for n in range(50):
        session.execute("INSERT INTO things VALUES (?, ?)", (n, n % 7))
    yield session
    session.close()


def test_a_sort_is_told_from_an_index(target, session):
    if target.name not in FILES:
        what = "" if built_on(target) == "postgres" else "TABLE "
        session.execute(f"ANALYZE {what}things")

    def sorts(by, rows):
        return target.sorts(
            session, f"SELECT id FROM things WHERE id > ? ORDER BY {by}", (-1,), rows
        )

    assert sorts("kind, id", 5)
    # SQLite says that it sorts, and not how much.
    assert sorts("kind, id", 5000) is (built_on(target) == "sqlite")
    session.execute("CREATE INDEX by_kind ON things (kind, id)")
    limited = "SELECT id FROM things WHERE kind >= ? ORDER BY kind, id LIMIT 3"
    # PostgreSQL sorts a table of one page, whatever there is, and DuckDB every table.
    if built_on(target) not in {"postgres", "duckdb"}:
        assert not target.sorts(session, limited, (0,), 5)


def test_a_row_has_a_place_in_a_table_alone(target, session):
    session.execute("CREATE VIEW seen AS SELECT * FROM things")
    place = target.row_place(session, target.inspect(session, target.table_name("things")))
    assert (place is None) is (built_on(target) == "mysql")
    if place is not None:
        rows = session.execute(f"SELECT {place.shown} FROM things ORDER BY {place.expression}")
        assert all(place.form.fullmatch(str(value)) for (value,) in rows)
        assert len(set(rows)) == 50
    assert target.row_place(session, target.inspect(session, target.table_name("seen"))) is None


def test_a_statement_that_takes_too_long_is_ended_by_the_server(target, session):
    session.limit_time(0.5)
    if target.name in FILES:
        return
    begun = time.monotonic()
    with pytest.raises(TargetError):
        session.execute(SLEEP[built_on(target)])
    assert time.monotonic() - begun < 60
    assert session.execute("SELECT COUNT(*) FROM things") == [(50,)]
