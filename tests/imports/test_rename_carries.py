"""What a table has stays when another one takes its name; where it cannot, rows are copied."""

import pytest

import snapshots
from snapshots.engine.events import Notice
from snapshots.errors import TargetError
from tests.verify.loaded import execute

COLUMNS = "id integer, name varchar(50), _import_id bigint, _line bigint"
FULL = [
    "CREATE TYPE mood AS ENUM ('sad', 'ok')",
    "CREATE TABLE gone (x integer)",
    """CREATE TABLE "Odd ""t"" x" (
        dropped integer, key integer GENERATED ALWAYS AS IDENTITY (START 100 INCREMENT 5),
        number serial, id integer NOT NULL DEFAULT 7, name varchar(50) COLLATE "C",
        twice integer GENERATED ALWAYS AS (id * 2) STORED, mood mood DEFAULT 'ok',
        _import_id bigint, _line bigint,
        CONSTRAINT "the key" PRIMARY KEY (id), CONSTRAINT "named once" UNIQUE (name) DEFERRABLE,
        CONSTRAINT positive CHECK (id >= 0)) WITH (fillfactor = 70)""",
    """ALTER TABLE "Odd ""t"" x" DROP COLUMN dropped""",
    """CREATE INDEX "by name" ON "Odd ""t"" x" (lower(name) DESC NULLS LAST) WHERE id > 1""",
    """ALTER TABLE "Odd ""t"" x" ALTER COLUMN name SET STATISTICS 500""",
    """COMMENT ON TABLE "Odd ""t"" x" IS 'it''s \\ odd'""",
    """COMMENT ON COLUMN "Odd ""t"" x".name IS 'a name'""",
    """COMMENT ON INDEX "by name" IS 'fast'""",
    """COMMENT ON CONSTRAINT "named once" ON "Odd ""t"" x" IS 'once'""",
    """GRANT SELECT, INSERT ON "Odd ""t"" x" TO PUBLIC""",
    """GRANT UPDATE (name) ON "Odd ""t"" x" TO reader WITH GRANT OPTION""",
    """INSERT INTO "Odd ""t"" x" (id, name, _import_id, _line)
    VALUES (1, 'a', 0, 1), (2, 'b', 0, 2)""",
]
ODD = '"Odd ""t"" x"'
DESCRIBED = """
SELECT 'i', indexname, indexdef FROM pg_indexes WHERE tablename = 'Odd "t" x'
UNION ALL SELECT 'k', conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = '"Odd ""t"" x"'::regclass
UNION ALL SELECT 'c', attname, concat_ws(' ', format_type(atttypid, atttypmod), attnotnull,
  attidentity, attgenerated, attstattarget, attacl, col_description(attrelid, attnum),
  (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = attrelid AND adnum = attnum))
FROM pg_attribute WHERE attrelid = '"Odd ""t"" x"'::regclass AND attnum > 0 AND NOT attisdropped
UNION ALL SELECT 't', relname, concat_ws(' ', relacl, reloptions, obj_description(oid, 'pg_class'))
FROM pg_class WHERE oid = '"Odd ""t"" x"'::regclass
UNION ALL SELECT 's', c, pg_get_serial_sequence('"Odd ""t"" x"', c)
FROM unnest('{key,number}'::text[]) c
UNION ALL SELECT 'm', relname, obj_description(oid, 'pg_class') FROM pg_class
WHERE relname = 'by name'
UNION ALL SELECT 'n', conname, obj_description(oid, 'pg_constraint') FROM pg_constraint
WHERE conname = 'named once' AND conrelid = '"Odd ""t"" x"'::regclass
ORDER BY 1, 2, 3
"""


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def file_of(folder, name, rows):
    path = folder / name
    path.write_text("id,name\n" + "".join(f"{n},row {n}\n" for n in rows))
    return path


def replace(database, path, table="t", **options):
    given = {"mode": "replace", "max_deletes": "100%", **options}
    done = snapshots.load(path, database=database, table=table, **given)
    assert done.exit_code == 0, (done.message, done.hint)
    return done.record


