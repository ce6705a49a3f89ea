r"""What COPY of PostgreSQL and INTO OUTFILE of MariaDB write comes back exactly."""

import contextlib
import itertools
import tempfile
from pathlib import Path

import pytest

import snapshots as api
from snapshots import locations
from snapshots.engine.verify.located import VerifyOptions
from snapshots.engine.verify.verify import verify_import
from tests.support.command import snapshots as command
from tests.support.input_files import rows as rows_of
from tests.support.sync_process import once
from tests.support.web_server import serving

NASTY = [
    "one", None, "", "tab\there", "line\nbreak", "cr\rlf\r\nend", "cr at the end\r", "\n", "\r",
    "back\\slash", "\\N", "N", "\\.", ".", "\\", "\\\\n", "\\t", "\b\f\v\x1a\x7f", 'say "hi"',
    '"quoted"', "é😀", "a,b;c|d", "'q'", "  ", " x ", "\\x41\\101", "ends in \\", "\ufeffmark",
    "NULL", "null", "#no comment", "=1+1", "{1,2}", "\x1e\x1f", "\u2028\u0085",
]  # fmt: skip
"""Texts that careless readers change."""
KINDS = [
    "bigint",
    "numeric(30,10)",
    "double precision",
    "boolean",
    "date",
    "time(6)",
    "timestamp(6)",
    "timestamptz",
    "uuid",
    "bytea",
    "jsonb",
    "int[]",
    "text",
]
VALUES = [
    "-9223372036854775808", "12345678901234567890.0123456789", "0.1", "true", "'2024-02-29'",
    "'23:59:59.999999'", "'2024-02-29 12:00:00.5'", "'2024-02-29 12:00:00.25+05:30'",
    "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", r"'\xdeadbeef00'",
    """'{"a": "line\\nbreak \\\\ \\" x", "b": [1, null]}'""", "'{1,NULL,3}'", r"E'x\\\n\ty'",
]  # fmt: skip


def counts(result):
    found = result.counts
    return (found.records, found.loaded, found.rejected, found.skipped)


def verified(result, database):
    """Whether every row is what a second conversion of its record gives."""
    found = verify_import(
        result.record.import_id, locations.target(database), VerifyOptions(), lambda _: None
    )
    return (found.changed, found.missing, found.more) == (0, 0, 0) and found.equal


@contextlib.contextmanager
def session_of(database):
    session = locations.target(database).connect(create=True)
    with contextlib.closing(session):
        yield session


