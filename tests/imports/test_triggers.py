"""What triggers do with rows is their owner's will; the account says what is in the table."""

import signal

import pytest

import snapshots
from snapshots.engine.loading import triggers
from tests.ledger.older import execute
from tests.support.command import objects
from tests.support.command import snapshots as command

LEFT_OUT = {
    "postgres": {
        "before": [
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN IF new.n < 0 THEN RETURN NULL; END IF; RETURN new; END $$",
            "CREATE TRIGGER no_negatives BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
        ],
        "after": [
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN DELETE FROM t WHERE n < 0; RETURN NULL; END $$",
            "CREATE TRIGGER no_negatives AFTER INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION f()",
        ],
    },
    "sqlite": {
        "before": [
            "CREATE TRIGGER no_negatives BEFORE INSERT ON t WHEN new.n < 0"
            " BEGIN SELECT RAISE(IGNORE); END",
        ],
        "after": [
            "CREATE TRIGGER no_negatives AFTER INSERT ON t WHEN new.n < 0"
            " BEGIN DELETE FROM t WHERE n = new.n; END",
        ],
    },
}


@pytest.fixture(params=["postgres", "sqlite"])
def kind(request):
    return request.param


@pytest.fixture
def url(kind, request):
    return request.getfixturevalue(f"{kind}_url")


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def numbers(path, values):
    path.write_text("n,text\n" + "".join(f"{n},row {n}\n" for n in values))
    return path


def table_with(database, tmp_path, statements):
    """A table `t` that an import has made, and its triggers."""
    snapshots.load(numbers(tmp_path / "first.csv", [100]), database=database, table="t")
    for statement in statements:
        execute(database, statement)


