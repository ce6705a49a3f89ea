"""What is one SELECT and what is not, on each server."""

import pytest

from snapshots.errors import InputError
from snapshots.sources.sql.statement import single_select

ALL = ("mysql", "postgres", "sqlserver")


@pytest.mark.parametrize("server", ALL)
@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1 AS one",
        "  \n-- why\nselect a, b from t where x = 'it''s; DELETE FROM t' order by 1",
        "/* a ; comment */ WITH w AS (SELECT 1 AS x) SELECT x FROM w",
        "(SELECT 1 AS a) UNION ALL (SELECT 2)",
        "SELECT updated, deleted_at, intoxicated FROM inserts",
        "SELECT CASE WHEN a = 1 THEN 'drop' END AS b FROM t",
    ],
)
def test_a_query_stays_as_it_is(server, text):
    assert single_select(text, server, "q.sql") == text


@pytest.mark.parametrize("server", ALL)
@pytest.mark.parametrize("end", [";", " ;\n", ";  -- done", "; /* done */ "])
def test_what_follows_the_end_is_cut(server, end):
    assert single_select("SELECT ';' AS a" + end, server, "q.sql").rstrip() == "SELECT ';' AS a"


@pytest.mark.parametrize(
    ("server", "text"),
    [
        ("mysql", "SELECT `delete`, \"into\", 'a\\'; update' FROM t # ; insert"),
        ("mysql", "SELECT 1--1"),
        ("postgres", "SELECT \"update\", E'a\\'; delete', $$ ; $$, $x$ delete $$ $x$ FROM t"),
        ("postgres", "SELECT /* a /* b; */ delete */ 1"),
        ("sqlserver", "SELECT [update], [a]]; delete], N'drop' FROM t"),
    ],
)
def test_each_server_quotes_in_its_own_ways(server, text):
    assert single_select(text, server, "q.sql") == text


@pytest.mark.parametrize("server", ALL)
@pytest.mark.parametrize(
    ("text", "says", "line"),
    [
        ("SELECT 1;\nSELECT 2", "second statement", 2),
        ("SELECT 1;;", "second statement", 1),
        ("DELETE FROM t", "begins with 'DELETE'", 1),
        ("\n\nUPDATE t SET a = 1", "begins with 'UPDATE'", 3),
        ("CALL p()", "begins with 'CALL'", 1),
        ("WITH d AS (\n  DELETE FROM t RETURNING a\n) SELECT a FROM d", "DELETE", 2),
        ("SELECT a INTO b FROM t", "INTO", 1),
        ("SELECT a FROM t FOR UPDATE", "UPDATE", 1),
        ("SELECT 'open", "quote is not closed", 1),
    ],
)
def test_anything_else_is_refused_with_its_line(server, text, says, line):
    with pytest.raises(InputError) as caught:
        single_select(text, server, "wells.sql")
    assert says in caught.value.message
    assert caught.value.place == f"wells.sql, line {line}"


@pytest.mark.parametrize("server", ALL)
@pytest.mark.parametrize("text", ["", " \n", "-- nothing", "/* nothing */"])
def test_an_empty_file_is_refused(server, text):
    with pytest.raises(InputError, match="no query"):
        single_select(text, server, "wells.sql")


@pytest.mark.parametrize(
    ("server", "text", "says"),
    [
        ("sqlserver", "SELECT 1 AS a DROP TABLE t", "DROP"),
        ("sqlserver", "SELECT 1 AS a EXEC p", "EXEC"),
        ("sqlserver", "SELECT * FROM OPENQUERY(other, 'DELETE FROM t')", "OPENQUERY"),
        ("mysql", "SELECT 1 /*! INTO OUTFILE '/tmp/x' */", "The server would run"),
        ("mysql", "SELECT 1 /*M!100100 INTO OUTFILE '/tmp/x' */", "The server would run"),
        ("postgres", "SELECT /* a /* b */ 1", "comment is not closed"),
    ],
)
def test_a_server_has_ways_of_its_own_to_write(server, text, says):
    with pytest.raises(InputError, match=says):
        single_select(text, server, "wells.sql")