@contextlib.contextmanager
def folder_of_server(session):
    """A folder that the server may write into."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


def copied(session, folder, query, options=""):
    path = folder / "out.copy"
    path.unlink(missing_ok=True)
    session.execute(f"COPY ({query}) TO '{path}' {options}")
    return path


def written(database, texts, style=None):
    """The bytes that a server writes of a table with these texts."""
    with session_of(database) as session, folder_of_server(session) as folder:
        session.execute("CREATE TABLE wrote (id int PRIMARY KEY, v text, n int)")
        for n, text in enumerate(texts):
            session.execute("INSERT INTO wrote VALUES (?, ?, ?)", (n, text, n % 3 or None))
        session.execute("COMMIT")
        query = "SELECT id, v, n FROM wrote ORDER BY id"
        if not database.startswith("mysql"):
            return copied(session, folder, query, style or "").read_bytes()
        if session.execute("SELECT @@secure_file_priv")[0][0]:
            pytest.skip("the server writes no files here")
        path = folder / "out.txt"
        session.execute(f"{query.replace(' FROM', _into(path, style) + ' FROM')}")
        return path.read_bytes()


def _into(path, style):
    return f" INTO OUTFILE '{path}' CHARACTER SET utf8mb4 {style or ''}"


def loaded(tmp_path, data, database, **options):
    path = tmp_path / "t.txt"
    path.write_bytes(data)
    return api.load(path, database=database, table="t", **options)


ROWS = [(n, text, n % 3 or None) for n, text in enumerate(NASTY)]


@pytest.mark.parametrize(
    ("style", "options"),
    [
        ("", {}),
        ("(HEADER)", {}),
        ("(DELIMITER '|')", {"delimiter": "|"}),
        ("(NULL 'nothing')", {"null_values": ["nothing"]}),
        ("", {"chunk_size": 64, "workers": 2}),
    ],
)
def test_what_copy_writes(postgres_url, sqlite_url, tmp_path, style, options):
    data = written(postgres_url, NASTY, style)
    for database in (postgres_url, sqlite_url):
        result = loaded(tmp_path, data, database, input_format="postgres-text", **options)
        assert counts(result) == (len(NASTY), len(NASTY), 0, 0), result.message
        names = "id, v, n" if "HEADER" in style else "column_1, column_2, column_3"
        assert rows_of(database, f"SELECT {names} FROM t ORDER BY _line") == ROWS
        assert verified(result, database) == len(NASTY)


@pytest.mark.parametrize(
    ("style", "options"),
    [
        ("", {}),
        ("FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"'", {"delimiter": ",", "quote": '"'}),
        ("FIELDS TERMINATED BY '||' ENCLOSED BY ''''", {"delimiter": "||", "quote": "'"}),
        ("FIELDS ESCAPED BY '^'", {"escape": "^", "null_values": ["^N"]}),
        ("", {"chunk_size": 64, "workers": 2}),
    ],
)
def test_what_outfile_writes(mysql_url, sqlite_url, tmp_path, style, options):
    data = written(mysql_url, NASTY, style)
    for database in (mysql_url, sqlite_url):
        result = loaded(tmp_path, data, database, input_format="mysql-outfile", **options)
        assert counts(result) == (len(NASTY), len(NASTY), 0, 0), result.message
        names = "column_1, column_2, column_3"
        assert rows_of(database, f"SELECT {names} FROM t ORDER BY _line") == ROWS
        assert verified(result, database) == len(NASTY)


def test_one_column_of_texts(postgres_url, tmp_path):
    """An empty line is a row with an empty text."""
    texts = ["", "a", None, "", "\\.", "x\ny", ""]
    with session_of(postgres_url) as session, folder_of_server(session) as folder:
        session.execute("CREATE TABLE wrote (id int, v text)")
        for n, text in enumerate(texts):
            session.execute("INSERT INTO wrote VALUES (?, ?)", (n, text))
        session.execute("COMMIT")
        path = copied(session, folder, "SELECT v FROM wrote ORDER BY id")
        result = api.load(path, database=postgres_url, table="t", input_format="postgres-text")
    assert counts(result) == (7, 7, 0, 0)
    assert rows_of(postgres_url, "SELECT * FROM t ORDER BY _line") != []
    found = rows_of(postgres_url, "SELECT column_1 FROM t ORDER BY _line")
    assert [text for (text,) in found] == texts


def test_every_type_that_copy_writes(postgres_url):
    """A table of all types, and one with the same columns that the text is loaded into."""
    columns = ", ".join(f"c{n} {kind}" for n, kind in enumerate(KINDS))
    with session_of(postgres_url) as session, folder_of_server(session) as folder:
        session.execute(f"CREATE TABLE wrote ({columns})")
        session.execute(f"CREATE TABLE t ({columns})")
        for gone in (None, *range(len(KINDS))):
            values = ["NULL" if n == gone else value for n, value in enumerate(VALUES)]
            session.execute(f"INSERT INTO wrote VALUES ({', '.join(values)})")
        session.execute("COMMIT")
        path = copied(session, folder, "SELECT * FROM wrote")
        result = api.load(path, database=postgres_url, table="t", input_format="postgres-text")
    assert counts(result) == (len(KINDS) + 1, len(KINDS) + 1, 0, 0), result.message
    for one, other in (("t", "wrote"), ("wrote", "t")):
        query = f"SELECT COUNT(*) FROM (SELECT * FROM {one} EXCEPT ALL SELECT * FROM {other}) d"
        assert rows_of(postgres_url, query) == [(0,)]


def test_letters_and_numbers_that_copy_reads(postgres_url, tmp_path):
    """What COPY FROM makes of a line is what an import makes of it."""
    signs = ["\\x4", "\\x41", "\\x4g", "\\xg", "\\101", "\\1019", "\\8", "\\q", "\\\\", "\\,", "é"]
    texts = ["".join(pair) for pair in itertools.product([*signs, "z"], repeat=2)]
    data = "".join(f"{n}\t{text}\n" for n, text in enumerate(texts)).encode()
    with session_of(postgres_url) as session, folder_of_server(session) as folder:
        path = folder / "in.copy"
        path.write_bytes(data)
        path.chmod(0o644)
        session.execute("CREATE TABLE wrote (id int, v text)")
        session.execute(f"COPY wrote FROM '{path}'")
        session.execute("COMMIT")
    result = loaded(tmp_path, data, postgres_url, input_format="postgres-text", header=False)
    assert result.counts.rejected == 0
    theirs = rows_of(postgres_url, "SELECT id, v FROM wrote ORDER BY id")
    assert rows_of(postgres_url, "SELECT column_1, column_2 FROM t ORDER BY _line") == theirs


def test_numbers_that_make_no_text_are_rejected(database, tmp_path):
    data = b"1\ta\\0b\n2\t\\xff\n3\tok\n4\t\\303\\251\n5\tx\ty\n\\.\n\n6\t\\N\n"
    contract = {"fields": [{"name": "id", "type": "integer"}, {"name": "v", "type": "string"}]}
    result = loaded(
        tmp_path, data, database, input_format="postgres-text", contract=contract,
        header=False, max_rejects="100%",
    )  # fmt: skip
    assert counts(result) == (8, 3, 3, 2)
    found = rows_of(database, "SELECT id, v FROM t ORDER BY id")
    assert found == [(3, "ok"), (4, "é"), (6, None)]
    rejects = api.rejects(result.record.import_id, database=database)
    assert [(one.line, one.byte_offset, one.code, one.raw) for one in rejects] == [
        (1, 0, "nul_character", b"1\ta\\0b"),
        (2, 7, "invalid_encoding", b"2\t\\xff"),
        (5, 30, "field_count", b"5\tx\ty"),
    ]
    assert verified(result, database) == 3


def test_what_mysql_batch_writes(sqlite_url, tmp_path):
    data = b"id\ttext\n1\ta\\tb\\nc\\\\\n2\tNULL\n3\t\\0\n"
    result = loaded(
        tmp_path, data, sqlite_url, input_format="mysql-outfile", null_values=["NULL"],
        header=True, max_rejects="100%",
    )  # fmt: skip
    assert counts(result) == (3, 2, 1, 0)
    assert rows_of(sqlite_url, "SELECT id, text FROM t") == [(1, "a\tb\nc\\"), (2, None)]


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        (b"1\ta\r\n2\tb\r\n", [(1, "a"), (2, "b")]),
        (b"1\ta\r\n2\tb\n", [(1, "a\r"), (2, "b")]),
        (b"1\ta\r\\\nb\n2\tb\n", [(1, "a\r\nb"), (2, "b")]),
    ],
)
def test_a_cr_is_data_unless_all_lines_end_with_it(sqlite_url, tmp_path, data, rows):
    loaded(tmp_path, data, sqlite_url, input_format="mysql-outfile", header=False)
    assert rows_of(sqlite_url, "SELECT column_1, column_2 FROM t ORDER BY _line") == rows


def test_a_row_of_texts_is_no_header(postgres_url, tmp_path):
    result = loaded(tmp_path, b"a\tb\nc\td\ne\tf\n", postgres_url, input_format="postgres-text")
    assert counts(result) == (3, 3, 0, 0)


def test_names_of_the_table_are_a_header(postgres_url, tmp_path):
    with session_of(postgres_url) as session:
        session.execute("CREATE TABLE t (a text, b text)")
        session.execute("COMMIT")
    result = loaded(tmp_path, b"a\tb\nc\td\ne\t\\N\n", postgres_url, input_format="postgres-text")
    assert counts(result) == (2, 2, 0, 0)
    assert rows_of(postgres_url, "SELECT a, b FROM t ORDER BY a") == [("c", "d"), ("e", None)]


def test_the_null_of_a_format_and_of_a_contract(sqlite_url, tmp_path):
    fields = [{"name": name, "type": "string"} for name in ("a", "b", "c")]
    for more, rows in (({}, [(None, "", "-")]), ({"missingValues": ["-"]}, [(None, "", None)])):
        loaded(
            tmp_path, b"\\N\t\t-\n", sqlite_url, input_format="postgres-text", again=True,
            contract={"fields": fields, **more}, header=False, mode="replace",
        )  # fmt: skip
        assert rows_of(sqlite_url, "SELECT a, b, c FROM t") == rows


def test_corrections_keep_null_and_empty_texts(sqlite_url, tmp_path):
    data = b"1\t\\N\t\t1\n2\t\\N\t\tx\n3\tb\\tc\td\ty\n"
    result = loaded(
        tmp_path, data, sqlite_url, input_format="postgres-text", header=False, max_rejects="100%",
        contract={"fields": [{"name": "id", "type": "integer"}, {"name": "a"}, {"name": "b"},
                             {"name": "n", "type": "integer"}]},
    )  # fmt: skip
    assert counts(result) == (3, 1, 2, 0)
    number, fix = str(result.record.import_id), tmp_path / "fix.csv"
    done = command("rejects", number, "--export", str(fix), "--database", sqlite_url, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    text = fix.read_text().replace(",x,", ",2,").replace(",y,", ",3,")
    fix.write_text(text)
    done = command("replay", number, str(fix), "--database", sqlite_url, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert rows_of(sqlite_url, "SELECT id, a, b, n FROM t ORDER BY id") == [
        (1, None, "", 1), (2, None, "", 2), (3, "b\tc", "d", 3),
    ]  # fmt: skip


def test_growing_interrupted_watched_and_by_url(sqlite_url, tmp_path):
    line = "{0}\ta\\tb\\\n{0}\t\\N\n"
    data = "".join(line.format(n) for n in range(2000)).encode()
    options = {"input_format": "postgres-text", "header": False}
    first = loaded(
        tmp_path, data, sqlite_url, **options, chunk_size=2048, limit=700, workers=1
    )  # fmt: skip
    assert first.outcome == "limited"
    result = loaded(tmp_path, data, sqlite_url, **options)
    assert (result.outcome, counts(result)) == ("finished", (2000, 2000, 0, 0))
    grown = loaded(tmp_path, data + line.format(2000).encode(), sqlite_url, **options)
    assert counts(grown) == (1, 1, 0, 0)
    query = "SELECT column_1, column_2, column_3 FROM t ORDER BY column_1"
    rows = [(n, f"a\tb\n{n}", None) for n in range(2001)]
    assert rows_of(sqlite_url, query) == rows
    with serving() as web:
        _, url = web.put("/u.csv", data + data)
        result = api.load(url, database=sqlite_url, chunk_size=4096, connections=3, **options)
    assert counts(result) == (4000, 4000, 0, 0)
    in_order = "SELECT column_1, column_2, column_3 FROM {} ORDER BY _line"
    assert rows_of(sqlite_url, in_order.format("u")) == 2 * rows[:-1]
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "w.csv").write_bytes(3 * data)
    code, said = once(sqlite_url, folder, "--input-format", "postgres-text", "--no-headers")
    assert code == 0, said
    assert rows_of(sqlite_url, in_order.format("w")) == 3 * rows[:-1]


def test_on_a_cluster(postgres_url, tmp_path):
    data = b"".join(b"%d\ta\\tb\\\nc\t\\N\n" % n for n in range(3000))
    result = loaded(
        tmp_path, data, postgres_url, input_format="postgres-text", header=False,
        cluster="local", chunk_size=8192,
    )  # fmt: skip
    assert counts(result) == (3000, 3000, 0, 0)
    query = "SELECT COUNT(*) FROM t WHERE column_2 = E'a\\tb\\nc' AND column_3 IS NULL"
    assert rows_of(postgres_url, query) == [(3000,)]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"quote": '"'}, "COPY writes no quotes"),
        ({"escape": "^"}, "COPY always writes backslashes"),
        ({"nested_objects": "columns"}, "it is for JSON"),
        ({"delimiter": "\\"}, "same character"),
    ],
)
def test_what_copy_does_not_write(sqlite_url, tmp_path, options, says):
    with pytest.raises(api.SnapshotsError) as caught:
        loaded(tmp_path, b"1\t2\n", sqlite_url, input_format="postgres-text", **options)
    assert says in f"{caught.value}"
