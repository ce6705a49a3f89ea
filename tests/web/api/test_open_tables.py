"""Clients reach tables that imports have created, and those that are named, and no others."""

import json
from contextlib import closing
from urllib.parse import quote

import pytest

import snapshots
from snapshots import locations
from snapshots.engine.plan.open_tables import OpenTables, Pattern
from snapshots.errors import UsageError
from snapshots.model import TableName
from snapshots.table_facts import Naming
from tests.ledger.older import execute
from tests.support.processes import PATIENCE
from tests.support.service_process import served
from tests.support.worker_process import books, worker

CLOSED = (403, "forbidden_table")
SECRETS = (
    "CREATE TABLE secrets_tbl (id int, pin varchar(20), PRIMARY KEY (id))",
    "INSERT INTO secrets_tbl VALUES (1, 'geheim-1'), (2, 'geheim-2')",
)


def kind(database):
    return locations.target(database).name


def run(database, *statements):
    with closing(locations.target(database).connect()) as session:
        for statement in statements:
            session.execute(statement)


def answer_of(answer):
    return answer.status, answer.json.get("code")


def read(client, table):
    return client.get(f"/v1/tables/{quote(table, safe='')}/rows")


def ask(client, **wanted):
    return client.ask("POST", "/v1/imports", wanted)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.csv").write_text("id,pin\n1,a\n2,b\n")
    (tmp_path / "bad.csv").write_text("id,pin\nx,y\n")
    (tmp_path / "secrets_tbl.csv").write_text("id,pin\n7,z\n")
    return tmp_path


@pytest.fixture
def secrets(database, folder):
    run(database, *SECRETS)
    return database


SPELT = {
    "postgres": ["secrets_tbl", "public.secrets_tbl", '"secrets_tbl"', '"public"."secrets_tbl"'],
    "mysql": ["secrets_tbl", '"secrets_tbl"', "mysql.user", "information_schema.tables"],
    "sqlite": [
        "secrets_tbl", "SECRETS_tbl", '"Secrets_TBL"', "main.secrets_tbl", "main.SECRETS_TBL",
        "temp.secrets_tbl", "sqlite_master", "sqlite_schema", "pragma_table_info",
    ],
}  # fmt: skip


def test_others_are_neither_read_nor_loaded_into(secrets, folder):
    named = SPELT[kind(secrets)]
    with served(secrets, folder, "--rate-limit", "0") as client:
        if kind(secrets) == "mysql":
            database = secrets.rpartition("/")[2]
            named = [*named, f"{database}.secrets_tbl", f'"{database}"."secrets_tbl"']
        for table in named:
            answer = ask(client, file="bad.csv", table=table, max_rejects="100%")
            assert answer_of(answer) == CLOSED, table
            assert "geheim" not in answer.data.decode()
            assert answer_of(read(client, table)) == CLOSED, table
        # Its name alone leads there, too.
        assert answer_of(ask(client, file="secrets_tbl.csv")) == CLOSED
        form = client.ask(
            "POST", "/imports", b"url=http%3A%2F%2Fexample.org%2Fa.csv&table=secrets_tbl",
            Content_Type="application/x-www-form-urlencoded",
        )  # fmt: skip
        assert form.status == 403
        assert b"not open" in form.data
        assert client.get("/v1/imports").json["imports"] == [], "nothing was queued"
        assert client.get("/v1/tables").json == {"tables": []}
    assert execute(secrets, "SELECT id FROM secrets_tbl ORDER BY id") == [(1,), (2,)]


def test_nobody_learns_from_reading_which_tables_there_are(secrets, folder):
    with served(secrets, folder) as client:
        answers = [read(client, name) for name in ("secrets_tbl", "no_such_tbl")]
        told = [answer.data.decode().replace("no_such", "secrets") for answer in answers]
        assert told[0] == told[1]
        assert answer_of(answers[1]) == CLOSED