def chunk_counts(database, number):
    return execute(
        database,
        "SELECT records, loaded, rejected, skipped, skipped_by_code FROM snapshots_chunks"
        " WHERE import_id = ? ORDER BY start_offset",
        number,
    )


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_record_that_a_trigger_leaves_out_is_skipped(url, kind, when, tmp_path):
    table_with(url, tmp_path, LEFT_OUT[kind][when])
    numbers(tmp_path / "t.csv", [5, -1, 7])
    done = command("import", "t.csv", "--database", url, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "3 records = 2 loaded + 0 rejected + 1 skipped" in done.stdout
    assert "1  skipped: left_out_by_trigger" in done.stdout
    assert done.stderr.count("no_negatives") == 1
    assert execute(url, "SELECT n FROM t ORDER BY n") == [(5,), (7,), (100,)]
    (shown,) = objects(command("show", "2", "--database", url, "--json", cwd=tmp_path))
    assert (shown["loaded"], shown["skipped"]) == (2, 1)
    assert shown["skipped_by_code"] == {"left_out_by_trigger": 1}
    again = command("import", "t.csv", "--database", url, cwd=tmp_path)
    assert again.returncode == 5


def test_each_chunk_has_its_own_account(url, kind, tmp_path):
    table_with(url, tmp_path, LEFT_OUT[kind]["before"])
    values = [-n if n % 7 == 0 or 400 <= n < 500 else n for n in range(1, 1001)]
    path = numbers(tmp_path / "t.csv", values)
    result = snapshots.load(path, database=url, table="t", chunk_size=1000)
    kept = sum(n > 0 for n in values)
    assert (result.counts.loaded, result.counts.skipped) == (kept, 1000 - kept)
    assert result.skipped_by_code == {"left_out_by_trigger": 1000 - kept}
    chunks = chunk_counts(url, 2)
    assert len(chunks) > 5
    for records, loaded, rejected, skipped, by_code in chunks:
        assert records == loaded + rejected + skipped
        assert (by_code is not None) == (skipped > 0)
    rows = execute(
        url,
        "SELECT c.loaded, (SELECT COUNT(*) FROM t WHERE _import_id = 2 AND _line >= c.start_line"
        " AND _line < c.end_line) FROM snapshots_chunks c WHERE c.import_id = 2",
    )
    assert all(said == there for said, there in rows)


def test_skipped_records_are_no_rejects(url, kind, tmp_path):
    """Whatever --max-rejects allows."""
    table_with(url, tmp_path, LEFT_OUT[kind]["before"])
    path = numbers(tmp_path / "t.csv", [-1, -2, -3, 4])
    result = snapshots.load(path, database=url, table="t", max_rejects=0)
    assert (result.outcome, result.counts.loaded, result.counts.skipped) == ("finished", 1, 3)


def test_they_are_counted_once_also_after_a_kill(url, kind, tmp_path):
    table_with(url, tmp_path, LEFT_OUT[kind]["after"])
    numbers(tmp_path / "t.csv", [-n if n % 2 else n for n in range(1, 401)])
    killed = command(
        "import", "t.csv", "--database", url, "--chunk-size", "1KB", "--workers", "1",
        cwd=tmp_path, SNAPSHOTS_FAULT="after-commit:3",
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    done = command("resume", "2", "--database", url, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "400 records = 200 loaded + 0 rejected + 200 skipped" in done.stdout


@pytest.mark.parametrize("where", ["child", "partition"])
def test_a_row_in_a_child_of_the_table_is_loaded(postgres_url, tmp_path, where):
    columns = "n int, text text, _import_id bigint, _line bigint"
    if where == "child":
        statements = [
            f"CREATE TABLE t ({columns})",
            "CREATE TABLE t_child () INHERITS (t)",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN INSERT INTO t_child SELECT new.*; RETURN NULL; END $$",
            "CREATE TRIGGER reroute BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
        ]
    else:
        statements = [
            f"CREATE TABLE t ({columns}) PARTITION BY RANGE (n)",
            "CREATE TABLE t_low PARTITION OF t FOR VALUES FROM (0) TO (6)",
            "CREATE TABLE t_high PARTITION OF t FOR VALUES FROM (6) TO (100)",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$",
            "CREATE TRIGGER reroute BEFORE INSERT ON t_high FOR EACH ROW EXECUTE FUNCTION f()",
        ]
    locate = snapshots.load(numbers(tmp_path / "u.csv", [1]), database=postgres_url, table="u")
    assert locate.counts.loaded == 1
    for statement in statements:
        execute(postgres_url, statement)
    numbers(tmp_path / "t.csv", [5, 6])
    done = command("import", "t.csv", "--database", postgres_url, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2 records = 2 loaded + 0 rejected + 0 skipped" in done.stdout
    assert done.stderr.count("reroute") == 1
    assert execute(postgres_url, "SELECT n FROM t ORDER BY n") == [(5,), (6,)]


def test_rows_without_lineage_cannot_be_counted_and_this_is_said(url, kind, tmp_path):
    snapshots.load(numbers(tmp_path / "u.csv", [1]), database=url, table="u")
    execute(url, "CREATE TABLE t (n int, text text)")
    for statement in LEFT_OUT[kind]["before"]:
        execute(url, statement)
    numbers(tmp_path / "t.csv", [5, -1, 7])
    done = command("import", "t.csv", "--database", url, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "3 loaded" in done.stdout
    assert "were not counted" in done.stderr
    assert execute(url, "SELECT n FROM t ORDER BY n") == [(5,), (7,)]


def test_a_large_table_is_counted_by_an_index_or_not_at_all(url, kind, tmp_path, monkeypatch):
    monkeypatch.setattr(triggers, "MOST_ROWS", 2)
    table_with(url, tmp_path, LEFT_OUT[kind]["before"])
    snapshots.load(numbers(tmp_path / "a.csv", range(1, 50)), database=url, table="t")
    if kind == "postgres":
        execute(url, "ANALYZE t")
    result = snapshots.load(numbers(tmp_path / "b.csv", [-1, 51]), database=url, table="t")
    assert result.counts.loaded == 2
    said, _, index = result.hint.partition("fast: ")
    assert "were not counted" in said
    execute(url, index.removesuffix("."))
    result = snapshots.load(numbers(tmp_path / "c.csv", [-1, 52]), database=url, table="t")
    assert (result.counts.loaded, result.counts.skipped) == (1, 1)
    assert result.hint == ""


@pytest.mark.parametrize("name", ["x" * 50, "ж" * 30])
def test_a_long_name_leaves_room_for_that_of_the_index(postgres_url, tmp_path, monkeypatch, name):
    monkeypatch.setattr(triggers, "MOST_ROWS", 0)
    path = numbers(tmp_path / "a.csv", [100])
    snapshots.load(path, database=postgres_url, table=name)
    function, trigger = LEFT_OUT["postgres"]["before"]
    execute(postgres_url, function)
    execute(postgres_url, trigger.replace(" ON t ", f' ON "{name}" '))
    path = numbers(tmp_path / "b.csv", [-1, 51])
    result = snapshots.load(path, database=postgres_url, table=name)
    assert result.outcome == "finished"
    execute(postgres_url, result.hint.partition("fast: ")[2].removesuffix("."))
    path = numbers(tmp_path / "c.csv", [-1, 52])
    result = snapshots.load(path, database=postgres_url, table=name)
    assert (result.counts.loaded, result.counts.skipped) == (1, 1)


def test_a_trigger_that_changes_values_is_said_and_obeyed(mysql_url, tmp_path):
    statement = "CREATE TRIGGER doubled BEFORE INSERT ON t FOR EACH ROW SET NEW.n = NEW.n * 2"
    table_with(mysql_url, tmp_path, [statement])
    numbers(tmp_path / "t.csv", [5, 6])
    done = command("import", "t.csv", "--database", mysql_url, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2 records = 2 loaded + 0 rejected + 0 skipped" in done.stdout
    assert done.stderr.count("doubled") == 1
    assert execute(mysql_url, "SELECT n FROM t ORDER BY n") == [(10,), (12,), (100,)]


def test_only_what_happens_to_inserted_rows_is_said(postgres_url, sqlite_url, mysql_url, tmp_path):
    snapshots.load(numbers(tmp_path / "first.csv", [100]), database=postgres_url, table="t")
    for statement in (
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$",
        "CREATE TRIGGER of_update BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()",
        "CREATE TRIGGER off BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
        "ALTER TABLE t DISABLE TRIGGER off",
        "CREATE TABLE other (n int UNIQUE)",
        "ALTER TABLE t ADD FOREIGN KEY (n) REFERENCES other (n) NOT VALID",
    ):
        execute(postgres_url, statement)
    for url, statement in (
        (sqlite_url, "CREATE TRIGGER of_update AFTER UPDATE ON t BEGIN DELETE FROM t; END"),
        (mysql_url, "CREATE TRIGGER of_update BEFORE UPDATE ON t FOR EACH ROW SET NEW.n = 1"),
    ):
        snapshots.load(numbers(tmp_path / "first.csv", [100]), database=url, table="t")
        execute(url, statement)
    numbers(tmp_path / "t.csv", [])
    for url in (postgres_url, sqlite_url, mysql_url):
        done = command("import", "t.csv", "--database", url, "--dry-run", cwd=tmp_path)
        assert "trigger" not in done.stderr, done.stderr


def test_a_rule_is_said(postgres_url, tmp_path):
    """COPY obeys none, so that all rows are there."""
    rule = "CREATE RULE nothing AS ON INSERT TO t DO INSTEAD NOTHING"
    table_with(postgres_url, tmp_path, [rule])
    numbers(tmp_path / "t.csv", [5, 6])
    done = command("import", "t.csv", "--database", postgres_url, cwd=tmp_path)
    assert "rules, which do not apply to rows that are loaded: nothing" in done.stderr
    assert "2 records = 2 loaded" in done.stdout
    assert execute(postgres_url, "SELECT COUNT(*) FROM t WHERE _import_id = 2") == [(2,)]


def test_a_record_whose_row_a_trigger_hides_is_skipped_on_mariadb(mysql_url, tmp_path):
    """A trigger there can leave no row out, but it can put two on one line."""
    columns = "n int, text varchar(20), _import_id bigint, _line bigint, KEY (_import_id)"
    snapshots.load(numbers(tmp_path / "u.csv", [1]), database=mysql_url, table="u")
    execute(mysql_url, f"CREATE TABLE t ({columns})")
    execute(
        mysql_url,
        "CREATE TRIGGER moved BEFORE INSERT ON t FOR EACH ROW"
        " SET NEW._line = IF(NEW.n < 0, 2, NEW._line)",
    )
    path = numbers(tmp_path / "t.csv", [5, -1, 7, -2, 9])
    result = snapshots.load(path, database=mysql_url, table="t", chunk_size=10)
    assert (result.outcome, result.counts.loaded, result.counts.skipped) == ("finished", 3, 2)


def test_rows_that_have_lost_their_lines_are_not_counted(mysql_url, tmp_path):
    columns = "n int, text varchar(20), _import_id bigint, _line bigint"
    snapshots.load(numbers(tmp_path / "u.csv", [1]), database=mysql_url, table="u")
    execute(mysql_url, f"CREATE TABLE t ({columns})")
    execute(mysql_url, "CREATE TRIGGER blank BEFORE INSERT ON t FOR EACH ROW SET NEW._line = NULL")
    path = numbers(tmp_path / "t.csv", [5, 6, 7])
    result = snapshots.load(path, database=mysql_url, table="t")
    assert (result.counts.loaded, result.counts.skipped) == (3, 0)
    assert "were not counted" in result.hint
