"""Rows of real servers as CSV: exact, counted, and never all at once."""

import json
import resource
from contextlib import closing

import psycopg
import pytest

from snapshots._native import Chunk, Converter, Records
from snapshots.errors import CannotConnect, InputError
from snapshots.formats.kernel_json import converter_spec, dialect_json
from snapshots.sources.sql import open_query
from tests.sources.sql.servers import execute, server_of


@pytest.fixture(params=["postgres", "mysql"])
def url(request):
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture
def ask(url):
    opened = []

    def ask(sql, limit=None, **changes):
        opened.append(open_query(server_of(url, **changes), sql, "test.sql", limit))
        return opened[-1]

    yield ask
    for source in opened:
        source.close()


def fields(source):
    """Each record's line and fields, as the kernel reads them."""
    data = b"".join(source.read())
    found = Records.parse(data, dialect_json(source.layout.dialect), 10**6)
    return [(line, [field.decode() for field in row[:-1]]) for line, _, row in found]


def kinds(source):
    return [column.type.kind for column in source.contract.columns]


def test_types_come_from_the_server_and_values_are_exact(ask, url):
    number = "numeric" if url.startswith("postgresql") else "decimal(38,18)"
    source = ask(
        f"SELECT CAST('0012' AS char(4)) AS api10, CAST('12345678901234567890.000000000000000001'"
        f" AS {number}) AS d, DATE '2024-02-29' AS day, 9007199254740993 AS big,"
        " TIMESTAMP '2024-02-29 23:59:58' AS at, NULL AS nothing"
    )
    assert source.layout.header == ("api10", "d", "day", "big", "at", "nothing", "")
    assert kinds(source) == ["text", "decimal", "date", "integer", "timestamp", "text"]
    assert fields(source) == [
        (
            1,
            ["0012", "12345678901234567890.000000000000000001", "2024-02-29", "9007199254740993",
             "2024-02-29 23:59:58", ""],
        )
    ]  # fmt: skip


def test_null_and_empty_text_are_told_apart(ask):
    source = ask("SELECT '' AS a, NULL AS b UNION ALL SELECT NULL, ''")
    converter = Converter(
        converter_spec(source.layout.dialect, source.contract, source.layout.header, "text", None)
    )
    block = converter.convert(Chunk.of(b"".join(source.read())), 0, 1, 1 << 20)
    assert block.payload == b"\t\\N\n\\N\t\n"


def test_one_column_of_nulls_is_rows_too(ask):
    assert fields(ask("SELECT 1 AS a UNION ALL SELECT NULL UNION ALL SELECT NULL")) == [
        (1, ["1"]),
        (2, [""]),
        (3, [""]),
    ]


def test_a_records_line_is_its_rows_number_whatever_is_in_the_values(ask, url):
    execute(url, "CREATE TABLE t (id int, note text)")
    notes = ["a\nb\r\nc\rd", 'say "x", or', "", "Größe 😀 \\ \t", "e\n"]
    for number, note in enumerate(notes):
        quoted = note.replace("\\", "\\\\") if url.startswith("mysql") else note
        execute(url, f"INSERT INTO t VALUES ({number}, '{quoted}')")
    source = ask("SELECT note FROM t ORDER BY id")
    assert fields(source) == [(line, [note]) for line, note in enumerate(notes, 1)]


def test_a_value_that_would_upset_the_count_is_an_error(ask):
    with pytest.raises(InputError, match=r"U\+001E"):
        list(ask("SELECT 'a\x1eb' AS a").read())


def test_names_keep_their_case(ask, url):
    quote = '"' if url.startswith("postgresql") else "`"
    source = ask(f"SELECT 1 AS {quote}chosenID{quote}")
    assert source.layout.header == ("chosenID", "")


@pytest.mark.parametrize(
    ("columns", "says"),
    [("1 AS a, 2 AS a", "Two columns are called 'a'"), ("1 AS a, x.*", "Two columns")],
)
def test_columns_must_have_names_of_their_own(ask, columns, says):
    with pytest.raises(InputError, match=says):
        ask(f"SELECT {columns} FROM (SELECT 3 AS a) AS x")


def test_binary_columns_are_refused_with_what_to_write(ask, url):
    kind = "bytea" if url.startswith("postgresql") else "binary(3)"
    with pytest.raises(InputError, match="binary") as caught:
        ask(f"SELECT CAST('abc' AS {kind}) AS b")
    assert "base64" in caught.value.hint.lower()