def test_what_an_import_of_any_command_has_created_is_open(secrets, folder):
    snapshots.load(folder / "a.csv", database=secrets, table="by_hand")
    snapshots.load(folder / "bad.csv", database=secrets, table="plain", lineage=False)
    # Neither what was loaded into a table of others, nor what was only tried.
    snapshots.load(folder / "secrets_tbl.csv", database=secrets)
    (folder / "pk.csv").write_text("id,pin\n9,y\n")
    with served(secrets, folder, "--rate-limit", "0") as client:
        done = client.wait(client.submit(file="a.csv", table="by_rest"))
        assert done["state"] == "finished"
        for table in ("by_hand", "by_rest"):
            assert [row["pin"] for row in read(client, table).json["rows"]] == ["a", "b"]
        assert read(client, "plain").status == 200, "it has no key, and is open"
        assert client.wait(client.submit(file="pk.csv", table="by_hand"))["state"] == "finished"
        assert answer_of(read(client, "secrets_tbl")) == CLOSED
        assert client.get("/v1/tables").json == {"tables": ["by_hand", "by_rest", "plain"]}
        run(secrets, "DROP TABLE by_hand")
        assert answer_of(read(client, "by_hand")) == (404, "no_such_table")


def test_what_has_not_been_created_is_not_open(database, folder):
    (folder / "no.csv").write_bytes(b"PAR1")
    with served(database, folder, "--rate-limit", "0") as client:
        assert client.wait(client.submit(file="no.csv", table="secrets_tbl"))["state"] == "failed"
        waiting = client.submit(
            file="a.csv", table="secrets_tbl", contract={"fields": [{"name": "zzz"}]}
        )
        client.wait(waiting)
        run(database, *SECRETS)
        assert answer_of(read(client, "secrets_tbl")) == CLOSED
        # What was stopped is queued again for the same table.
        answer = client.ask("POST", f"/v1/imports/{waiting}/resume")
        assert answer_of(answer) == CLOSED
        page = client.ask("POST", f"/imports/{waiting}/resume")
        assert page.status == 403
        assert client.get("/v1/tables").json == {"tables": []}


def test_what_is_gone_or_was_refused_is_not_listed(database, folder):
    with served(database, folder, "--rate-limit", "0") as client:
        assert client.wait(client.submit(file="a.csv", table="t"))["state"] == "finished"
        # Longer than names of MySQL; PostgreSQL says so at once.
        answer = ask(client, file="a.csv", table="x" * 150)
        if answer.status == 202:
            client.wait(answer.json["import_id"])
        listed = client.get("/v1/tables").json["tables"]
        assert listed == ["t", *(["x" * 150] if kind(database) == "sqlite" else [])]
        run(database, "DROP TABLE t")
        assert "t" not in client.get("/v1/tables").json["tables"]
        assert answer_of(read(client, "t")) == (404, "no_such_table")


@pytest.mark.parametrize("lineage", [True, False])
def test_another_table_of_the_same_name_is_closed(database, folder, lineage):
    snapshots.load(folder / "a.csv", database=database, table="t", lineage=lineage)
    with served(database, folder, "--rate-limit", "0") as client:
        assert answer_of(read(client, "t")) != CLOSED
        run(database, "DROP TABLE t", "CREATE TABLE t (id int, salary int, PRIMARY KEY (id))")
        assert answer_of(read(client, "t")) == CLOSED
        assert answer_of(ask(client, file="a.csv", table="t")) == CLOSED
        run(database, "DROP TABLE t", *SECRETS)
        columns = "id, pin" + (", 1 AS _import_id, 2 AS _line" if lineage else "")
        run(database, f"CREATE VIEW t AS SELECT {columns} FROM secrets_tbl")
        assert answer_of(read(client, "t")) == CLOSED, "nor is a view"
        run(database, "DROP VIEW t")
        again = client.wait(client.submit(file="a.csv", table="t", lineage=lineage))
        assert again["state"] == "finished"
        assert answer_of(read(client, "t")) != CLOSED


