r"""Backslashes arrive as they are meant, on every target: `\N`, paths, JSON, what MySQL writes."""

import contextlib
import json
import tempfile
from pathlib import Path

import pytest

import snapshots
from snapshots import locations
from snapshots.engine.plan.plan import LINEAGE, Plan
from tests.support.command import snapshots as run
from tests.support.http_server import serving
from tests.support.recording_api import Api

OUTFILE = (
    rb'1,"one",\N' b"\n"
    b'2,"tab\there",5\n'
    b'3,"line\\\nbreak",6\n'
    rb'4,"back\\slash",7' b"\n"
    rb'5,"say \"hi\", you",8' b"\n"
    rb'6,"\\N",9' b"\n"
    rb'7,"C:\\new",\N' b"\n"
)  # fmt: skip
ROWS = [
    (1, "one", None),
    (2, "tab\there", 5),
    (3, "line\nbreak", 6),
    (4, "back\\slash", 7),
    (5, 'say "hi", you', 8),
    (6, "\\N", 9),
    (7, "C:\\new", None),
]
"""SELECT ... INTO OUTFILE ... FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '"'."""


def load(database, tmp_path, data, **options):
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    return snapshots.load(path, database=database, table="t", **options)


def rows(database):
    target = locations.target(database)
    session = target.connect()
    try:
        shape = target.inspect(session, target.table_name("t"))
        names = [column.name for column in shape.columns if column.name not in LINEAGE]
        listed = ", ".join(map(target.dialect.quote, names))
        return [tuple(row) for row in session.execute(f"SELECT {listed} FROM t ORDER BY _line")]
    finally:
        session.close()


@pytest.mark.parametrize("options", [{}, {"escape": "\\"}, {"escape": "\\", "header": False}])
def test_what_mysql_wrote_is_what_it_had(database, tmp_path, options):
    result = load(database, tmp_path, OUTFILE, null_values=["\\N"], **options)
    assert result.outcome == "finished", result.message
    assert rows(database) == ROWS


def test_what_mysql_wrote_without_quotes(database, tmp_path):
    data = (
        b"1\tone\t\\N\n2\ttab\\\there\t5\n3\tline\\\nbreak\t6\n4\tback\\\\slash\t7\n5\t\\\\N\t8\n"
    )
    load(database, tmp_path, data, escape="\\", quote="", null_values=["\\N"])
    assert rows(database) == [*ROWS[:4], (5, "\\N", 8)]


def test_what_is_detected_leaves_paths_and_letters_alone(database, tmp_path):
    data = (
        b"id,path,text\n"
        rb'1,C:\new\table,"say \"hi\", \"you\""' b"\n"
        rb'2,D:\temp\,"C:\new\table \"x, y\" \\"' b"\n"
        rb'3,\N,"tab\there \u00e9"' b"\n"
    )  # fmt: skip
    result = load(database, tmp_path, data)
    assert result.counts.loaded == 3
    assert rows(database) == [
        (1, "C:\\new\\table", 'say "hi", "you"'),
        (2, "D:\\temp\\", 'C:\\new\\table "x, y" \\'),
        (3, "\\N", "tab\\there \\u00e9"),
    ]


def test_json_keeps_its_escapes(database, tmp_path):
    data = b'id,doc\n1,"{\\"a\\": \\"\\u00e9\\n\\"}"\n2,"{\\"b\\": \\"x\\"}"\n'
    load(database, tmp_path, data)
    found = [
        (id_, doc if isinstance(doc, dict) else json.loads(doc)) for id_, doc in rows(database)
    ]
    assert found == [(1, {"a": "é\n"}), (2, {"b": "x"})]


def test_a_contract_names_the_null(database, tmp_path):
    contract = {
        "fields": [{"name": "id", "type": "integer"}, {"name": "name", "type": "string"}],
        "missingValues": ["", "\\N"],
    }
    data = b'id,name\n1,\\N\n2,"a\\"b"\n3,"\\\\N"\n4,"\\N"\n'
    load(database, tmp_path, data, contract=contract, escape="\\")
    assert rows(database) == [(1, None), (2, 'a"b'), (3, "\\N"), (4, None)]


def test_rejects_are_the_bytes_of_the_input(database, tmp_path):
    data = b'id,n\n1,5\n2,"x\\"\\N"\n3,\\N\\,4\n'
    result = load(
        database, tmp_path, data, escape="\\", header=True, max_rejects="100%",
        contract={"fields": [{"name": "id", "type": "integer"}, {"name": "n", "type": "integer"}]},
    )  # fmt: skip
    assert result.counts.rejected == 2
    target = locations.target(database)
    session = target.connect()
    query = "SELECT line, reason, raw FROM snapshots_rejects ORDER BY line"
    found = [(line, reason, bytes(raw)) for line, reason, raw in session.execute(query)]
    session.close()
    assert found == [
        (3, '"x"\\N" is not an integer.', b'2,"x\\"\\N"'),
        (4, '"\\N,4" is not an integer.', b"3,\\N\\,4"),
    ]


