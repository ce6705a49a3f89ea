"""What a table of SQLite has stays when another one takes its name; otherwise rows are copied."""

import pytest

import snapshots
from tests.imports.test_rename_carries import file_of, replace
from tests.verify.loaded import execute

COLUMNS = "id integer, name varchar(50), _import_id bigint, _line bigint"
FULL = [
    """CREATE TABLE [Odd "t" x] -- a comment (with one of these
    (number INTEGER PRIMARY KEY AUTOINCREMENT, id int NOT NULL DEFAULT 7 CHECK (id >= 0),
     name TEXT COLLATE NOCASE UNIQUE, twice int AS (id * 2), thrice int AS (id * 3) STORED,
     _import_id int, _line int) STRICT""",
    """CREATE INDEX "by name" ON [Odd "t" x] (name DESC, id)""",
    """INSERT INTO [Odd "t" x] (number, id, name, _import_id, _line) VALUES (100, 1, 'a', 0, 1),
    (101, 2, 'b', 0, 2)""",
    "ANALYZE",
    "CREATE TABLE keyed (id integer PRIMARY KEY, name, _import_id int, _line int) WITHOUT ROWID",
]
ODD = '"Odd ""t"" x"'
KNOWN = "SELECT idx, stat FROM sqlite_stat1 WHERE tbl = 'Odd \"t\" x' ORDER BY 1"
DESCRIBED = [
    "SELECT * FROM pragma_table_xinfo('Odd \"t\" x')",
    "SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name LIKE 'Odd%'",
    KNOWN,
    "SELECT strict FROM pragma_table_list WHERE name = 'Odd \"t\" x'",
]


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def described(database):
    return [execute(database, statement) for statement in DESCRIBED]


def test_all_that_a_table_has(sqlite_url, tmp_path):
    execute(sqlite_url, *FULL)
    # Another program has broken it; SQLite checks all views when it renames a table.
    execute(sqlite_url, "CREATE VIEW broken AS SELECT * FROM nowhere")
    before = described(sqlite_url)
    for n in range(3):
        path = file_of(tmp_path, f"{n}.csv", range(3 + n, 8))
        # A view may use a table whose name can be written in several ways.
        if not n:
            assert replace(sqlite_url, path, ODD).publish == "copy"
            execute(sqlite_url, "DROP VIEW broken")
        else:
            assert replace(sqlite_url, path, ODD).publish == "rename"
        assert described(sqlite_url) == before
    rows = execute(sqlite_url, f"SELECT id, number, twice, thrice FROM {ODD} ORDER BY id")
    assert [row[2:] for row in rows] == [(10, 15), (12, 18), (14, 21)]
    assert min(row[1] for row in rows) > 101 + 5
    newest = max(one.import_id for one in snapshots.history(sqlite_url))
    assert snapshots.undo(newest, database=sqlite_url).restored == 4
    assert execute(sqlite_url, f"SELECT COUNT(*), MIN(id) FROM {ODD}") == [(4, 4)]
    execute(sqlite_url, "CREATE VIEW broken AS SELECT * FROM nowhere")
    for n in range(2):
        path = file_of(tmp_path, f"without {n}.csv", range(n, 8))
        assert replace(sqlite_url, path, "keyed").publish == "rename"
    assert execute(sqlite_url, "SELECT COUNT(*) FROM keyed") == [(7,)]
    assert execute(sqlite_url, "PRAGMA integrity_check") == [("ok",)]


USERS = {
    "view": ["CREATE VIEW v AS SELECT 1 FROM [t]"],
    "trigger": ["CREATE TRIGGER r BEFORE INSERT ON t BEGIN SELECT 1; END"],
    "trigger of another table": [
        "CREATE TABLE o (x)",
        "CREATE TRIGGER r AFTER INSERT ON o BEGIN DELETE FROM T WHERE 0; END",
    ],
    "unique index": ["CREATE UNIQUE INDEX i ON t (id)"],
    "partial index": ["CREATE INDEX i ON t (id) WHERE id > 3"],
    "index of an expression": ["CREATE INDEX i ON t (abs(id))"],
}


@pytest.mark.parametrize("what", USERS)
def test_what_cannot_be_carried_over(sqlite_url, tmp_path, what):
    execute(sqlite_url, f"CREATE TABLE t ({COLUMNS})", *USERS[what])
    execute(sqlite_url, "INSERT INTO t VALUES (3, 'a', 0, 1)")
    record = replace(sqlite_url, file_of(tmp_path, "a.csv", [3, 4]))
    assert (record.publish, record.deleted, record.inserted) == ("copy", 1, 2)
    assert execute(sqlite_url, "SELECT id FROM t ORDER BY 1") == [(3,), (4,)]


@pytest.mark.parametrize("check", ["CHECK (t.id > 0)", 'CHECK ("T".id > 0)', "REFERENCES t (id)"])
def test_a_table_whose_text_names_it(sqlite_url, tmp_path, check):
    columns = COLUMNS.replace("id integer,", f"id integer PRIMARY KEY {check},")
    execute(sqlite_url, f"CREATE TABLE t ({columns})")
    execute(sqlite_url, "INSERT INTO t VALUES (3, 'a', 0, 1)")
    assert replace(sqlite_url, file_of(tmp_path, "a.csv", [3, 4])).publish == "copy"
    assert execute(sqlite_url, "SELECT id FROM t ORDER BY 1") == [(3,), (4,)]