@pytest.mark.parametrize("publish", ["rename", "copy"])
def test_all_that_a_table_has(postgres_url, tmp_path, publish):
    execute(postgres_url, "DROP ROLE IF EXISTS reader", "CREATE ROLE reader", *FULL)
    before = execute(postgres_url, DESCRIBED)
    table = ODD
    for n in range(3):
        path = file_of(tmp_path, f"{n}.csv", range(3 + n, 8))
        assert replace(postgres_url, path, table, publish=publish).publish == publish
        assert execute(postgres_url, DESCRIBED) == before
    # Both counters go on where they were.
    rows = execute(postgres_url, f"SELECT id, key, number, twice FROM {table} ORDER BY id")
    assert [row[3] for row in rows] == [10, 12, 14]
    keys = [row[1] for row in rows] + [row[2] for row in rows]
    assert len(set(keys)) == len(keys)
    execute(postgres_url, f"INSERT INTO {table} (id, name) VALUES (50, 'new')")
    ((key, number),) = execute(postgres_url, f"SELECT key, number FROM {table} WHERE id = 50")
    assert key > max(row[1] for row in rows)
    assert number > max(row[2] for row in rows)
    execute(postgres_url, f"DELETE FROM {table} WHERE id = 50")
    numbers = [one.import_id for one in snapshots.history(postgres_url)]
    assert snapshots.undo(max(numbers), database=postgres_url).restored == 4
    assert execute(postgres_url, f"SELECT COUNT(*), MIN(id) FROM {table}") == [(4, 4)]
    execute(postgres_url, f"DROP TABLE {table}")


ON_POSTGRES = {
    "view v": ["CREATE VIEW v AS SELECT id FROM t"],
    "materialized view m": ["CREATE MATERIALIZED VIEW m AS SELECT id FROM t"],
    "row type": ["CREATE FUNCTION f(t) RETURNS int LANGUAGE sql AS 'SELECT 1'"],
    "trigger": [
        "CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION g()",
    ],
    "publication p": ["ALTER TABLE t ADD PRIMARY KEY (id)", "CREATE PUBLICATION p FOR TABLE t"],
    "all tables": ["ALTER TABLE t ADD PRIMARY KEY (id)", "CREATE PUBLICATION q FOR ALL TABLES"],
    "row-level security": ["ALTER TABLE t ENABLE ROW LEVEL SECURITY"],
    "policy": ["CREATE POLICY y ON t USING (true)"],
    "rule": ["CREATE RULE o AS ON UPDATE TO t DO NOTHING"],
    "child": ["CREATE TABLE c () INHERITS (t)"],
    "parent": [f"CREATE TABLE d ({COLUMNS})", "ALTER TABLE t INHERIT d"],
    "foreign key": ["CREATE TABLE e (id int UNIQUE)", "INSERT INTO e VALUES (3), (4)",
                    "ALTER TABLE t ADD FOREIGN KEY (id) REFERENCES e (id)"],
    "extended statistics": ["CREATE STATISTICS h ON id, name FROM t"],
    "replica identity": ["ALTER TABLE t REPLICA IDENTITY FULL"],
    "unlogged": ["ALTER TABLE t SET UNLOGGED"],
    "another owner": ["DROP ROLE IF EXISTS boss", "CREATE ROLE boss",
                      "ALTER TABLE t OWNER TO boss"],
    "event trigger": [
        "CREATE FUNCTION n() RETURNS event_trigger LANGUAGE plpgsql AS"
        " 'BEGIN RAISE EXCEPTION ''never''; END'",
        "CREATE EVENT TRIGGER never ON ddl_command_start WHEN TAG IN ('ALTER TABLE')"
        " EXECUTE FUNCTION n()",
    ],
}  # fmt: skip
ON_MYSQL = {
    "trigger": ["CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW SET NEW.name = 'x'"],
    "foreign key": ["CREATE TABLE e (id int PRIMARY KEY)", "INSERT INTO e VALUES (3), (4)",
                    "ALTER TABLE t ADD FOREIGN KEY (id) REFERENCES e (id)"],
    "partitions": ["ALTER TABLE t PARTITION BY HASH (id) PARTITIONS 2"],
}  # fmt: skip


def copied(database, tmp_path, statements):
    execute(database, f"CREATE TABLE t ({COLUMNS})", *statements)
    execute(database, "INSERT INTO t VALUES (3, 'a', 0, 1)")
    record = replace(database, file_of(tmp_path, "a.csv", [3, 4]))
    assert (record.publish, record.deleted, record.inserted) == ("copy", 1, 2)
    assert execute(database, "SELECT id FROM t ORDER BY 1") == [(3,), (4,)]


@pytest.mark.parametrize("what", ON_POSTGRES)
def test_what_cannot_be_carried_over(postgres_url, tmp_path, what):
    copied(postgres_url, tmp_path, ON_POSTGRES[what])


@pytest.mark.parametrize("what", ON_MYSQL)
def test_what_cannot_be_carried_over_on_mysql(mysql_url, tmp_path, what):
    copied(mysql_url, tmp_path, ON_MYSQL[what])