def test_what_is_sent_has_the_same_values(tmp_path):
    (tmp_path / "a.csv").write_bytes(OUTFILE)
    with serving(Api()) as running:
        to = f"{running.url}/rows"
        done = run("send", "a.csv", "--to", to, "--null-value", "\\N", "--ordered", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        found = [tuple(row.values()) for row in running.handler.rows]
    assert found == ROWS
    assert r"\t and \n in values stay two characters" in done.stderr


def test_small_chunks_end_where_records_do(database, tmp_path):
    data = b"".join(
        b'%d,x\\\n\\,%d\\\\,"a\\"\n\\\\"\n' % (number, number) for number in range(3000)
    )
    result = load(database, tmp_path, data, escape="\\", header=False, chunk_size=997)
    assert (result.counts.loaded, result.counts.rejected) == (3000, 0)
    assert rows(database) == [(n, f"x\n,{n}\\", 'a"\n\\') for n in range(3000)]


def test_a_plan_from_before_is_read_and_cuts_as_it_did(sqlite_url, tmp_path):
    load(sqlite_url, tmp_path, b'id,text\n1,"a \\"b, c\\" d"\n2,"x"\n')
    target = locations.target(sqlite_url)
    session = target.connect()
    (text,) = (plan for (plan,) in session.execute("SELECT plan FROM snapshots_imports"))
    session.close()
    assert Plan.from_json(text).dialect.escape_unquoted is False
    old = json.loads(text)
    del old["dialect"]["escape_unquoted"]
    plan = Plan.from_json(json.dumps(old))
    assert plan.dialect.escape_unquoted is True
    assert plan.converter(1)


def test_a_user_may_refuse_to_have_spaces_skipped(sqlite_url, tmp_path):
    (tmp_path / "t.csv").write_text("a, b, c\n1, 2, 3\n4, 5, 6\n")
    found = {}
    for flag in ("--skip-initial-space", "--no-skip-initial-space"):
        done = run(
            "import", "t.csv", "-v", "--dry-run", "--database", sqlite_url, flag, cwd=tmp_path
        )
        found[flag] = [line for line in done.stderr.splitlines() if "types:" in line]
    assert found["--skip-initial-space"] != found["--no-skip-initial-space"]


WRITTEN = [
    "one", None, "tab\there", "line\nbreak", "cr\rlf\r\nend", "back\\slash", "\\N", "N",
    'say "hi", you', "C:\\new\\", "é😀", "a,b;c|d", "'q'", ' "x"', "\\", '"', "\\\\n", 'x\\"y',
]  # fmt: skip


@pytest.mark.parametrize(
    ("style", "options"),
    [
        ("", {"escape": "\\", "quote": ""}),
        ("FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"'", {"escape": "\\"}),
        ("FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"'", {}),
        (
            "FIELDS TERMINATED BY ';' ENCLOSED BY '\"' LINES TERMINATED BY '\\r\\n'",
            {"escape": "\\"},
        ),
        (
            "FIELDS TERMINATED BY '|' ENCLOSED BY '''' ESCAPED BY '^'",
            {"quote": "'", "escape": "^", "null_values": ["^N"]},
        ),
    ],
)
def test_what_a_server_writes_comes_back(mysql_url, style, options):
    """SELECT ... INTO OUTFILE, by the server itself, on this machine."""
    session = locations.target(mysql_url).connect()
    with contextlib.closing(session), tempfile.TemporaryDirectory() as folder:
        if session.execute("SELECT @@secure_file_priv")[0][0]:
            pytest.skip("the server writes no files here")
        Path(folder).chmod(0o777)
        path = Path(folder) / "out.csv"
        session.execute(
            "CREATE TABLE wrote (id int PRIMARY KEY, v text CHARACTER SET utf8mb4, n int)"
        )
        for n, text in enumerate(WRITTEN):
            session.execute("INSERT INTO wrote VALUES (?, ?, ?)", (n, text, n % 3 or None))
        session.execute("COMMIT")
        session.execute(
            f"SELECT * INTO OUTFILE '{path}' CHARACTER SET utf8mb4 {style} FROM wrote ORDER BY id"
        )
        result = snapshots.load(
            path, database=mysql_url, table="t", **{"null_values": ["\\N"], **options}
        )
    assert result.counts.rejected == 0
    assert rows(mysql_url) == [(n, text, n % 3 or None) for n, text in enumerate(WRITTEN)]
