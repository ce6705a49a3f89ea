"""Rows of a query that are read a few at a time."""

import pytest

from snapshots.errors import TargetError

ROWS = 2_500


@pytest.fixture
def filled(session):
    session.execute("CREATE TABLE numbers (n INTEGER, t VARCHAR(40))")
    session.executemany(
        "INSERT INTO numbers (n, t) VALUES (?, ?)", [(n, f"text {n}") for n in range(ROWS)]
    )
    return session


def test_a_stream_gives_what_a_statement_gives(filled):
    sql = "SELECT n, t FROM numbers WHERE n >= ? ORDER BY n"
    pages = list(filled.stream(sql, (3,)))
    assert len(pages) > 1
    assert all(pages), "no page is empty"
    assert [row for page in pages for row in page] == filled.execute(sql, (3,))
    assert list(filled.stream("SELECT n FROM numbers WHERE n < 0")) == []


def test_percent_signs_and_question_marks_are_data_without_parameters(filled):
    ((row,),) = filled.stream("SELECT t, '100%s ?' FROM numbers WHERE t LIKE '%t 7'")
    assert row == ("text 7", "100%s ?")


def test_all_rows_are_of_one_moment(target, filled):
    rows = filled.stream("SELECT n FROM numbers ORDER BY n")
    seen = [n for (n,) in next(rows)]
    other = target.connect()
    other.execute("DELETE FROM numbers WHERE n > 2000")
    other.execute("INSERT INTO numbers (n) VALUES (9999)")
    other.close()
    seen += [n for page in rows for (n,) in page]
    assert seen == list(range(ROWS))


def test_a_stream_may_end_early(target, filled):
    rows = filled.stream("SELECT a.n FROM numbers a, numbers b, numbers c")
    assert next(rows)
    rows.close()
    filled.close()
    other = target.connect()
    assert other.execute("SELECT COUNT(*) FROM numbers") == [(ROWS,)]
    other.execute("DROP TABLE numbers")
    other.close()


def test_an_error_is_translated(filled):
    with pytest.raises(TargetError):
        list(filled.stream("SELECT nothing FROM numbers"))