def test_a_name_that_only_reads_alike_is_another(database, folder):
    """A table whose name has a dot, and a table in a schema of its own."""
    snapshots.load(folder / "a.csv", database=database, table='"hr.pay"')
    postgres = kind(database) == "postgres"
    if postgres:
        run(database, "CREATE SCHEMA hr", "CREATE TABLE hr.pay (id int PRIMARY KEY, pin text)")
    with served(database, folder, "--rate-limit", "0") as client:
        assert client.get("/v1/tables").json == {"tables": ['"hr.pay"']}
        assert len(read(client, '"hr.pay"').json["rows"]) == 2
        assert answer_of(read(client, "hr.pay")) == CLOSED
        assert answer_of(ask(client, file="a.csv", table="hr.pay")) == CLOSED


def test_case_counts_where_it_counts_in_the_database(database, folder):
    snapshots.load(folder / "a.csv", database=database, table="rides")
    alike = kind(database) == "sqlite"
    with served(database, folder, "--rate-limit", "0") as client:
        answer = read(client, "RIDES")
        assert (answer.status == 200) == alike, answer.data
        assert alike or answer_of(answer) == CLOSED
        answer = ask(client, file="a.csv", table="RIDES")
        assert answer.status == 202
        if not alike:
            assert client.wait(answer.json["import_id"])["state"] == "finished"
            assert len(read(client, "RIDES").json["rows"]) == 2


def test_where_a_name_is_looked_for_may_change(postgres_url, folder):
    """A table that comes first in the search path is not the one that an import has created."""
    snapshots.load(folder / "a.csv", database=postgres_url, table="rides")
    run(
        postgres_url,
        "CREATE SCHEMA snapshots",
        "CREATE TABLE snapshots.rides (id int, _import_id bigint, _line bigint)",
    )
    with served(postgres_url, folder, "--rate-limit", "0") as client:
        assert answer_of(read(client, "rides")) == CLOSED
        assert len(read(client, "public.rides").json["rows"]) == 2


def test_what_is_named_is_open(secrets, folder):
    schema = {"postgres": "public", "mysql": secrets.rpartition("/")[2], "sqlite": "main"}
    run(secrets, "CREATE TABLE other (id int PRIMARY KEY)", "CREATE VIEW v AS SELECT 1 AS a")
    for given in (f"{schema[kind(secrets)]}.secrets_*", "*.secrets_tbl", "secrets_tbl", "sec*"):
        options = ("--rate-limit", "0", "--tables", "no_such.*x*", "--tables", given)
        with served(secrets, folder, *options) as client:
            assert client.get("/v1/tables").json == {"tables": ["secrets_tbl"]}, given
            assert [row["pin"] for row in read(client, "secrets_tbl").json["rows"]][:2] == [
                "geheim-1",
                "geheim-2",
            ]
            for name in ("other", "v"):
                assert answer_of(read(client, name)) == CLOSED
                assert answer_of(ask(client, file="a.csv", table=name)) == CLOSED
            assert answer_of(read(client, "secrets_gone")) in (CLOSED, (404, "no_such_table"))
    (folder / "more.csv").write_text("id,pin\n8,w\n")
    with served(secrets, folder, SNAPSHOTS_TABLES="other secrets_tbl") as client:
        assert client.get("/v1/tables").json == {"tables": ["other", "secrets_tbl"]}
        assert client.wait(client.submit(file="more.csv", table="secrets_tbl"))["state"] == (
            "finished"
        )


def test_a_star_opens_none_of_the_databases_own_tables(database, folder):
    snapshots.load(folder / "a.csv", database=database, table="t")
    own = {
        "postgres": ["pg_catalog.pg_authid", "pg_authid", "information_schema.tables"],
        "mysql": ["mysql.user", "information_schema.tables"],
        "sqlite": ["sqlite_master", "sqlite_schema", "sqlite_sequence"],
    }
    options = ("--tables", "*", "--tables", "*.*", "--rate-limit", "0")
    with served(database, folder, *options) as client:
        assert client.get("/v1/tables").json == {"tables": ["t"]}
        for name in (*own[kind(database)], "snapshots_imports", "snapshots_rejects"):
            assert answer_of(read(client, name)) == CLOSED, name