def test_nothing_can_be_written(ask, url):
    """Whatever the words are: a function that writes is refused by the session."""
    if url.startswith("postgresql"):
        execute(url, "CREATE SEQUENCE s")
        query = "SELECT nextval('s') AS a"
    else:
        execute(
            url,
            "CREATE TABLE t (a int)",
            "CREATE FUNCTION f() RETURNS int MODIFIES SQL DATA"
            " BEGIN INSERT INTO t VALUES (1); RETURN 1; END",
        )
        query = "SELECT f() AS a"
    with pytest.raises(InputError, match=r"(?i)read.only"):
        list(ask(query).read())


def test_a_query_that_the_server_refuses_says_so(ask):
    with pytest.raises(InputError, match=r"refuses the query.*nowhere") as caught:
        ask("SELECT a FROM nowhere")
    assert caught.value.place == "test.sql"


def test_a_wrong_password_is_no_session_and_is_not_repeated(url):
    server = server_of(url, user="nobody", password="hunter2")
    with pytest.raises(CannotConnect) as caught:
        open_query(server, "SELECT 1 AS a", "test.sql")
    assert "hunter2" not in f"{caught.value} {caught.value.hint} {server!r}"


def test_tls_is_had_or_there_is_no_session(url):
    """The tests' servers have none, or one that no authority has signed."""
    with pytest.raises(CannotConnect):
        open_query(server_of(url, tls="verify"), "SELECT 1 AS a", "test.sql")


SERIES = {
    "postgres": "SELECT generate_series(1, {0}) AS id, repeat('x', 100) AS pad",
    "mysql": "SELECT seq AS id, repeat('x', 100) AS pad FROM seq_1_to_{0}",
}


def test_memory_does_not_grow_with_the_result_and_closing_reads_no_rest(ask, url):
    """300 MB pass by, or would have to be read by a close that reads what is left."""
    sql = SERIES["postgres" if url.startswith("postgresql") else "mysql"]
    pieces = ask(sql.format(300_000)).read()
    next(pieces)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rows = 1000 + sum(piece.count(b"\x1e") for piece in pieces)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert rows == 300_000
    assert grown < 8 * 1024, f"{grown} KiB more"
    endless = ask(sql.format(1_000_000_000))
    next(endless.read())
    endless.close()


def test_the_head_may_be_looked_at_before_all_is_read(ask):
    source = ask("SELECT 7 AS a")
    assert source.head(100) == b'"7",\x1e'
    assert b"".join(source.read()) == b'"7",\x1e'
    with pytest.raises(InputError, match="only once"):
        source.read()


def test_a_session_that_ends_in_the_middle_is_an_error_that_may_be_tried_again(postgres_url):
    source = open_query(server_of(postgres_url), SERIES["postgres"].format(100_000), "test.sql")
    pieces = source.read()
    next(pieces)
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'snapshots' AND datname = current_database()"
        )
    with pytest.raises(InputError, match="lost") as caught:
        list(pieces)
    assert caught.value.retryable
    source.close()


def test_json_booleans_and_floats(postgres_url):
    source = open_query(
        server_of(postgres_url),
        """SELECT true AS yes, 0.1::float8 AS f, '{"a": 1}'::jsonb AS j, '{1,2}'::int[] AS l""",
        "test.sql",
    )
    assert kinds(source) == ["boolean", "float", "json", "json"]
    ((_, row),) = fields(source)
    assert row[:2] == ["t", "0.1"]
    assert [json.loads(text) for text in row[2:]] == [{"a": 1}, [1, 2]]
    source.close()


NESTED = {
    "int[]": ("ARRAY[1, NULL, 3]", [1, None, 3]),
    "int[][]": ("ARRAY[[1, 2], [3, 4]]", [[1, 2], [3, 4]]),
    "text[]": ("""ARRAY['a"b', 'c,d', '{}', '', 'NULL']""", ['a"b', "c,d", "{}", "", "NULL"]),
    "empty": ("ARRAY[]::date[]", []),
    "numeric[]": ("ARRAY[1.50, 2]::numeric[]", [1.5, 2]),
    "date[]": ("ARRAY[DATE '2024-02-29']", ["2024-02-29"]),
    "jsonb[]": ("""ARRAY['{"a": [1]}'::jsonb]""", [{"a": [1]}]),
    "bool[]": ("ARRAY[true, false]", [True, False]),
    "composite": ("ROW(1, 'x')::pair", {"n": 1, "t": "x"}),
    "composites": ("ARRAY[ROW(1, 'x')::pair]", [{"n": 1, "t": "x"}]),
    "row": ("ROW(1, 'x')", {"f1": 1, "f2": "x"}),
    "table": ("(SELECT p FROM pairs p)", {"n": 7, "t": "y"}),
    "domain": ("ARRAY[1, 2]::ints", [1, 2]),
    "money[]": ("ARRAY['$1,234.50'::money]", [1234.5]),
    "null": ("NULL::int[]", None),
}