def test_all_that_a_table_of_mysql_has(mysql_url, tmp_path):
    execute(
        mysql_url,
        "CREATE TABLE `Odd t` (number bigint NOT NULL AUTO_INCREMENT, id int NOT NULL DEFAULT 7"
        " COMMENT 'it''s', name varchar(50) COLLATE utf8mb4_bin, twice int AS (id * 2) STORED,"
        " _import_id bigint, _line bigint, PRIMARY KEY (number), UNIQUE KEY `by id` (id),"
        " KEY `by name` (name(10)), CONSTRAINT positive CHECK (id >= 0))"
        " ENGINE = InnoDB ROW_FORMAT = DYNAMIC AUTO_INCREMENT = 1000 COMMENT 'odd'",
        "CREATE VIEW v AS SELECT id FROM `Odd t`",
        "INSERT INTO `Odd t` (id, name, _import_id, _line) VALUES (1, 'a', 0, 1), (2, 'b', 0, 2)",
    )

    def created():
        ((_, text),) = execute(mysql_url, "SHOW CREATE TABLE `Odd t`")
        return text

    before = created()
    for n in range(3):
        path = file_of(tmp_path, f"{n}.csv", range(3 + n, 8))
        assert replace(mysql_url, path, '"Odd t"').publish == "rename"
    assert created().split("AUTO_INCREMENT=")[0] == before.split("AUTO_INCREMENT=")[0]
    assert created().split("COMMENT='")[1] == before.split("COMMENT='")[1]
    ((least,),) = execute(mysql_url, "SELECT MIN(number) FROM `Odd t`")
    assert least >= 1000 + 2 + 5 + 4
    assert execute(mysql_url, "SELECT COUNT(*) FROM v") == [(3,)]
    newest = max(one.import_id for one in snapshots.history(mysql_url))
    assert snapshots.undo(newest, database=mysql_url).restored == 4
    assert execute(mysql_url, "SELECT COUNT(*) FROM v") == [(4,)]


@pytest.mark.parametrize("publish", ["rename", "copy"])
def test_the_planner_knows_the_new_rows(postgres_url, tmp_path, publish):
    """Nobody needs to wait for the server to look at a table that has just got its name."""
    execute(postgres_url, f"CREATE TABLE t ({COLUMNS}, CONSTRAINT k PRIMARY KEY (id))")
    execute(postgres_url, "ALTER TABLE t SET (autovacuum_enabled = false)")
    execute(postgres_url, "INSERT INTO t (id, name, _import_id, _line) VALUES (1, 'a', 0, 1)")
    execute(postgres_url, "ANALYZE t")
    replace(postgres_url, file_of(tmp_path, "a.csv", range(3000)), publish=publish)
    known = execute(postgres_url, "SELECT reltuples FROM pg_class WHERE oid = 't'::regclass")
    most = "SELECT n_distinct FROM pg_stats WHERE tablename = 't' AND attname = 'id'"
    if publish == "rename":
        assert known == [(3000,)]
        assert execute(postgres_url, most) == [(-1,)]
    else:
        assert execute(postgres_url, most) != []


@pytest.mark.parametrize("lacking", ["ALTER", "PROCESS"])
def test_a_user_who_may_not_rename_copies(mysql_url, tmp_path, lacking):
    database = mysql_url.rpartition("/")[2]
    user = f"u_{database[-20:]}"
    rights = "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, INDEX, CREATE TEMPORARY TABLES"
    rights += "" if lacking == "ALTER" else ", ALTER"
    execute(
        mysql_url,
        f"CREATE OR REPLACE USER {user}@'127.0.0.1' IDENTIFIED BY 'x'",
        f"GRANT {rights} ON {database}.* TO {user}@'127.0.0.1'",
        "CREATE TABLE t (id integer, name varchar(50), _import_id bigint, _line bigint)",
        "INSERT INTO t VALUES (1, 'a', 0, 1)",
    )
    if lacking == "ALTER":
        execute(mysql_url, f"GRANT PROCESS ON *.* TO {user}@'127.0.0.1'")
    # The ledger is its administrator's.
    (tmp_path / "other.csv").write_text("x\n1\n")
    snapshots.load(tmp_path / "other.csv", database=mysql_url)
    theirs = f"mysql://{user}:x@{mysql_url.rpartition('@')[2]}"
    path = file_of(tmp_path, "a.csv", [3, 4])
    try:
        with pytest.raises(TargetError, match=rf"cannot be replaced by renaming.*GRANT.*{lacking}"):
            replace(theirs, path, publish="rename")
        told = []
        record = replace(theirs, path, listener=told.append)
        assert (record.publish, record.deleted, record.inserted) == ("copy", 1, 2)
        assert lacking in " ".join(one.text for one in told if isinstance(one, Notice))
        assert execute(mysql_url, "SELECT id FROM t ORDER BY 1") == [(3,), (4,)]
        left = "SELECT table_name FROM information_schema.tables WHERE table_name LIKE '%probe%'"
        assert execute(mysql_url, left) == []
    finally:
        execute(mysql_url, f"DROP USER {user}@'127.0.0.1'")