@pytest.mark.parametrize("text", ["", ".", "a.", ".b", "a.b.c", 'a"b', "a..b"])
def test_what_names_no_tables(text):
    with pytest.raises(UsageError, match="is not a valid table name"):
        Pattern.parse(text)


def test_of_another_database_none_can_be_open():
    for database in ("sqlite:///a.db", "mysql://u@127.0.0.1/d"):
        with pytest.raises(UsageError, match="cannot be opened to clients"):
            OpenTables.parse(locations.target(database), ["elsewhere.t"])
        OpenTables.parse(locations.target(database), ["elsewhere.*"])


def test_a_star_stands_for_characters_and_a_quoted_one_for_itself():
    system = r"(pg_[^.]*|information_schema)\..*"
    naming = Naming("public", ignores_case=False, ascii_alone=False, system=system)
    for text, opens, others in (
        ("public.rides_*", ["public rides_", "public rides_a.b*"], ["public rides", "x rides_a"]),
        ("*.rides", ["a rides", "public rides"], ["pg_x rides", "a Rides", "a ridess"]),
        ('"a.b"."c*"', ["a.b c*"], ["a.b cd", "a.b c", "a c*"]),
        ("r.+", ["r +"], ["r r", "public r.+"]),
        ("*i*s", ["public rides"], ["public ride", "x rides"]),
        ("pg_catalog.pg_class", ["pg_catalog pg_class"], ["pg_catalog pg_classes"]),
        ("pg_catalog.*", [], ["pg_catalog pg_class"]),
    ):
        pattern = Pattern.parse(text)
        for wanted, names in ((True, opens), (False, others)):
            for one in names:
                schema, name = one.split(" ")
                assert pattern.names(TableName(name, schema), naming) == wanted, (text, one)
    alike = Naming("main", ignores_case=True, ascii_alone=True, system="x")
    for name, wanted in (("RIDES_É", True), ("rides_É", True), ("rides_é", False)):
        assert Pattern.parse("Rides_É").names(TableName(name), alike) == wanted


def test_a_worker_loads_into_no_other_table_either(secrets, folder):
    """It was asked for before there was such a table, or by a service that allows more."""
    with served(secrets, folder, "--workers", "0", "--tables", "secrets_tbl") as client:
        number = client.submit(file="a.csv", table="secrets_tbl")
        fresh = client.submit(file="a.csv", table="fresh", again=True)
        run(secrets, "CREATE TABLE fresh (id int, pin varchar(9))")
        with worker(secrets, folder):
            for one in (number, fresh):
                done = client.wait(one)
                assert (done["state"], done["error"]["code"]) == ("failed", "forbidden_table")
        assert execute(secrets, "SELECT COUNT(*) FROM secrets_tbl") == [(2,)]
        assert execute(secrets, "SELECT COUNT(*) FROM fresh") == [(0,)]
        assert client.ask("POST", f"/v1/imports/{number}/resume").status == 202
        assert answer_of(client.ask("POST", f"/v1/imports/{fresh}/resume")) == CLOSED
        with worker(secrets, folder, SNAPSHOTS_TABLES="secrets_tbl"):
            assert client.wait(number)["rejected"] == 2, "its keys are there already"
    assert execute(secrets, "SELECT COUNT(*) FROM secrets_tbl") == [(2,)]


@pytest.mark.parametrize("point", ["creating", "created"])
def test_a_worker_that_is_killed_as_it_creates_a_table(database, folder, point):
    with served(database, folder, "--workers", "0", "--rate-limit", "0") as client:
        number = client.submit(file="a.csv", table="t")
        with worker(database, folder, fault=f"{point}:1") as killed:
            assert killed.wait(PATIENCE) == -9
        with worker(database, folder):
            done = client.wait(number, "finished", "failed")
            assert (done["state"], done["error"]) == ("finished", None)
        assert len(read(client, "t").json["rows"]) == 2