@pytest.mark.parametrize("kind", NESTED)
def test_what_has_parts_is_json(postgres_url, kind):
    sql, expected = NESTED[kind]
    execute(
        postgres_url, "CREATE TYPE pair AS (n int, t text)", "CREATE DOMAIN ints AS int[]",
        "CREATE TABLE pairs (n int, t text)", "INSERT INTO pairs VALUES (7, 'y')",
    )  # fmt: skip
    # The comment would swallow what is put behind the query.
    sql = f'SELECT 1 AS "a""b", {sql} AS "c d" -- as it is'
    with closing(open_query(server_of(postgres_url), sql, "test.sql")) as source:
        assert kinds(source) == ["integer", "json"]
        assert source.layout.header == ('a"b', "c d", "")
        ((_, (_, text)),) = fields(source)
    assert (json.loads(text) if text else None) == expected


def test_money_is_a_number_whatever_the_servers_money_looks_like(postgres_url):
    sql = "SELECT '-1234.5'::money AS m"
    with closing(open_query(server_of(postgres_url), sql, "test.sql")) as source:
        assert kinds(source) == ["decimal"]
        assert fields(source) == [(1, ["-1234.50"])]


WITHOUT_JSON = {
    "money in a composite": ("ROW(1, '1.50')::priced", "values of type money"),
    "bytes in a composite": (r"ROW('\x00')::blob", "binary"),
    "in an array": ("ARRAY[ROW(1, '1.50')::priced]", "values of type money"),
    "in a composite in one": ("ROW(ARRAY[ROW(1, '1.50')::priced])::bill", "values of type money"),
    "in a domain": ("ROW('1.50')::till", "values of type money"),
    "a domain's array": ("ARRAY['1.50'::cash]", "values of type money"),
    "a table's row": ("(SELECT s FROM sold s)", "values of type money"),
    "a row of the query": ("ROW(1, '1.50'::money)", "values of type money"),
    "a row in a row": ("ROW(1, ROW(1, '1.50')::priced)", "values of type money"),
    "bytes in a row": (r"ROW('\x00'::bytea)", "binary"),
    "bytes in an array": (r"ARRAY['\x00'::bytea]", "binary"),
}


@pytest.mark.parametrize("kind", WITHOUT_JSON)
def test_what_json_has_only_texts_for_is_refused_wherever_it_is(postgres_url, kind):
    sql, word = WITHOUT_JSON[kind]
    execute(
        postgres_url, "CREATE TYPE priced AS (n int, m money)", "CREATE TYPE blob AS (b bytea)",
        "CREATE TYPE bill AS (items priced[])", "CREATE DOMAIN cash AS money",
        "CREATE TYPE till AS (c cash)", "CREATE TABLE sold (m money)",
    )  # fmt: skip
    with pytest.raises(InputError, match=f"Column 'x' has {word}"):
        open_query(server_of(postgres_url), f"SELECT 1 AS a, {sql} AS x", "test.sql")


def test_a_type_that_is_only_called_money_is_none(postgres_url):
    execute(
        postgres_url, "CREATE SCHEMA own", "CREATE TYPE own.money AS ENUM ('much')",
        "CREATE TYPE own.pair AS (m own.money)",
    )  # fmt: skip
    sql = "SELECT 'much'::own.money AS m, ROW('much')::own.pair AS p, ARRAY['much'::own.money] AS a"
    with closing(open_query(server_of(postgres_url), sql, "test.sql")) as source:
        ((_, row),) = fields(source)
    assert row == ["much", '{"m":"much"}', '["much"]']


def test_columns_of_one_name_are_told_with_a_limit_too(ask):
    for limit in (None, 5):
        with pytest.raises(InputError, match="Two columns are called 'a'"):
            ask("SELECT 1 AS a, 2 AS a", limit=limit)