def test_who_is_faster_at_making_it_keeps_it(database, folder):
    """The table comes in the moment between the mark and the making of it."""
    with served(database, folder, "--workers", "0", "--rate-limit", "0") as client:
        number = client.submit(file="a.csv", table="secrets_tbl")
        with worker(database, folder, fault="creating:1") as killed:
            assert killed.wait(PATIENCE) == -9
        run(database, *SECRETS)
        assert answer_of(read(client, "secrets_tbl")) == CLOSED
        with worker(database, folder):
            assert client.wait(number, "finished", "failed")["error"]["code"] == "forbidden_table"
        assert answer_of(read(client, "secrets_tbl")) == CLOSED
    assert execute(database, "SELECT COUNT(*) FROM secrets_tbl") == [(2,)]


def test_a_table_that_another_import_makes_meanwhile_is_open(sqlite_url, folder, monkeypatch):
    """It comes between two questions of whoever asks whether it may be loaded into."""
    target = locations.target(sqlite_url)
    snapshots.load(folder / "bad.csv", database=sqlite_url, table="other")
    asked = []

    def late(self, session, table):
        found = known_as(self, session, table)
        if not asked:
            asked.append(table)
            snapshots.load(folder / "a.csv", database=sqlite_url, table="t")
        return found

    known_as = type(target).known_as
    monkeypatch.setattr(type(target), "known_as", late)
    with books(sqlite_url) as opened:
        OpenTables().require_takes(opened.ledger, TableName("t"))
    assert asked == [TableName("t")]


def test_rows_are_taken_out_of_no_table_that_is_closed(secrets, folder):
    (folder / "c.csv").write_text("id,pin\n" + "".join(f"{n},p\n" for n in range(3, 40)) + "x,y\n")
    run(
        secrets,
        "CREATE TABLE lined (id int, pin varchar(9), _import_id bigint, _line bigint)",
    )
    with served(secrets, folder, "--tables", "lined") as client:
        done = client.wait(client.submit(file="c.csv", table="lined", max_rejects="0"))
        assert (done["state"], done["loaded"]) == ("failed", 37)
        number = done["import_id"]
    with served(secrets, folder, "--workers", "0", "--rate-limit", "0") as client:
        answer = client.ask("DELETE", f"/v1/imports/{number}?rows=undo")
        assert answer_of(answer) == CLOSED
        assert client.ask("POST", f"/imports/{number}/undo").status == 403
        assert answer_of(client.ask("POST", f"/v1/imports/{number}/resume")) == CLOSED
        assert client.ask("DELETE", f"/v1/imports/{number}?rows=keep").status == 200
        assert client.get(f"/v1/imports/{number}/rejects").status == 200, "who sent them knows them"
    assert execute(secrets, "SELECT COUNT(*) FROM lined") == [(37,)]


def test_rejects_that_a_command_left_of_a_closed_table_are_not_shown(secrets, folder):
    (folder / "r.csv").write_text("id,pin\nx,geheim-r\n")
    snapshots.load(folder / "r.csv", database=secrets, table="secrets_tbl", max_rejects="100%")
    snapshots.load(folder / "r.csv", database=secrets, table="own", contract=json.loads(CONTRACT))
    with served(secrets, folder, "--rate-limit", "0") as client:
        assert [one["table"] for one in client.get("/v1/imports").json["imports"]] == [
            "own",
            "secrets_tbl",
        ]
        assert answer_of(client.get("/v1/imports/1/rejects")) == CLOSED
        page = client.get("/imports/1")
        assert page.status == 200
        assert b"geheim-r" not in page.data
        assert "geheim-r" in client.get("/v1/imports/2/rejects").data.decode()
        assert b"geheim-r" in client.get("/imports/2").data
    with served(secrets, folder, "--tables", "secrets_tbl") as client:
        assert "geheim-r" in client.get("/v1/imports/1/rejects").data.decode()


CONTRACT = '{"fields": [{"name": "id", "type": "integer"}, {"name": "pin", "type": "string"}]}'