def test_json_of_mariadb_is_json(mysql_url):
    execute(
        mysql_url,
        "CREATE TABLE `odd ``name` (id int, `j ``x` json, plain longtext)",
        """INSERT INTO `odd ``name` VALUES (1, '{"a": [1, null]}', '{}'), (2, NULL, NULL)""",
    )
    sql = "SELECT id, `j ``x` AS doc, plain, t.`j ``x` FROM `odd ``name` t ORDER BY id"
    with closing(open_query(server_of(mysql_url), sql, "test.sql")) as source:
        assert kinds(source) == ["integer", "json", "text", "json"]
        first, second = fields(source)
    assert json.loads(first[1][1]) == {"a": [1, None]}
    assert second == (2, ["2", "", "", ""])


FROM_WHEREVER = (
    "SELECT doc AS x FROM docs",
    "SELECT doc AS x FROM shown",
    "SELECT x FROM made",
    "SELECT doc AS x FROM docs UNION SELECT doc FROM docs",
    "SELECT d.doc AS x FROM (SELECT doc FROM docs LIMIT 9) d",
    "WITH c AS (SELECT doc FROM docs) SELECT doc AS x FROM c",
    "SELECT (SELECT doc FROM docs) AS x",
    "SELECT MAX(doc) AS x FROM docs",
    "SELECT JSON_OBJECT('a', 1.50) AS x",
    "SELECT JSON_EXTRACT(doc, '$') AS x FROM docs",
    "SELECT JSON_ARRAYAGG(1) AS x FROM docs",
)


def test_json_of_mariadb_is_json_wherever_it_comes_from(mysql_url):
    execute(
        mysql_url, "CREATE TABLE docs (doc json, plain longtext)",
        """INSERT INTO docs VALUES ('{"a": 1.50}', '{}')""",
        "CREATE VIEW shown AS SELECT doc FROM docs",
        "CREATE ALGORITHM = TEMPTABLE VIEW made AS SELECT JSON_OBJECT('a', 1.50) AS x FROM docs",
    )  # fmt: skip
    for sql in FROM_WHEREVER:
        with closing(open_query(server_of(mysql_url), sql, "test.sql")) as source:
            assert kinds(source) == ["json"], sql
            ((_, (text,)),) = fields(source)
        assert json.loads(text) in ({"a": 1.5}, [1]), sql
    sql = "SELECT plain, CONCAT(doc, '') AS text, 1 AS n FROM docs"
    with closing(open_query(server_of(mysql_url), sql, "test.sql")) as source:
        assert kinds(source) == ["text", "text", "integer"]


def test_json_is_found_by_the_checks_of_a_server_that_has_no_formats(mysql_url, monkeypatch):
    """MariaDB before 10.5, and what stands between it and us."""
    monkeypatch.setattr("snapshots.sources.sql.mariadb._EXTENDED", 1 << 30)
    test_json_of_mariadb_is_json(mysql_url)


def test_a_limit_is_the_servers_too(ask, url):
    """It need not sort, nor count, what nobody wants."""
    postgres = url.startswith("postgresql")
    numbers = "SELECT generate_series(1, 5000)" if postgres else "SELECT seq FROM seq_1_to_5000"
    execute(url, "CREATE TABLE many (n int)", f"INSERT INTO many {numbers}")
    for sql in (
        "SELECT n FROM many ORDER BY n DESC",
        "SELECT n FROM many UNION SELECT n FROM many ORDER BY n DESC",
        "WITH m AS (SELECT n FROM many) SELECT n FROM m ORDER BY n DESC -- last",
        "(SELECT n FROM many ORDER BY n DESC)",
    ):
        source = open_query(server_of(url), sql, "test.sql", 10)
        assert [row for _, (row,) in fields(source)] == [str(5000 - n) for n in range(11)], sql
        source.close()


def test_a_day_with_a_fraction_of_nothing_is_at_midnight(mysql_url):
    sql = (
        "SELECT TIMESTAMP '2024-02-29 00:00:00.000000' AS a, TIMESTAMP '2024-02-29 00:00:00.5' AS b"
    )
    with closing(open_query(server_of(mysql_url), sql, "test.sql")) as source:
        ((_, (midnight, later)),) = fields(source)
    assert midnight == "2024-02-29 00:00:00"
    assert later.rstrip("0") == "2024-02-29 00:00:00.5"


def test_a_backslash_is_what_the_check_of_the_statement_takes_it_for(postgres_url):
    name = postgres_url.rpartition("/")[2].partition("?")[0]
    execute(postgres_url, f"ALTER DATABASE {name} SET standard_conforming_strings = off")
    with closing(open_query(server_of(postgres_url), r"SELECT 'a\' AS x", "test.sql")) as source:
        assert fields(source) == [(1, ["a\\"])]
